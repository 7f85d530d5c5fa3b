# SPDX-License-Identifier: Apache-2.0
"""Make a wheel of what `pip install --prefix PREFIX --editable FOLDER` installed.

    python editable_wheel.py PREFIX INTO

pip has no command that leaves the wheel of an editable build (PEP 660), only one that installs it.
What it installed is in RECORD's folder; what it added (INSTALLER, REQUESTED, direct_url.json) and
the commands, which entry points make again, are left out.
"""
import base64
import hashlib
import os
import sys
import zipfile

ADDED = {"INSTALLER", "REQUESTED", "direct_url.json", "RECORD", "RECORD.jws", "RECORD.p7s"}


def find(prefix):
    """Return the folder of packages and the name of the only distribution in it."""
    for folder, names, _ in os.walk(prefix):
        for name in names:
            if name.endswith(".dist-info"):
                return folder, name
    sys.exit("ERROR: pip installed nothing in " + prefix)


def tag(path):
    """Return the wheel's tag: compressed sets are spelt out in WHEEL, and the parts joined here."""
    parts = [[], [], []]
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("Tag:"):
                for known, part in zip(parts, line[4:].strip().split("-")):
                    if part not in known:
                        known.append(part)
    return "-".join(".".join(part) for part in parts)


def row(name, data):
    """Return the line of RECORD of a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    quoted = '"%s"' % name.replace('"', '""') if set(name) & set(',"\n\r') else name
    return "%s,sha256=%s,%d" % (quoted, digest, len(data))


def main(prefix, into):
    """Write the wheel."""
    folder, info = find(prefix)
    rows = []
    name = "%s-%s.whl" % (info[: -len(".dist-info")], tag(os.path.join(folder, info, "WHEEL")))
    with zipfile.ZipFile(os.path.join(into, name), "w") as wheel:

        def add(name, data):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            wheel.writestr(entry, data)

        for where, names, files in os.walk(folder):
            names[:] = sorted(name for name in names if name != "__pycache__")
            for file in sorted(files):
                name = os.path.relpath(os.path.join(where, file), folder).replace(os.sep, "/")
                if where == os.path.join(folder, info) and file in ADDED:
                    continue
                with open(os.path.join(where, file), "rb") as stream:
                    data = stream.read()
                rows.append(row(name, data))
                add(name, data)
        rows.append(info + "/RECORD,,")
        add(info + "/RECORD", "\n".join(rows) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
