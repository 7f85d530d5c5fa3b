# SPDX-License-Identifier: Apache-2.0
"""Wheels made by hand: a good one, and ones that are each wrong in one way. `CASES`: name -> (changes, words of the error)."""
import base64
import hashlib
import io
import stat
import struct
import zipfile

NAME, VERSION = "demo_pkg", "1.0"
FILE = "%s-%s-py3-none-any.whl" % (NAME, VERSION)
INFO = "%s-%s.dist-info/" % (NAME, VERSION)
METADATA = "Metadata-Version: 2.1\nName: demo-pkg\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
BOMB = 300 << 20


def digest(data, kind="sha256"):
    value = base64.urlsafe_b64encode(hashlib.new(kind, data).digest()).rstrip(b"=").decode()
    return "%s=%s" % (kind, value)


class Unseekable(io.BytesIO):
    """zipfile then writes data descriptors."""

    def seekable(self):
        return False

    def tell(self):
        raise OSError

    def seek(self, *_):
        raise OSError


class Wheel:
    """Files in the order in which they are written; whoever makes a bad wheel changes it before `bytes`."""

    def __init__(self):
        self.files = [  # name, content, mode
            ["demo_pkg/__init__.py", b"VALUE = 1\n", 0o100644],
            ["demo_pkg/data.bin", bytes(range(256)) * 40, 0o100644],
            ["demo_pkg/tool.sh", b"#!/bin/sh\n", 0o100755],
            [INFO + "METADATA", METADATA.encode(), 0o100644],
            [INFO + "WHEEL", WHEEL.encode(), 0o100644],
        ]
        self.rows = {}  # changes of RECORD: name -> row, or None: no row
        self.record = True
        self.method, self.zip64, self.stream, self.comment = zipfile.ZIP_DEFLATED, False, False, b""
        self.patch = lambda data: data

    def add(self, name, content=b"x\n", mode=0o100644):
        self.files.append([name, content, mode])

    def set(self, name, content):
        next(file for file in self.files if file[0] == name)[1] = content

    def drop(self, name):
        self.files = [file for file in self.files if file[0] != name]

    def record_text(self):
        rows = {}
        for name, content, _ in self.files:
            if not name.endswith("/"):
                rows[name] = "%s,%s,%d" % (name, digest(content), len(content))
        rows[INFO + "RECORD"] = INFO + "RECORD,,"
        rows.update(self.rows)
        return "".join(row + "\n" for row in rows.values() if row is not None).encode()

    def bytes(self):
        files = list(self.files)
        if self.record:
            files.append([INFO + "RECORD", self.record_text(), 0o100644])
        target = Unseekable() if self.stream else io.BytesIO()
        with zipfile.ZipFile(target, "w", self.method) as archive:
            archive.comment = self.comment
            for name, content, mode in files:
                about = zipfile.ZipInfo("placeholder", (2020, 1, 1, 0, 0, 0))
                about.filename = about.orig_filename = name
                about.compress_type, about.external_attr = self.method, mode << 16
                archive.NameToInfo.pop(name, None)  # no warning of two that have one name
                with archive.open(about, "w", force_zip64=self.zip64) as into:
                    into.write(content)
        return self.patch(target.getvalue())


def library(runpath, needs="GLIBC_2.17", interpreter=b""):
    """A small ELF file of x86-64: program headers, a dynamic section, strings, a needed version."""
    strings = b"\0" + runpath.encode() + b"\0" + needs.encode() + b"\0"
    where = {"dynamic": 0x200, "strings": 0x300, "needed": 0x500, "interpreter": 0x600}
    dynamic = [(5, where["strings"]), (10, len(strings)), (29, 1), (0x6FFFFFFE, where["needed"]), (0x6FFFFFFF, 1), (0, 0)]
    parts = [(1, 0, 0x700), (2, where["dynamic"], 16 * len(dynamic))]
    if interpreter:
        parts.append((3, where["interpreter"], len(interpreter) + 1))
    image = bytearray(0x700)
    image[:64] = struct.pack("<4s5B7xHHIQQQI6H", b"\x7fELF", 2, 1, 1, 0, 0, 3, 62, 1, 0, 64, 0, 0, 64, 56, len(parts), 0, 0, 0)
    for number, (kind, at, size) in enumerate(parts):
        struct.pack_into("<IIQQQQQQ", image, 64 + 56 * number, kind, 4, at, at, at, size, size, 8)
    for number, pair in enumerate(dynamic):
        struct.pack_into("<QQ", image, where["dynamic"] + 16 * number, *pair)
    image[where["strings"]:where["strings"] + len(strings)] = strings
    struct.pack_into("<HHIII", image, where["needed"], 1, 1, 0, 16, 0)
    struct.pack_into("<IHHII", image, where["needed"] + 16, 0, 0, 0, 2 + len(runpath), 0)
    image[where["interpreter"]:where["interpreter"] + len(interpreter)] = interpreter
    return bytes(image)


