# SPDX-License-Identifier: Apache-2.0
"""What the measurements share: interleaved rounds, medians, and their place in bench/RESULTS.md."""
import argparse
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "RESULTS.md"
HEADER = """# Measurements

Written by `script/bench SUBJECT`; each section names its command, machine and versions. lopin and its peers take turns in one
run (A B C, A B C, ...), so that a busy moment of the machine hits all of them. Compare medians with care where minima differ.
"""


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--binary", default=ROOT / "build" / "lopin", type=pathlib.Path)
    parser.add_argument("--rounds", default=None, type=int)
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    return options


def clean_environment(**changes):
    """The caller's environment without what would limit or configure threads."""
    dropped = ("OMP_", "OPENBLAS_", "MKL_", "LOPIN_", "PYTHON", "SLURM_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    env.update(changes)
    return env


def timed(words, cwd, timeout=None, env=None, stdin=None):
    """Wall seconds of a command that must succeed; None if it was cut at `timeout`."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(word) for word in words], cwd=cwd, env=env or clean_environment(), stdin=stdin or subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )
    try:
        _, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        # Its own session: nothing but what this command started is ended.
        os.killpg(process.pid, 9)
        process.communicate()
        return None
    if process.returncode != 0:
        sys.exit("%s: status %d\n%s" % (words, process.returncode, stderr.decode(errors="replace")))
    return time.perf_counter() - begin


def interleave(contestants, rounds):
    """{name: [seconds, ...]} of callables that return seconds or None."""
    times = {name: [] for name in contestants}
    for number in range(rounds):
        for name, function in contestants.items():
            times[name].append(function())
            shown = times[name][-1]
            print("round %d  %-40s %s" % (number + 1, name, "cut" if shown is None else "%.3f s" % shown), flush=True)
    return times


def summary(values):
    """(median, minimum, how many were cut)."""
    whole = [value for value in values if value is not None]
    cut = len(values) - len(whole)
    if cut * 2 > len(values) or not whole:
        return None, min(whole) if whole else None, cut
    return statistics.median(whole), min(whole), cut


def version(words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    except OSError:
        return "absent"
    text = (done.stdout + done.stderr).strip().splitlines()
    return re.sub(r"\s+", " ", text[0])[:60] if text else "?"


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return "%s, %d cores of ours, Linux %s, Python %s" % (
        model, len(os.sched_getaffinity(0)), platform.release(), platform.python_version())


def table(head, rows):
    lines = ["| %s |" % " | ".join(head), "|%s|" % "|".join("---" for _ in head)]
    lines += ["| %s |" % " | ".join(str(cell) for cell in row) for row in rows]
    return "\n".join(lines)


def record(subject, title, text):
    """Put a section in RESULTS.md in place of the one before."""
    old = RESULTS.read_text() if RESULTS.exists() else HEADER
    sections = re.split(r"(?m)^(?=## )", old)
    begin = "## %s: " % subject
    body = "%s%s\n\n%s\n\nMachine: %s. Load at the end: %.1f. Date: %s.\n\n" % (
        begin, title, text.strip(), machine(), os.getloadavg()[0], time.strftime("%Y-%m-%d"))
    kept = [sections[0].rstrip("\n") + "\n\n"]
    kept += [part.rstrip("\n") + "\n\n" for part in sections[1:] if not part.startswith(begin)]
    kept.append(body)
    RESULTS.write_text("".join([kept[0], *sorted(kept[1:])]).rstrip("\n") + "\n")
    print("\n" + body)


def have(program):
    return shutil.which(program) is not None


def milliseconds(seconds):
    return "cut" if seconds is None else "%.2f" % (1e3 * seconds)
