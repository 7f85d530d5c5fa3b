#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wheels of script/wheel as auditwheel, twine and check-wheel-contents judge them: release.py [PROGRAM]"""
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = pathlib.Path(sys.executable).parent


def ask(*words):
    done = subprocess.run(list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    if done.returncode:
        sys.exit("%s: status %d" % (words[0], done.returncode))
    return " ".join(done.stdout.split())


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([ROOT / "script/wheel", folder], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        if 'following platform tag: "manylinux_2_17_x86_64"' not in ask(TOOLS / "auditwheel", "show", made[0]):
            sys.exit("auditwheel gives it another tag")
        ask(TOOLS / "twine", "check", "--strict", *made)
        ask(TOOLS / "check-wheel-contents", *made)


if __name__ == "__main__":
    main()
