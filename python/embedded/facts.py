# SPDX-License-Identifier: Apache-2.0
# Run by lopin with "python -I -S -c": what an interpreter says of itself, each value ended by NUL,
# in the order of struct facts (src/env/facts.h). Pythons before 3.6 give the first three only.
import os
import sys


def tell(*values):
    parts = [value if isinstance(value, bytes) else os.fsencode(value) for value in values]
    rest = b"\0".join(parts) + b"\0"
    while rest:
        rest = rest[os.write(1, rest) :]


def version_text(info):
    text = ".".join(map(str, info[:3]))
    if info[3] != "final":
        text += {"alpha": "a", "beta": "b", "candidate": "rc"}[info[3]] + str(info[4])
    return text


def base_program():
    """The program of the installation, which a venv's own link leads to."""
    real = os.path.realpath(sys.executable)
    plain = os.path.join(sys.base_prefix, "bin", "python%d.%d" % sys.version_info[:2])
    try:
        return plain if os.path.samefile(plain, real) else real
    except OSError:
        return real


def elf_head():
    with open(sys.executable, "rb") as file:
        return file.read(1 << 16)


def has_abi(head):
    """i686 and armv7l with the calling convention of PEP 600: ELF's class, machine and flags."""
    if head[:6] != b"\x7fELF\x01\x01":
        return False
    machine = head[18] + 256 * head[19]
    flags = int.from_bytes(head[36:40], "little")
    return machine == 3 or (machine == 40 and flags & 0xFF000000 == 0x05000000 and flags & 0x400 != 0)


def libc(head):
    """'glibc 2.36', 'musl 1.2', or nothing."""
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").split()
        return name + " " + ".".join(version.split(".")[:2])
    except (AttributeError, ValueError, OSError):
        pass
    start = head.find(b"/lib/ld-musl-")
    if start < 0:
        return ""
    import subprocess

    loader = os.fsdecode(head[start : head.index(b"\0", start)])
    said = subprocess.run([loader], stderr=subprocess.PIPE, universal_newlines=True).stderr
    lines = [line.strip() for line in said.splitlines() if line.startswith("Version ")]
    return "musl " + ".".join(lines[0].split()[1].split(".")[:2]) if lines else ""


def flags(head):
    import sysconfig

    said = []
    if hasattr(sys, "gettotalrefcount") or sysconfig.get_config_var("Py_DEBUG"):
        said.append("debug")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        said.append("nogil")
    if sysconfig.get_config_var("WITH_PYMALLOC") == 0:
        said.append("nopymalloc")
    if sys.maxsize <= 2 ** 32:
        said.append("32bit")
    if has_abi(head):
        said.append("abi")
    return " ".join(said)


def main():
    version = version_text(sys.version_info)
    if sys.version_info < (3, 6):
        tell(version, sys.prefix, sys.prefix)
        return
    import importlib.util
    import platform
    import sysconfig

    head = elf_head()
    tell(
        version,
        sys.base_prefix,
        sys.prefix,
        base_program(),
        sys.implementation.cache_tag or "",
        importlib.util.MAGIC_NUMBER.hex(),
        getattr(sys, "platlibdir", "lib"),
        sysconfig.get_platform(),
        sys.implementation.name,
        version_text(sys.implementation.version),
        platform.python_implementation(),
        platform.python_version(),
        sys.platform,
        os.name,
        flags(head),
        libc(head),
    )


main()
