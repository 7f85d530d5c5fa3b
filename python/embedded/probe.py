# SPDX-License-Identifier: Apache-2.0
# Imports what distributions have at their top, one after the other: probe.py INFO... where INFO is
# "PACKAGES/numpy-2.4.6.dist-info". Says "INFO NUL MODULE NUL" before each, so that who started it knows at
# which one it died. What an import raises is not its question.
import os
import sys

try:
    import _lopin_guard

    _lopin_guard.watch()
except ImportError:
    pass


def tops(info):
    """Names in the RECORD: folders and modules, also as links without a slash."""
    found = []
    with open(os.path.join(info, "RECORD"), encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            first = line.split(",")[0].strip('"').split("/")[0]
            name = first.split(".")[0]
            if first.endswith((".dist-info", ".libs", ".data")) or not name.isidentifier() or name == "__pycache__":
                continue
            if name not in found and (first == name or first.endswith((".py", ".so"))):
                found.append(name)
    return found


for info in sys.argv[1:]:
    for name in tops(info):
        os.write(1, os.fsencode(info) + b"\0" + os.fsencode(name) + b"\0")
        try:
            __import__(name)
        except BaseException:
            pass
os.write(1, b"end\0")
os._exit(0)  # what libraries do at the end is not its question either
