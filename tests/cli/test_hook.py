# SPDX-License-Identifier: Apache-2.0
"""The startup hook under each CPython of script/pythons, started as a task starts it, without lopin itself."""
import json
import os
import pathlib
import shutil
import subprocess
import zipapp

import pytest

from conftest import BINARY

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CPUS = len(os.sched_getaffinity(0))


def pythons():
    """One parameter a version; those absent are skipped by name."""
    done = subprocess.run([ROOT / "script" / "pythons"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    found = [line.split(None, 1) for line in done.stdout.decode().splitlines()]
    absent = done.stderr.decode().splitlines()
    return [pytest.param(path, id=version) for version, path in found] + [
        pytest.param(None, id=line.split()[-1], marks=pytest.mark.skip(reason=line)) for line in absent
    ]


@pytest.fixture(params=pythons())
def python(request):
    return request.param


@pytest.fixture
def task(tmp_path):
    """task(python, words...): runs it with the hook as a task of one thread, from an empty folder."""
    folder = tmp_path / "cache" / "hook-0123456789abcdef"
    folder.mkdir(parents=True)
    shutil.copy(str(ROOT / "python" / "embedded" / "sitecustomize.py"), str(folder))
    shutil.copy(str(BINARY.parent.parent / "python" / "_lopin_guard.abi3.so"), str(folder / "guard.bin"))
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()

    def environment(hook=True, also="", **changes):
        env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "LOPIN_", "VIRTUAL_ENV", "OMP_"))
        }
        env.update(HOME=str(tmp_path / "home"), LANG="C.UTF-8", PYTHONDONTWRITEBYTECODE="1")
        if hook:
            env.update(LOPIN_TASK="1.k", LOPIN_THREADS="1", PYTHON_CPU_COUNT="1")
            env["PYTHONPATH"] = str(folder) + (":" + str(also) if also else "")
        elif also:
            env["PYTHONPATH"] = str(also)
        env.update(changes)
        return {name: value for name, value in env.items() if value is not None}

    def run(python, *words, hook=True, also="", check=True, **changes):
        done = subprocess.run(
            [str(word) for word in (python, *words)], env=environment(hook, also, **changes), cwd=str(tmp_path / "work"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
        )
        assert done.returncode == 0 or not check, done.stderr.decode()
        return done

    run.environment = environment
    run.folder = folder
    run.work = tmp_path / "work"
    return run


def number(done):
    return int(done.stdout.decode().split()[0])


def version(python):
    asked = subprocess.check_output([python, "-I", "-S", "-c", "import sys; print(*sys.version_info[:2])"])
    return tuple(map(int, asked.split()))


COUNTS = """
import concurrent.futures, json, multiprocessing, os, pickle
if __name__ == "__main__":
    with multiprocessing.Pool() as pool:
        print(json.dumps({
            "os": os.cpu_count(), "mp": multiprocessing.cpu_count(), "Pool": pool._processes,
            "child": pool.apply(os.cpu_count),
            "processes": concurrent.futures.ProcessPoolExecutor()._max_workers,
            "threads": concurrent.futures.ThreadPoolExecutor()._max_workers,
            "process_cpu_count": getattr(os, "process_cpu_count", os.cpu_count)(),
            "pickle": pickle.loads(pickle.dumps(os.cpu_count)) is os.cpu_count,
        }))
"""


def test_counts(python, task):
    script = task.work / "counts.py"
    script.write_text(COUNTS)
    counts = json.loads(task(python, script).stdout.decode())
    assert counts.pop("threads") == 5  # n + 4, before 3.8 5 n
    assert counts == {
        "os": 1, "mp": 1, "Pool": 1, "child": 1, "processes": 1, "process_cpu_count": 1, "pickle": True,
    }


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children(python, task, method):
    script = task.work / "children.py"
    script.write_text(
        "import multiprocessing, os\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context(%r).Pool(1) as pool: print(pool.apply(os.cpu_count))\n" % method
    )
    assert number(task(python, script)) == 1


def test_affinity_is_the_upper_bound(python, task):
    if version(python) >= (3, 13):
        pytest.skip("Python >= 3.13 has PYTHON_CPU_COUNT, which lopin sets to the slot's cores")
    assert number(task(python, "-c", "import os; print(os.cpu_count())", LOPIN_THREADS="4096")) == CPUS
    code = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); print(os.cpu_count())"
    assert number(task(python, "-c", code, LOPIN_THREADS="4096")) == 1


