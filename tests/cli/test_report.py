# SPDX-License-Identifier: Apache-2.0
"""report: its JSON against the tasks' own measures, and its advice on made-up journals."""
import json
import re

import pytest
from queries import ECHO, gated_run, open_gate, sealed, status

FIELDS = {
    "v": int, "run": int, "name": (str, type(None)), "script": str, "state": str, "datasets": int, "done": int,
    "failed": int, "running": int, "left": int, "wall_s": float, "cpu_s": float, "most_cores": int, "cores": int, "slots": int,
    "threads": int, "efficiency": (float, type(None)), "busy": (float, type(None)), "peak_kb": int,
    "slowest": (dict, type(None)), "causes": list, "tasks": list,
}
TASK_FIELDS = {
    "number": int, "text": str, "state": str, "cause": (str, type(None)), "detail": (str, type(None)),
    "code": (int, type(None)), "attempt": int, "slot": (int, type(None)), "start": (float, type(None)),
    "end": (float, type(None)), "duration_s": (float, type(None)), "user_s": (float, type(None)),
    "system_s": (float, type(None)), "peak_kb": (int, type(None)),
}


def assert_schema(answer):
    for name, kind in FIELDS.items():
        assert isinstance(answer[name], kind), name
    assert len(answer["tasks"]) == answer["datasets"]
    for task in answer["tasks"]:
        for name, kind in TASK_FIELDS.items():
            assert isinstance(task[name], kind), name


def test_report_json(lopin, wait_until):
    process = gated_run(lopin, ["one", "bad1", "bad2", "last", "never"], "-c", "1")
    for name in ("one", "bad1", "bad2"):
        open_gate(lopin, name)
    wait_until(lambda: status(lopin)["done"] == 1 and status(lopin)["failed"] == 2 and status(lopin)["running"] == 1)
    answer = lopin("report", "--json").json()
    assert_schema(answer)
    assert [task["state"] for task in answer["tasks"]] == ["done", "failed", "failed", "running", "waiting"]
    assert [(cause["cause"], cause["count"], cause["first"]) for cause in answer["causes"]] == [("python-error", 2, 2)]
    assert answer["causes"][0]["detail"].startswith("ValueError: bad1")
    open_gate(lopin, "last"), open_gate(lopin, "never")
    assert process.wait(60) == 1
    assert_schema(lopin("report", "--json").json())
    text = lopin("report").out
    assert "lopin log 2" in text and "lopin retry 1" in text


def test_usage_is_what_tasks_saw(lopin):
    """Each task prints its own usage just before its end: the report's is that or a little more."""
    lopin.write("use.py", """
import json, resource, sys, time
begin = time.time()
block = bytearray(int(sys.argv[1]) << 20)
while time.process_time() < 0.05: pass
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([begin, time.time(), usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
""")
    assert lopin("map", "use.py", "1", "40", "20").code == 0
    answer = lopin("report", "--json").json()
    assert_schema(answer)
    own = [json.loads(lopin("log", str(number)).stdout) for number in (1, 2, 3)]
    for task, (begin, end, processor, peak) in zip(answer["tasks"], own):
        assert task["start"] <= begin and task["end"] >= end
        assert task["duration_s"] >= end - begin
        assert task["user_s"] + task["system_s"] >= processor
        assert task["peak_kb"] >= peak
    assert answer["peak_kb"] == answer["tasks"][1]["peak_kb"]
    assert answer["cpu_s"] == pytest.approx(sum(task["user_s"] + task["system_s"] for task in answer["tasks"]))
    assert answer["wall_s"] >= max(task["end"] for task in answer["tasks"]) - min(task["start"] for task in answer["tasks"])
    slowest = max(answer["tasks"], key=lambda task: task["duration_s"])
    assert answer["slowest"]["number"] == slowest["number"]


