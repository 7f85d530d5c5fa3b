# SPDX-License-Identifier: Apache-2.0
# Run by lopin with "python -I -S -c ... FOLDER ARCH MAJOR MINOR" where FOLDER holds a module
# _manylinux (PEP 600): what it says of each glibc up to MAJOR.MINOR. Answers, each ended by NUL:
# "function" and the versions that it refuses ("2.17"), or "names" and those of the three old
# attributes that are there ("manylinux1_compatible=1").
import os
import sys


def tell(values):
    rest = b"\0".join(os.fsencode(value) for value in values) + b"\0"
    while rest:
        rest = rest[os.write(1, rest) :]


def main(folder, arch, major, minor):
    sys.path.insert(0, folder)
    import _manylinux

    if hasattr(_manylinux, "manylinux_compatible"):
        refused = []
        for number in range(int(minor) + 1):
            answer = _manylinux.manylinux_compatible(int(major), number, arch)
            if answer is not None and not answer:
                refused.append("%s.%d" % (major, number))
        tell(["function"] + refused)
        return
    names = ["manylinux1_compatible", "manylinux2010_compatible", "manylinux2014_compatible"]
    tell(["names"] + ["%s=%d" % (name, bool(getattr(_manylinux, name))) for name in names if hasattr(_manylinux, name)])


main(*sys.argv[1:])