@pytest.mark.parametrize("threads", ["", "0", "-3", "many", "\u0664"])
def test_odd_number_is_passed_over(python, task, threads):
    code = "import os; print(os.cpu_count())"
    bare = number(task(python, "-c", code, hook=False))
    assert number(task(python, "-c", code, LOPIN_THREADS=threads, PYTHON_CPU_COUNT=None)) == bare


STATE = """
import json, os, sys
try:
    import sitecustomize
    there = sitecustomize.__file__
except ImportError as error:
    there = [type(error).__name__, error.name, str(error)]
print(json.dumps([sys.path, sorted(sys.modules), there, os.cpu_count(), os.cpu_count.__module__,
                  os.cpu_count.__qualname__, "lopin" in sys.modules, sorted(sys.path_importer_cache)]))
"""


@pytest.mark.parametrize("option", [None, "-s", "-B", "-O", "-P", "-u"])
def test_leaves_no_trace(python, task, option):
    """sys.path, sys.modules and what `import sitecustomize` does are as without the hook, in a task and outside."""
    if option == "-P" and version(python) < (3, 11):
        pytest.skip("-P came with Python 3.11")
    words = ([option] if option else []) + ["-c", STATE]
    bare = json.loads(task(python, *words, hook=False).stdout.decode())
    active = json.loads(task(python, *words).stdout.decode())
    inert = json.loads(task(python, *words, LOPIN_TASK=None, PYTHON_CPU_COUNT=None).stdout.decode())
    assert inert == bare
    assert active[3] == 1
    active[3] = bare[3]
    if version(python) < (3, 13):
        active[4:6] = bare[4:6] = ["os", "cpu_count"]
    assert active == bare


@pytest.mark.parametrize("option", ["-I", "-E"])
def test_ignored_environment(python, task, option):
    """Then there is no hook at all: only affinity holds."""
    code = "import os; print(os.cpu_count())"
    assert number(task(python, option, "-c", code)) == number(task(python, option, "-c", code, hook=False))


def test_without_site(python, task):
    """With -S the folder stays on the path: nothing but sitecustomize.py may be importable from it (no import finds guard.bin)."""
    code = "import sys, os; print(sys.argv[1] in sys.path, sorted(os.listdir(sys.argv[1])))"
    done = task(python, "-S", "-c", code, task.folder)
    assert done.stdout.decode().split(None, 1) == ["True", "['guard.bin', 'sitecustomize.py']\n"]


MARK = "import os, sys; sys.marked = os.cpu_count(); assert __name__ == 'sitecustomize'\n"


def test_next_on_path(python, task, tmp_path):
    also = tmp_path / "also"
    also.mkdir()
    (also / "sitecustomize.py").write_text(MARK)
    code = "import sys, sitecustomize; print(sys.marked, sitecustomize.__file__)"
    done = task(python, "-c", code, also=also)
    assert done.stdout.decode().split() == ["1", str(also / "sitecustomize.py")]
    (also / "sitecustomize.py").unlink()
    (also / "usercustomize.py").write_text("import sys; sys.marked = 7\n")
    assert number(task(python, "-c", "import sys; print(sys.marked)", also=also)) == 7


