# SPDX-License-Identifier: Apache-2.0
"""Images of environments written by hand, after docs/formats.md: good ones, and such as nobody may unpack."""
import dataclasses
import hashlib
import io
import struct
import subprocess
import sys
import tarfile

MAGIC, SKIP = b"lopinimg", 0x184D2A5C
FACTS = {"python": "%d.%d.%d" % sys.version_info[:3], "tag": sys.implementation.cache_tag, "flags": "", "platform": "linux-x86_64",
         "home": "", "prompt": "", "system-site": "", "pip": ""}
SITE = "lib/python%d.%d/site-packages" % sys.version_info[:2]
FOLDERS = ["bin", "lib", SITE.rpartition("/")[0], SITE]


def squeeze(data):
    return subprocess.run(["zstd", "-q", "-3", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def expand(data):
    return subprocess.run(["zstd", "-q", "-d", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def escape(text):
    data = text if isinstance(text, bytes) else text.encode()
    return "".join(chr(byte) if 0x20 < byte < 0x7F and byte not in b"%,=" else "%%%02x" % byte for byte in data)


def header(kind, path, target, size):
    """By Python's tarfile, which knows nothing of ours."""
    info = tarfile.TarInfo(path)
    info.type = {"d": tarfile.DIRTYPE, "l": tarfile.SYMTYPE}.get(kind, tarfile.REGTYPE)
    info.size, info.mtime, info.linkname = size, 315532800, target
    info.mode = 0o644 if kind == "-" else 0o777 if kind == "l" else 0o755
    return info.tobuf(tarfile.USTAR_FORMAT)


@dataclasses.dataclass
class Image:
    """Members are (kind, path, content or target)."""

    members: list
    facts: dict = dataclasses.field(default_factory=lambda: dict(FACTS))
    frame: int = 8 << 20
    first: str = "lopin-image 1"

    def archive(self):
        out = io.BytesIO()
        for kind, path, content in self.members:
            data = content if kind in "-xs" else b""
            out.write(header(kind, path, content if kind == "l" else "", len(data)))
            out.write(data + bytes(-len(data) % 512))
        out.write(bytes(1024))
        return out.getvalue()

    def lines(self, frames):
        lines = [self.first] + ["%s %s" % (name, escape(value)) for name, value in self.facts.items()]
        lines += ["frame %d %d %s" % (len(packed), size, hashlib.sha256(packed).hexdigest()) for packed, size in frames]
        for kind, path, content in self.members:
            if kind == "l":
                lines.append("l %s %s" % (escape(content), escape(path)))
            elif kind == "d":
                lines.append("d " + escape(path))
            else:
                lines.append("%s %d %s %s" % (kind, len(content), hashlib.sha256(content).hexdigest(), escape(path)))
        return lines + ["end"]

    def frames(self):
        archive = self.archive()
        return [(squeeze(archive[at:at + self.frame]), len(archive[at:at + self.frame])) for at in range(0, len(archive), self.frame)]

    def build(self, lines=None, frames=None, raw=None, between=b""):
        frames = frames if frames is not None else self.frames()
        text = ("\n".join(lines if lines is not None else self.lines(frames)) + "\n").encode()
        packed = squeeze(text)
        sizes = struct.pack("<QQ", len(packed), len(text) if raw is None else raw)
        trailer = sizes + hashlib.sha256(sizes + packed).digest() + MAGIC
        skip = struct.pack("<II", SKIP, len(packed) + len(trailer))
        return b"".join(packed for packed, _ in frames) + between + skip + packed + trailer


def base(*more, folders=FOLDERS):
    return Image([("d", folder, b"") for folder in folders] + list(more))


def read(data):
    """The lines of an image's index."""
    packed, _ = struct.unpack("<QQ", data[-56:-40])
    return expand(data[-56 - packed:-56]).decode().splitlines()


def changed(image, edit):
    """The image with an index whose lines were edited."""
    frames = image.frames()
    return image.build(lines=edit(image.lines(frames)), frames=frames)


def bad():
    """Name -> bytes of an image that is to be refused."""
    file = ("-", SITE + "/a.py", b"x = 1\n")
    good = base(file)
    packed = good.build()
    found = {
        "absolute": base(("-", "/tmp/lopin-evil", b"x")), "parent": base(("-", "lib/../../evil", b"x")),
        "dot": base(("-", "lib/./evil", b"x")), "double slash": base(("-", "lib//evil", b"x")),
        "no folder": base(("-", "share/evil", b"x")), "twice": base(file, file),
        "case": base(file, ("-", SITE + "/A.py", b"")), "folder case": base(("d", "Lib", b"")),
        "file as folder": base(("-", "lib/f", b""), ("-", "lib/f/evil", b"")),
        "link as folder": base(("l", "lib/l", "../bin"), ("-", "lib/l/evil", b"x")),
        "link out": base(("l", "lib/l", "../../evil")), "link absolute": base(("l", "lib/l", "/tmp")),
        "link by another": base(("l", "lib/a", SITE.partition("/")[2]), ("l", "lib/b", "a/../../../evil")),
        "link to nothing": base(("l", "lib/l", "")), "link of dots": base(("l", "lib/l", "..")),
        "own frame": base(("-", "pyvenv.cfg", b"home = /tmp\n")), "own python": base(("x", "bin/python3", b"#!/bin/sh\n")),
        "own mark": base(("-", ".lopin-image", b"x")), "own activate": base(("l", "bin/activate", "../lib")),
        "bin a link": Image([("d", "lib", b""), ("l", "bin", "lib")]), "lib a file": Image([("d", "bin", b""), ("-", "lib", b"")]),
        "script": base(("s", "bin/tool", b"#!/bin/sh\necho\n")), "deep": base(("-", "/".join("a" * 70), b"")),
        "long part": base(("-", "lib/" + "a" * 256, b"")),
    }
    found = {name: image.build() if len(image.members[-1][1]) < 100 else changed(image, list) for name, image in found.items()
             if len(image.members[-1][1]) < 100}

    def replace(old, new, count=1):
        return changed(good, lambda lines: [line.replace(old, new, count) for line in lines])

    found.update({
        "other name": replace(SITE + "/a.py", SITE + "/b.py"), "other kind": replace("- 6 ", "x 6 "),
        "smaller": replace("- 6 ", "- 5 "), "larger": replace("- 6 ", "- 700 "), "huge": replace("- 6 ", "- 99999999999 "),
        "endless": replace("- 6 ", "- 9223372036854775807 "), "negative": replace("- 6 ", "- -6 "),
        "device": changed(good, lambda lines: lines[:-1] + ["c 1 3 lib/null", "end"]),
        "setuid": changed(good, lambda lines: lines[:-1] + ["S 6 %s lib/su" % ("0" * 64), "end"]),
        "hard link": changed(good, lambda lines: lines[:-1] + ["h bin/python lib/hard", "end"]),
        "no end": changed(good, lambda lines: lines[:-1]), "behind the end": changed(good, lambda lines: lines + ["d more"]),
        "bad escape": replace("a.py", "a%zz.py"), "NUL": replace("a.py", "a%00.py"),
        "other hash": changed(good, lambda lines: [line[:-64] + "0" * 64 if line.startswith("frame") else line for line in lines]),
        "other frame size": changed(good, lambda lines: [line.replace("frame ", "frame 1", 1) for line in lines]),
        "frame of nothing": changed(good, lambda lines: lines[:-1] + ["frame 0 0 " + hashlib.sha256(b"").hexdigest(), "end"]),
        "no python": replace("python " + FACTS["python"], "python x"), "twice a fact": changed(good, lambda lines: lines[:2] + lines[1:]),
        "no head": changed(good, lambda lines: lines[1:]),
        "trailing": packed + b"\0", "leading": b"\0" + packed, "between": good.build(between=b"\x50\x2a\x4d\x18\0\0\0\0"),
        "cut": packed[:-1], "half": packed[:len(packed) // 2], "beginning": packed[20:], "empty": b"", "text": b"no image" * 100,
        "bomb of an index": good.build(raw=1 << 40), "lie of an index": good.build(raw=len("\n".join(good.lines(good.frames()))) + 2),
        "more in the archive": dataclasses.replace(good).build(frames=[(squeeze(good.archive() + bytes(512)), len(good.archive()))]),
        "other content behind": good.build(frames=[(squeeze(good.archive()[:-1] + b"x"), len(good.archive()))]),
        "padding": good.build(frames=[(squeeze(good.archive().replace(b"x = 1\n\0", b"x = 1\n!")), len(good.archive()))]),
        "mode": good.build(frames=[(squeeze(good.archive().replace(b"0000644", b"0004755")), len(good.archive()))]),
    })
    return found