def central(data, name):
    """Where the entry of the central directory begins."""
    at = data.rindex(b"PK\5\6")
    at = struct.unpack_from("<I", data, at + 16)[0]
    while data[at:at + 4] == b"PK\1\2":
        size, extra, comment = struct.unpack_from("<3H", data, at + 28)
        if data[at + 46:at + 46 + size] == name.encode():
            return at
        at += 46 + size + extra + comment
    raise KeyError(name)


def patched(name, offset, form, value, local=None):
    """Changes a field of the entry, and of its local header at `local`."""
    def patch(data):
        data = bytearray(data)
        at = central(data, name)
        struct.pack_into(form, data, at + offset, value)
        if local is not None:
            struct.pack_into(form, data, struct.unpack_from("<I", data, at + 42)[0] + local, value)
        return bytes(data)
    return patch


def set_patch(patch):
    return lambda wheel: setattr(wheel, "patch", patch)


def flip(data):
    """One wrong bit in the packed bytes of the first file."""
    return data[:60] + bytes([data[60] ^ 1]) + data[61:]


def row(name, text):
    return lambda wheel: wheel.rows.__setitem__(name, text)


def both(*changes):
    return lambda wheel: [change(wheel) for change in changes]


def add(*words):
    return lambda wheel: wheel.add(*words)


def change(name, content):
    return lambda wheel: wheel.set(name, content)


ONE = "demo_pkg/__init__.py"
LINK = stat.S_IFLNK | 0o777
ENTRIES = INFO + "entry_points.txt"
CASES = {
    "leaves by ..": (add("../evil.py"), "leads out of its folder"),
    "leaves by .. inside": (add("demo_pkg/../../evil.py"), "leads out of its folder"),
    "leaves from a scheme": (add("demo_pkg-1.0.data/scripts/../../../evil"), "leads out of its folder"),
    "absolute": (add("/tmp/evil.py"), "absolute"),
    "list of lopin": (add(".lopin-pending", b"lopin-pending 1\nremove ../victim\n"), "file that lopin keeps"),
    "list of lopin by a scheme": (add("demo_pkg-1.0.data/data/bin/.lopin-x", b""), "file that lopin keeps"),
    "packages by a scheme": (add("demo_pkg-1.0.data/data/lib/python3.11/site-packages/other/a.py"), "among other packages"),
    "packages replaced": (add("demo_pkg-1.0.data/data/lib64/python3/site-packages", b""), "among other packages"),
    "backslash": (add("..\\evil.py"), "backslash"),
    "dot": (add("demo_pkg/./a.py"), "empty part"),
    "empty part": (add("demo_pkg//a.py"), "empty part"),
    "control": (add("demo_pkg/a\nb.py"), "control character"),
    "escape": (add("demo_pkg/a\x1b[2J.py"), "control character"),
    "long name": (add("demo_pkg/" + "a" * 256), "too long"),
    "deep": (add("demo_pkg/" + "a/" * 64 + "b"), "too long"),
    "link": (add("demo_pkg/link.py", b"/etc/passwd", LINK), "link"),
    "link to a folder": (add("demo_pkg/sub", b"/tmp", LINK), "link"),
    "fifo": (add("demo_pkg/fifo", b"", stat.S_IFIFO | 0o644), "link or a device"),
    "folder with bytes": (add("demo_pkg/sub/", b"bytes"), "folder with bytes"),
    "twice": (add(ONE, b"VALUE = 2\n"), "same name"),
    "case": (add("demo_pkg/__INIT__.py"), "same name"),
    "case of a folder": (add("Demo_pkg/__init__.py"), "same name"),
    "file and folder": (add("demo_pkg/tool.sh/x"), "a file and a folder"),
    "twice by a scheme": (add("demo_pkg-1.0.data/purelib/demo_pkg/__init__.py"), "same name"),
    "no scheme": (add("demo_pkg-1.0.data/etc/passwd"), "no scheme"),
    "beside schemes": (add("demo_pkg-1.0.data/passwd"), "no scheme"),
    "bit": (set_patch(flip), ""),
    "crc": (set_patch(patched(ONE, 16, "<I", 1, 14)), "checksum"),
    "size too small": (set_patch(patched(ONE, 24, "<I", 3, 22)), "size"),
    "size too large": (set_patch(patched(ONE, 24, "<I", 30, 22)), "size"),
    "encrypted": (set_patch(patched(ONE, 8, "<H", 1, 6)), "encrypted"),
    "method": (set_patch(patched(ONE, 10, "<H", 14, 8)), "neither stored nor deflated"),
    "local header": (set_patch(lambda data: data.replace(b"demo_pkg/__init__.py", b"demo_pkg/__evil__.py", 1)),
                     "differs from the central directory"),
    "cut short": (set_patch(lambda data: data[:-300]), "no end"),
    "empty": (set_patch(lambda data: b""), "empty"),
    "no archive": (set_patch(lambda data: b"<html>not found</html>" * 50), "no end"),
    "bytes behind": (set_patch(lambda data: data + b"evil"), "no end"),
    "bytes before": (set_patch(lambda data: b"#!/bin/sh\n" + data), "end record"),
    "bomb": (add("demo_pkg/zeros", bytes(BOMB)), "as large"),
    "wrong hash": (row(ONE, "%s,%s,10" % (ONE, digest(b"other"))), "not what RECORD says"),
    "wrong sha512": (row(ONE, "%s,%s,10" % (ONE, digest(b"other", "sha512"))), "not what RECORD says"),
    "wrong size": (row(ONE, "%s,%s,11" % (ONE, digest(b"VALUE = 1\n"))), "the size that RECORD says"),
    "weak hash": (row(ONE, "%s,%s,10" % (ONE, digest(b"VALUE = 1\n", "md5"))), "no SHA-256"),
    "no hash": (row(ONE, ONE + ",,"), "no SHA-256"),
    "unlisted": (row(ONE, None), "not in RECORD"),
    "listed only": (row("demo_pkg/gone.py", "demo_pkg/gone.py,%s,0" % digest(b"")), "the wheel has not"),
    "listed outside": (row("../x", "../x,%s,0" % digest(b"")), "the wheel has not"),
    "two rows": (row("again", "%s,%s,10" % (ONE, digest(b"other"))), "twice"),
    "malformed RECORD": (row("bad", "a,b"), "line"),
    "no RECORD": (lambda wheel: setattr(wheel, "record", False), "RECORD"),
    "no METADATA": (lambda wheel: wheel.drop(INFO + "METADATA"), "METADATA"),
    "no WHEEL": (lambda wheel: wheel.drop(INFO + "WHEEL"), "WHEEL"),
    "two dist-infos": (add("other-1.0.dist-info/METADATA"), "two folders"),
    "other name": (change(INFO + "METADATA", METADATA.replace("demo-pkg", "other").encode()), "its name is not"),
    "other version": (change(INFO + "METADATA", METADATA.replace(": 1.0", ": 1.1").encode()), "its name is not"),
    "huge METADATA": (change(INFO + "METADATA", METADATA.encode() + b"\n" + bytes(17 << 20)), "too large"),
    "later WHEEL": (change(INFO + "WHEEL", WHEEL.replace("1.0", "2.0").encode()), "WHEEL"),
    "code in an entry": (add(ENTRIES, b"[console_scripts]\na = os:system('x')#\n"), "no script can be made"),
    "path in an entry": (add(ENTRIES, b"[console_scripts]\n../../a = os:getpid\n"), "no script can be made"),
    "malformed entries": (add(ENTRIES, b"[console_scripts]\nnothing\n"), "entry_points.txt"),
}


