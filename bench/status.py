# SPDX-License-Identifier: Apache-2.0
"""What it costs to ask how a run of 100,000 datasets stands, while it is computed and after it."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import common

DATASETS = 100_000


def ask(binary, folder):
    done = subprocess.run([binary, "status", "--json"], cwd=folder, capture_output=True, text=True, check=True,
                          env=common.clean_environment())
    return json.loads(done.stdout)


def start(binary, folder):
    """A run of which all is done but its first dataset, which sleeps on."""
    (folder / "list").write_text("100000\n" + "0\n" * DATASETS)
    process = subprocess.Popen([binary, "map", "-j", "2", "--order", "given", "--from", "list", "sleep"], cwd=folder,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env=common.clean_environment())
    run = folder / ".lopin" / "runs" / "1"
    while not (run / "journal.0-0").exists() or ask(binary, folder)["done"] < DATASETS:
        if process.poll() is not None:
            raise SystemExit("the run ended: status %d" % process.returncode)
        time.sleep(1)
    return process, run


def without(path, function):
    path.unlink(missing_ok=True)
    return function()


def measure(binary, rounds):
    folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TMPDIR", "/var/tmp")))
    process = None

    def status():
        return common.timed([binary, "status"], folder)
    try:
        process, run = start(binary, folder)
        live = common.interleave({
            "live, asked before": status,
            "live, asked for the first time": lambda: without(run / "roll", status),
        }, rounds)
        subprocess.run([binary, "cancel"], cwd=folder, check=True, capture_output=True, env=common.clean_environment())
        process.wait()
        process = None
        ended = common.interleave({
            "ended": status,
            "ended, without its summary, which is made": lambda: without(run / "summary", status),
        }, rounds)
        size = (run / "journal.0-0").stat().st_size
    finally:
        if process is not None:
            process.terminate()
            process.terminate()
            process.wait()
        shutil.rmtree(folder)
    return {**live, **ended}, size


def main():
    options = common.arguments(__doc__)
    rounds = options.rounds or 15
    times, size = measure(options.binary, rounds)
    goals = {"live, asked before": "50 ms", "live, asked for the first time": "50 ms", "ended": "50 ms"}
    rows = []
    for name, values in times.items():
        median, least, _ = common.summary(values)
        rows.append([name, common.milliseconds(median) + " ms", common.milliseconds(least) + " ms", goals.get(name, "")])
    text = ("`lopin status`, from exec to exit, of a run of %d datasets, all done but one, which sleeps on while it is live; one journal "
            "of %.0f MB; %d rounds. Everything is in the page cache.\n\n" % (DATASETS + 1, size / 1e6, rounds))
    text += common.table(["run", "median", "min", "goal at most"], rows)
    text += "\n\nVersion: %s. Command: `script/bench status`." % common.version([options.binary, "--version"])
    common.record("status", "of 100,000 datasets", text)


if __name__ == "__main__":
    main()
