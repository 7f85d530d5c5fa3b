# SPDX-License-Identifier: Apache-2.0
"""Small good wheels, made in a line: `make(folder, "demo", "1.0", {"demo/__init__.py": ""}, requires=["six"])`."""
import base64
import hashlib
import re
import zipfile


def row(name, data):
    value = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return "%s,sha256=%s,%d\n" % (name, value, len(data))


def make(folder, name, version, files=None, requires=(), entries="", tag="py3-none-any", extras=(), python=None, metadata="",
         modes=None, pure=True):
    """Returns the path. Without `files`: a module NAME whose VERSION is the version. A file with the mode 0o755 in `modes` is
    executable; `entries` is the text of entry_points.txt; `metadata` further lines of METADATA."""
    escaped = re.sub(r"[-_.]+", "_", name)
    if files is None:
        files = {"%s.py" % escaped: "VERSION = %r\n" % version}
    info = "%s-%s.dist-info/" % (escaped, version)
    lines = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version]
    lines += ["Requires-Python: " + python] if python else []
    lines += ["Provides-Extra: " + extra for extra in extras]
    lines += ["Requires-Dist: " + require for require in requires]
    every = dict(files)
    every[info + "METADATA"] = "\n".join(lines) + "\n" + metadata
    every[info + "WHEEL"] = "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: %s\nTag: %s\n" % (
        "true" if pure else "false", tag)
    if entries:
        every[info + "entry_points.txt"] = entries
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / ("%s-%s-%s.whl" % (escaped, version, tag))
    record = ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for inner, text in every.items():
            data = text if isinstance(text, bytes) else text.encode()
            entry = zipfile.ZipInfo(inner, (2024, 1, 1, 0, 0, 0))
            entry.external_attr = (0o100000 | (modes or {}).get(inner, 0o644)) << 16
            archive.writestr(entry, data)
            record += row(inner, data)
        archive.writestr(info + "RECORD", record + info + "RECORD,,\n")
    return path
