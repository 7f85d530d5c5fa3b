# SPDX-License-Identifier: Apache-2.0
"""What lopin itself costs: its start, one task, how much of that is fsync, and memory with 100,000 datasets."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import common

MANY = 100_000


def one_map(binary, folder):
    shutil.rmtree(folder / ".lopin", ignore_errors=True)
    return common.timed([binary, "map", "/bin/true", "x"], folder)


def syncs(binary, folder):
    """(number, seconds) of the calls that wait for the disk in one `lopin map /bin/true x`."""
    shutil.rmtree(folder / ".lopin", ignore_errors=True)
    log = folder / "strace.log"
    subprocess.run(
        ["strace", "-f", "-T", "-e", "trace=fsync,fdatasync,sync_file_range,syncfs", "-o", log, binary, "map",
         "/bin/true", "x"], cwd=folder, check=True, capture_output=True, env=common.clean_environment())
    spent = [float(text) for text in re.findall(r"= 0 <([0-9.]+)>", log.read_text())]
    return len(spent), sum(spent)


def tree_of(pid):
    """The process and its descendants."""
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        try:
            for task in os.listdir("/proc/%d/task" % one):
                with open("/proc/%d/task/%s/children" % (one, task), encoding="ascii") as file:
                    todo += [int(word) for word in file.read().split()]
        except OSError:
            continue
    return found


def peak_of(pid, binary):
    try:
        if os.readlink("/proc/%d/exe" % pid) != str(binary):
            return 0
        with open("/proc/%d/status" % pid, encoding="ascii") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
    except (OSError, AttributeError):
        return 0


def memory(binary, folder):
    """Largest peak, in kB, of lopin's own processes while MANY datasets run; and the seconds they took."""
    shutil.rmtree(folder / ".lopin", ignore_errors=True)
    listing = folder / "many"
    listing.write_text("".join("data/sample-%06d.npz\n" % number for number in range(MANY)))
    begin = time.perf_counter()
    process = subprocess.Popen(
        [binary, "map", "--from", listing, "/bin/true"], cwd=folder, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=common.clean_environment())
    peak = 0
    while process.poll() is None:
        peak = max([peak, *(peak_of(pid, binary) for pid in tree_of(process.pid))])
        time.sleep(0.05)
    if process.returncode != 0:
        raise SystemExit("lopin map of %d datasets: status %d" % (MANY, process.returncode))
    return peak, time.perf_counter() - begin


def main():
    options = common.arguments(__doc__)
    rows = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = pathlib.Path(name)
        binary = options.binary
        rounds = options.rounds or 31
        times = common.interleave({
            "/bin/true": lambda: common.timed(["/bin/true"], folder),
            "lopin --version": lambda: common.timed([binary, "--version"], folder),
            "lopin map of one /bin/true": lambda: one_map(binary, folder),
        }, rounds)
        goals = {"lopin --version": "3 ms", "lopin map of one /bin/true": "15 ms"}
        for what, values in times.items():
            median, least, _ = common.summary(values)
            rows.append([what, common.milliseconds(median) + " ms", common.milliseconds(least) + " ms", goals.get(what, "")])
        if common.have("strace"):
            counts = [syncs(binary, folder) for _ in range(9)]
            spent = sorted(seconds for _, seconds in counts)
            rows.append(["of which in fsync and fdatasync (%d calls)" % counts[0][0],
                         common.milliseconds(spent[len(spent) // 2]) + " ms", common.milliseconds(spent[0]) + " ms", ""])
        peak, seconds = memory(binary, folder)
        rows.append(["peak memory of a lopin process, 100,000 datasets", "%.1f MB" % (peak / 1024), "", "64 MB"])
        rows.append(["time of these 100,000 x /bin/true", "%.0f s" % seconds, "", ""])
    text = "Times include fork and exec by the measuring script (the row of /bin/true).\n\n"
    text += common.table(["what", "median", "min", "goal at most"], rows)
    text += "\n\nVersion: %s. Command: `script/bench start`." % common.version([options.binary, "--version"])
    common.record("start", "lopin's own cost", text)


if __name__ == "__main__":
    main()
