#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn a file into C arrays: embed.py INPUT OUTPUT.c NAME

The output defines NAME (its bytes, and a NUL that is not counted), NAME_size, and NAME_hash (the
first 16 hexadecimal digits of its SHA-256), so that a program can write the file where it is needed.
"""
import hashlib
import sys


def main(source, target, name):
    with open(source, "rb") as file:
        data = file.read()
    rows = [
        "    " + " ".join("%d," % byte for byte in data[start : start + 20])
        for start in range(0, len(data), 20)
    ]
    with open(target, "w") as file:
        file.write("// Made by script/embed.py: do not edit.\n#include <stddef.h>\n\n")
        file.write("extern const unsigned char %s[];\n" % name)
        file.write("extern const size_t %s_size;\nextern const char %s_hash[];\n\n" % (name, name))
        file.write("const unsigned char %s[] = {\n%s\n    0,\n};\n" % (name, "\n".join(rows)))
        file.write("const size_t %s_size = %d;\n" % (name, len(data)))
        file.write('const char %s_hash[] = "%s";\n' % (name, hashlib.sha256(data).hexdigest()[:16]))


if __name__ == "__main__":
    main(*sys.argv[1:])
