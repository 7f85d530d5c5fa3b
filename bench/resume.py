# SPDX-License-Identifier: Apache-2.0
"""What a run of 100,000 done datasets costs: status, and from `lopin resume` to its first task."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse
import zlib

import common

DONE = 100_000
LEFT = 100
# Waits until the file `gate` is there, so that the first start of the run is cut off with nothing done.
SCRIPT = "#!/bin/sh\n[ -e gate ] || exec sleep 1000\n[ -z \"$2\" ] || echo done > \"$2\"\n"


def sealed(body):
    return b"%s %08x\n" % (body, zlib.crc32(body))


def make_run(binary, folder, out):
    """A run of which DONE datasets are done by their records (and their outputs are there), as a runner would have left it."""
    (folder / "data").mkdir()
    for number in range(DONE + LEFT):
        (folder / "data" / ("sample-%06d.npz" % number)).touch()
    (folder / "task.sh").write_text(SCRIPT)
    (folder / "task.sh").chmod(0o755)
    words = ["--out", "out/{/}", "./task.sh", "{}", "{out}", ":::", "data/*.npz"] if out else ["./task.sh", "data/*.npz"]
    process = subprocess.Popen([binary, "map", "-j", "2", *words], cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=common.clean_environment())
    run = folder / ".lopin" / "runs" / "1"
    journal = run / "journal.0-0"
    while not journal.exists() or b"\nstart " not in journal.read_bytes():
        time.sleep(0.01)
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
    process.wait()
    script = re.search(rb" script=([0-9a-f]+)", journal.read_bytes()).group(1)
    lines = [b"lopin-journal 1\n", sealed(b"open wall=1700000000000000 boot=1000000 cores=2 slots=2 threads=1")]
    datasets = (run / "datasets").read_bytes().splitlines()[2:]
    for number, dataset in enumerate(datasets[:DONE]):
        _, key, size, mtime, name, _ = dataset.split(b" ")
        wall, boot = 1700000000000000 + 700 * number, 1000000 + 700 * number
        common_part = b"key=%s attempt=1 slot=%d" % (key, number % 2 + 1)
        end = b"end %s wall=%d boot=%d state=done duration=1400 user=600 system=500 peak=%d data-size=%s data-mtime=%s script=%s" % (
            common_part, wall + 1400, boot + 1400, 26000 + number % 999, size, mtime, script)
        if out:
            goal = folder / "out" / os.path.basename(urllib.parse.unquote_to_bytes(name).decode())
            goal.write_text("done\n")
            about = goal.stat()
            end += b" output=%s output-size=%d output-mtime=%d output-inode=%d" % (
                os.fsencode(goal), about.st_size, about.st_mtime_ns, about.st_ino)
        lines += [sealed(b"start %s wall=%d boot=%d" % (common_part, wall, boot)), sealed(end)]
    lines.append(sealed(b"close wall=1700000100000000 boot=101000000"))
    (run / "journal.0-1").write_bytes(b"".join(lines))
    (folder / "gate").touch()
    return run


def again(folder, run):
    """The run as make_run left it."""
    for path in [*run.glob("journal.0-[2-9]"), *run.glob("log.0-[2-9]"), run / "summary"]:
        path.unlink(missing_ok=True)
    for number in range(DONE, DONE + LEFT):
        (folder / "out" / ("sample-%06d.npz" % number)).unlink(missing_ok=True)


def resume(binary, folder, run, steps):
    """Seconds from exec to the first task, and from the last record to the end of the program."""
    again(folder, run)
    begin = time.time()
    common.timed([binary, "resume", "1"], folder)
    end = time.time()
    text = (run / "journal.0-2").read_text()
    steps["first"].append(int(re.search(r"(?m)^start .* wall=(\d+)", text).group(1)) / 1e6 - begin)
    steps["after"].append(end - int(re.search(r"(?m)^close .*wall=(\d+)", text).group(1)) / 1e6)


def measure(binary, out, rounds):
    rows = []
    folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR", "/var/tmp")))
    try:
        run = make_run(binary, folder, out)
        what = "with --out" if out else "without --out"
        steps = {"first": [], "after": [], "status": [], "read": []}
        for _ in range(rounds):
            resume(binary, folder, run, steps)
            steps["status"].append(common.timed([binary, "status"], folder))
            (run / "summary").unlink()
            steps["read"].append(common.timed([binary, "status"], folder))
        for name, title, goal in (("first", "resume, from exec to the first task", "500 ms"),
                                  ("after", "end of that resume, from the last record to the exit", ""),
                                  ("status", "status", "50 ms"), ("read", "status without a summary, which it makes", "")):
            median, least, _ = common.summary(steps[name])
            rows.append(["%s, %s" % (title, what), common.milliseconds(median) + " ms", common.milliseconds(least) + " ms", goal])
    finally:
        shutil.rmtree(folder)
    return rows


def main():
    options = common.arguments(__doc__)
    rounds = options.rounds or 7
    rows = [row for out in (False, True) for row in measure(options.binary, out, rounds)]
    text = ("A run of %d datasets, each a file, of which %d are done in one journal; %d rounds. Outputs are a file each; everything "
            "is in the page cache.\n\n" % (DONE + LEFT, DONE, rounds))
    text += common.table(["what", "median", "min", "goal at most"], rows)
    text += "\n\nVersion: %s. Command: `script/bench resume`." % common.version([options.binary, "--version"])
    common.record("resume", "of 100,000 done datasets", text)


if __name__ == "__main__":
    main()