def rewrite(lopin, cores, slots, threads, tasks, wall):
    """Run 1 with these cores and another journal: tasks are (start, duration, cpu, slot), in seconds."""
    folder = lopin.cwd / ".lopin/runs/1"
    spec = json.loads((folder / "run.json").read_text())
    spec.update(cores=cores, slots=slots, threads=threads)
    (folder / "run.json").write_text(json.dumps(spec))
    keys = [line.split(b" ")[1] for line in (folder / "datasets").read_bytes().splitlines()[2:]]
    base = 1700000000000000
    lines = [(0, b"open wall=%d boot=0 cores=%d slots=%d threads=%d" % (base, cores, slots, threads))]
    for key, (start, duration, cpu, slot) in zip(keys, tasks):
        at, end = int(start * 1e6), int((start + duration) * 1e6)
        lines.append((at, b"start key=%s attempt=1 slot=%d wall=%d boot=%d" % (key, slot, base + at, at)))
        lines.append((end, b"end key=%s attempt=1 slot=%d wall=%d boot=%d state=done duration=%d user=%d peak=1000"
                      % (key, slot, base + end, end, duration * 1e6, cpu * 1e6)))
    lines.append((wall * 1000000, b"close wall=%d boot=%d" % (base + wall * 1000000, wall * 1000000)))
    for path in folder.glob("journal.*"):
        path.unlink()
    body = b"".join(sealed(line) for _, line in sorted(lines, key=lambda item: item[0]))
    (folder / "journal.0-0").write_bytes(b"lopin-journal 1\n" + body)


FULL = [(10 * i, 10, 9.9, 1) for i in range(5)] + [(10 * i, 10, 9.9, 2) for i in range(5)]


@pytest.mark.parametrize("cores, slots, threads, tasks, wall, order, words", [
    (2, 2, 1, FULL, 50, None, None),
    (2, 2, 1, [(s, d, d * 0.3, slot) for s, d, _, slot in FULL], 50, None, "tasks wait.*-c 1"),
    (8, 2, 4, [(s, d, d, slot) for s, d, _, slot in FULL], 50, None, "-T 1"),
    (8, 2, 4, [(s, d, d * 2, slot) for s, d, _, slot in FULL], 50, None, "-T 2"),
    (8, 8, 1, [(0, 10, 10, slot) for slot in (1, 2, 3)], 10, None, "3 tasks for 8 slots.*-c 3"),
    (4, 4, 1, [(0, 10, 10, 1), (10, 80, 80, 1), (0, 10, 10, 2), (0, 10, 10, 3), (0, 10, 10, 4)], 90, None, "-c 2"),
    (4, 4, 1, [(0, 10, 10, 1), (10, 80, 80, 1), (0, 10, 10, 2), (0, 10, 10, 3), (0, 10, 10, 4)], 90, "given",
     "--order size"),
    (1, 1, 1, [(i, 0.1, 0.1, 1) for i in range(10)], 10, None, "tasks of 0.1s are too short"),
    (8, 2, 2, [(s, d, d * 2, slot) for s, d, _, slot in FULL], 50, None, "-c 4"),
])
def test_advice(lopin, cores, slots, threads, tasks, wall, order, words):
    lopin.write("echo.py", ECHO)
    options = ("--order", order) if order else ()
    assert lopin("map", *options, "echo.py", *(str(i) for i in range(len(tasks)))).code == 0
    rewrite(lopin, cores, slots, threads, tasks, wall)
    text = lopin("report").out
    advice = [line for line in text.splitlines() if line.startswith("advice")]
    answer = lopin("report", "--json").json()
    assert answer["efficiency"] == pytest.approx(sum(task[2] for task in tasks) / (cores * wall))
    assert answer["busy"] == pytest.approx(sum(task[1] for task in tasks) / (slots * wall))
    assert answer["wall_s"] == wall
    if words is None:
        assert not advice and "good" in text
    else:
        assert len(advice) == 1 and re.search(words, advice[0]), text
        assert "low" in text
