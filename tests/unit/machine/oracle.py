#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""oracle.py SHOW MACHINES: what lopin reads of a machine's shape, against hwloc's lstopo.

On this machine, and on each saved one: hwloc reads the same facts from the kernel's bit masks, which
are made here from the lists. Speaks TAP; everything is skipped, by name, where there is no lstopo.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

MASKS = {
    "thread_siblings_list": ("thread_siblings", "core_cpus"),
    "core_siblings_list": ("core_siblings", "package_cpus"),
    "shared_cpu_list": ("shared_cpu_map",),
    "cpulist": ("cpumap",),
}


def members(text):
    found = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def mask_text(cpus):
    """As the kernel writes a bit mask: words of 32 bits, the highest first."""
    mask = sum(1 << cpu for cpu in cpus)
    words = [mask >> shift & 0xFFFFFFFF for shift in range(0, max(mask.bit_length(), 1), 32)]
    return ",".join("%08x" % word for word in reversed(words)) + "\n"


def unpack(machine, root):
    def write(path, text):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text + "\n")
        for mask in MASKS.get(target.name, ()):
            (target.parent / mask).write_text(mask_text(members(text)))
        if target.name == "core_siblings_list":
            (target.parent / "physical_package_id").write_text("%d\n" % min(members(text)))
        if target.name == "thread_siblings_list":
            (target.parent / "core_id").write_text("%d\n" % min(members(text)))

    for line in machine.read_text().splitlines():
        path, _, text = line.partition("\t")
        group = re.search(r"\{(.*)\}", path)
        if not path.startswith("sys/devices") or not text:
            continue
        for cpu in members(group.group(1)) if group else [None]:
            name = path if cpu is None else path.replace(group.group(0), str(cpu))
            write(name, text.replace("{}", str(cpu)))


def ours(show, root):
    """The partitions of the CPUs by core, package and cache, and the node of each CPU."""
    rows = [tuple(map(int, line.split())) for line in subprocess.check_output([show, root]).decode().splitlines()]

    def partition(column):
        return {frozenset(row[0] for row in rows if row[column] == name) for name in {row[column] for row in rows}}

    return partition(1), partition(2), partition(4), {row[0]: row[3] for row in rows}


def theirs(root):
    words = ["lstopo", "--of", "xml", "--no-io", "--no-collapse"]
    env = dict(os.environ)
    if root:
        words += ["--input", root, "--if", "fsroot"]
    else:
        words += ["--disallowed"]
    tree = xml.etree.ElementTree.fromstring(subprocess.check_output(words, env=env, stderr=subprocess.DEVNULL))

    def cpus(item):
        words = item.get("cpuset", "0x0").split(",")
        mask = 0
        for word in words:
            mask = mask << 32 | int(word or "0x0", 16)
        return frozenset(bit for bit in range(mask.bit_length()) if mask >> bit & 1)

    found = {}
    for item in tree.iter("object"):
        found.setdefault(item.get("type"), []).append(item)
    cores = {cpus(item) for item in found.get("Core", found.get("PU", []))}
    packages = {cpus(item) for item in found.get("Package", found.get("Machine", []))}
    caches = [cpus(item) for name in ("L3Cache", "L2Cache", "L1Cache") for item in found.get(name, [])]
    last = {max((c for c in caches if cpu in c), key=len, default=None) for core in cores for cpu in core}
    nodes = {cpu: int(item.get("os_index")) for item in found.get("NUMANode", []) for cpu in cpus(item)}
    return cores, packages, last, nodes


def main(show, machines):
    saved = sorted(
        path for path in pathlib.Path(machines).glob("*.txt") if "sys/devices" in path.read_text()
    )
    print("TAP version 13\n1..%d" % (len(saved) + 1))
    for number, path in enumerate([None, *saved], 1):
        name = path.stem if path else "this machine"
        if not shutil.which("lstopo"):
            print("ok %d %s # SKIP no lstopo (hwloc) here" % (number, name))
            continue
        with tempfile.TemporaryDirectory() as folder:
            if path:
                unpack(path, pathlib.Path(folder))
            root = folder if path else ""
            mine, hwloc = ours(show, root), theirs(root)
        same = True
        for what, a, b in zip(("cores", "packages", "caches", "nodes"), mine, hwloc):
            if b != {None} and a != b:
                same = False
                print("# %s: lopin %s, hwloc %s" % (what, a, b))
        print("%s %d %s" % ("ok" if same else "not ok", number, name))


if __name__ == "__main__":
    main(*sys.argv[1:])
