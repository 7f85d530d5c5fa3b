# SPDX-License-Identifier: Apache-2.0
"""What tests of list, status, log and report share: scripts, a run that waits for its test, journals as an oracle."""
import urllib.parse
import zlib

ECHO = "import sys\nprint('got', ascii(sys.argv[1]))\n"
# Prints, then waits for the file gate/NAME; NAME is its dataset.
GATED = """
import os, sys, time
name = sys.argv[1]
print("begun", name, flush=True)
while not os.path.exists("gate/" + name):
    time.sleep(0.005)
print("ended", name)
if name.startswith("bad"):
    raise ValueError(name)
"""


def journal(lopin, run=1):
    """The good lines of a run's journals, as dictionaries."""
    records = []
    folder = lopin.cwd / ".lopin" / "runs" / str(run)
    for path in sorted(folder.glob("journal.*"), key=lambda path: int(path.name.split("-")[1])):
        for line in path.read_bytes().splitlines()[1:]:
            body, crc = line.rsplit(b" ", 1)
            if zlib.crc32(body) != int(crc, 16):
                continue
            kind, *fields = body.decode("ascii").split(" ")
            record = {"kind": kind}
            for field in fields:
                name, value = field.split("=", 1)
                record[name] = urllib.parse.unquote_to_bytes(value).decode(errors="replace")
            records.append(record)
    return records


def last_states(records):
    ends = {}
    for record in records:
        if record["kind"] == "end":
            ends[record["key"]] = record["state"]
        elif record["kind"] == "start":
            ends[record["key"]] = "begun"
    return list(ends.values())


def sealed(body):
    return body + b" %08x\n" % zlib.crc32(body)


def gated_run(lopin, names, *options):
    lopin.write("gated.py", GATED)
    (lopin.cwd / "gate").mkdir(exist_ok=True)
    return lopin.start("map", *options, "gated.py", *names)


def open_gate(lopin, name):
    (lopin.cwd / "gate" / name).touch()


def status(lopin, *words):
    result = lopin("status", "--json", *words)
    return result.json() if result.code == 0 else {"running": 0, "done": 0}
