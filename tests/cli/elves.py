# SPDX-License-Identifier: Apache-2.0
"""What a program or library needs of the system, as readelf tells it."""
import re
import subprocess


def ask(path, *options):
    return subprocess.run(["readelf", "-W", *options, path], capture_output=True, text=True, check=True,
                          env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}).stdout


def needed(path):
    return set(re.findall(r"\(NEEDED\).*\[(.*)\]", ask(path, "-d")))


def versions(path):
    """{"GLIBC": (2, 17), ...}: the highest of each library's that it asks for."""
    highest = {}
    needs = ask(path, "-V").partition(".gnu.version_r")[2]
    for name, number in re.findall(r"Name: ([A-Za-z_]+)_([0-9][0-9.]*)", needs):
        highest[name] = max(highest.get(name, ()), tuple(map(int, number.split("."))))
    return highest


def sections(path):
    return set(re.findall(r"^ *\[ *\d+\] (\S+)", ask(path, "-S"), re.M))