@pytest.mark.parametrize("text", ["raise RuntimeError('of its own')\n", "import absent_module\n", "def broken(:\n"])
def test_next_raises(python, task, tmp_path, text):
    also = tmp_path / "also"
    also.mkdir()
    (also / "sitecustomize.py").write_text(text)
    code = "import sys; print('sitecustomize' in sys.modules)"
    bare = task(python, "-c", code, also=also, hook=False, check=False)
    done = task(python, "-c", code, also=also, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (bare.returncode, bare.stdout, bare.stderr)


def test_next_exits(python, task, tmp_path):
    also = tmp_path / "also"
    also.mkdir()
    (also / "sitecustomize.py").write_text("raise SystemExit(3)\n")
    bare = task(python, "-c", "print(1)", also=also, hook=False, check=False)
    assert task(python, "-c", "print(1)", also=also, check=False).returncode == bare.returncode


def test_venv(python, task, tmp_path):
    """A venv is made from within a task with nothing of ours in it, and its own sitecustomize runs."""
    task(python, "-m", "venv", "--without-pip", tmp_path / "venv")
    names = [name for _, folders, files in os.walk(str(tmp_path / "venv")) for name in folders + files]
    assert not [name for name in names if "hook" in name or "sitecustomize" in name or "lopin" in name]
    inner = tmp_path / "venv" / "bin" / "python"
    site = task(inner, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])").stdout.decode().strip()
    (pathlib.Path(site) / "sitecustomize.py").write_text(MARK)
    code = "import sys; print(getattr(sys, 'marked', 'shadowed'))"  # by Debian's, which comes first on its path
    bare = task(inner, "-c", code, hook=False).stdout.decode().strip()
    assert task(inner, "-c", code).stdout.decode().strip() == ("1" if bare != "shadowed" else bare)


def test_zipapp(python, task, tmp_path):
    source = tmp_path / "app"
    source.mkdir()
    (source / "__main__.py").write_text("import os; print(os.cpu_count())\n")
    zipapp.create_archive(str(source), str(tmp_path / "app.pyz"))
    assert number(task(python, tmp_path / "app.pyz")) == 1


def test_subprocesses(python, task):
    """Two levels down the hook is still there, once on PYTHONPATH."""
    inner = "import os; print(os.cpu_count(), os.environ['PYTHONPATH'])"
    middle = "import subprocess, sys; subprocess.check_call([sys.executable, '-c', %r])" % inner
    outer = "import subprocess, sys; subprocess.check_call([sys.executable, '-c', %r])" % middle
    assert task(python, "-c", outer).stdout.decode().split() == ["1", str(task.folder)]


def test_lines_appear_when_printed(python, task):
    if version(python) < (3, 7):
        pytest.skip("a stream cannot be reconfigured before Python 3.7")
    code = "import sys\nfor s in (sys.stdout, sys.stderr): print('line', file=s)\nsys.stdin.read()"
    process = subprocess.Popen(
        [python, "-c", code], env=task.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # Both lines are read while the process waits for its input.
    assert process.stdout.readline() == b"line\n"
    assert process.stderr.readline() == b"line\n"
    assert process.communicate()[0] == b""


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams(python, task, closed):
    done = task("/bin/sh", "-c", '"$0" -c "import os; os._exit(os.cpu_count() + 40)" %s' % closed, python, check=False)
    assert done.returncode == 41


def test_compiled_once(python, task):
    """Where the cache may be written, the second start reads bytecode; there is nothing but ours beside it."""
    code = "import os; print(os.cpu_count())"
    for _ in range(2):
        assert number(task(python, "-c", code, PYTHONDONTWRITEBYTECODE=None)) == 1
    assert sorted(os.listdir(str(task.folder))) == ["__pycache__", "guard.bin", "sitecustomize.py"]
    assert len(os.listdir(str(task.folder / "__pycache__"))) == 1


def test_names_the_library_of_an_illegal_instruction(python, task, tmp_path):
    """Under its own handler too the process ends by the signal; who handles it already, or sends it, sees no difference."""
    library = tmp_path / "lib with blank\n.so"
    source = tmp_path / "bad.c"
    source.write_text("void bad(void) { __asm__(\"ud2\"); }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    call = "import ctypes, sys; ctypes.CDLL(sys.argv[1]).bad()"
    bare = task(python, "-c", call, library, check=False, hook=False)
    assert (bare.returncode, bare.stderr) == (-4, b"")
    done = task(python, "-c", call, library, check=False)
    assert done.returncode == -4
    assert done.stderr.decode().startswith("lopin: illegal instruction in %s/lib with blank" % tmp_path)
    assert done.stderr.count(b"\n") == 1
    sent = task(python, "-c", "import os; os.kill(os.getpid(), 4)", check=False)
    assert (sent.returncode, sent.stderr) == (-4, b"")
    own = task(python, "-X", "faulthandler", "-c", call, library, check=False)
    assert own.returncode == -4 and b"Fatal Python error: Illegal instruction" in own.stderr