def signed(wheel):
    wheel.add(INFO + "RECORD.jws", b"{}")
    wheel.rows[INFO + "RECORD.jws"] = None


def strong(wheel):
    wheel.rows[ONE] = "%s,%s,10" % (ONE, digest(b"VALUE = 1\n", "sha512"))
    wheel.rows["demo_pkg/tool.sh"] = "demo_pkg/tool.sh,%s," % digest(b"#!/bin/sh\n", "sha384")


GOOD = {
    "plain": lambda wheel: None,
    "stored": lambda wheel: setattr(wheel, "method", zipfile.ZIP_STORED),
    "zip64": lambda wheel: setattr(wheel, "zip64", True),
    "descriptors": lambda wheel: setattr(wheel, "stream", True),
    "descriptors, zip64": lambda wheel: both(lambda w: setattr(w, "stream", True), lambda w: setattr(w, "zip64", True))(wheel),
    "comment": lambda wheel: setattr(wheel, "comment", b"words"),
    "folders": add("demo_pkg/", b"", 0o40755),
    "signed": signed,
    "other hashes": strong,
    "every row quoted": row(ONE, '"%s","%s","10"' % (ONE, digest(b"VALUE = 1\n"))),
    "letters": add("demo_pkg/\u00e9t\u00e9 1.txt"),
    "not Python": add("demo_pkg/template.py", b"print 'two'\n"),
    "bytecode of its own": both(add("demo_pkg/__pycache__/__init__.cpython-311.pyc", b"old"),
                                add("demo_pkg/__pycache__/other.cpython-27.pyc", b"kept")),
}


def make(change_it):
    wheel = Wheel()
    change_it(wheel)
    return wheel.bytes()
