# SPDX-License-Identifier: Apache-2.0
"""Runs the built program in an empty folder with an empty home, so that no test sees the machine's settings."""
import dataclasses
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("LOPIN_BINARY", ROOT / "build" / "lopin")).resolve()
# What the caller's shell may hold and a test must not feel.
DROPPED = ("LOPIN_", "SLURM_", "SBATCH_", "SALLOC_", "SRUN_", "OMP_", "KMP_", "GOMP_", "OPENBLAS_", "MKL_", "BLIS_", "NUMEXPR_", "PYTHON", "VIRTUAL_ENV", "CONDA_", "LC_",
           "LANG", "XDG_", "PYENV_VERSION", "NO_COLOR", "COLUMNS", "PIP_", "UV_")


def pytest_configure(config):
    config.addinivalue_line("markers", "sanitize: run again with the sanitizer build")
    config.addinivalue_line("markers", "slow: more than 5 seconds")
    # Whoever runs us in the background of a script gives us these ignored, and so to all that we start.
    for number in (signal.SIGINT, signal.SIGQUIT):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


@dataclasses.dataclass
class Result:
    code: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self):
        return self.stdout.decode(errors="replace")

    @property
    def err(self):
        return self.stderr.decode(errors="replace")

    def json(self):
        return json.loads(self.stdout)

    def events(self):
        return [json.loads(line) for line in self.stdout.splitlines()]


class Lopin:
    """Called as lopin("map", "a.py", ...); `start` gives the Popen instead."""

    def __init__(self, folder):
        self.binary = BINARY
        self.home = folder / "home"
        self.cwd = folder / "work"
        for path in (self.home, self.cwd, folder / "tmp", folder / "cache"):
            path.mkdir()
        self.env = {
            name: value for name, value in os.environ.items() if not name.startswith(DROPPED)
        }
        self.env.update(
            LOPIN_LEDGER="", HOME=str(self.home), XDG_CACHE_HOME=str(folder / "cache"), TMPDIR=str(folder / "tmp"), LANG="C.UTF-8",
            SLURM_CONF=os.devnull,  # no cluster, whatever is installed
            PIP_CONFIG_FILE=os.devnull, PIP_DISABLE_PIP_VERSION_CHECK="1",
        )
        self.started = []

    def environment(self, changes):
        env = dict(self.env)
        for name, value in (changes or {}).items():
            if value is None:
                env.pop(name, None)
            else:
                env[name] = value
        return env

    def start(self, *words, env=None, cwd=None, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        process = subprocess.Popen(
            [self.binary, *words], env=self.environment(env), cwd=cwd or self.cwd, **options
        )
        self.started.append(process)
        return process

    def __call__(self, *words, env=None, cwd=None, input=None, timeout=120, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        if input is None:
            options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(
            [self.binary, *words], env=self.environment(env), cwd=cwd or self.cwd, input=input,
            timeout=timeout, check=False, **options,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def write(self, name, text, mode=0o644):
        """A file in the working folder."""
        path = self.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        path.chmod(mode)
        return path

    def close(self):
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream:
                    stream.close()


# From PyPI, some megabytes: libraries of C with neighbours in numpy.libs, modules at the top, commands, pure packages.
REAL_WHEELS = ("numpy", "python-dateutil", "tqdm", "packaging", "click", "pyyaml", "six")


@pytest.fixture(scope="session")
def wheelhouse():
    """A folder of real wheels for the Python that runs the tests; downloaded once, kept in build/."""
    folder = ROOT / "build" / ("wheelhouse-%d.%d" % sys.version_info[:2])
    if not folder.exists():
        beside = folder.with_name("%s.%d" % (folder.name, os.getpid()))
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--dest", beside,
                        *REAL_WHEELS], check=True, stdin=subprocess.DEVNULL)
        try:
            beside.rename(folder)
        except OSError:  # another run was quicker
            shutil.rmtree(beside)
    return folder


@pytest.fixture
def lopin(tmp_path):
    if not os.access(BINARY, os.X_OK):
        pytest.fail("%s is not there: run script/build" % BINARY)
    runner = Lopin(tmp_path)
    yield runner
    runner.close()


@pytest.fixture
def chance():
    """What a test chooses by; its seed is shown when the test fails."""
    seed = random.randrange(1 << 30)
    print("seed", seed)
    return random.Random(seed)


@pytest.fixture
def wait_until():
    """wait_until(condition): what it returns once true; fails after a generous limit."""

    def wait(condition, limit=60):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            result = condition()
            if result:
                return result
            time.sleep(0.01)
        pytest.fail("did not happen within %d s" % limit)

    return wait


@pytest.fixture(scope="session")
def numpy_python():
    """An interpreter that has NumPy and SciPy: that of script/test's environment, or the one pytest runs in."""
    candidates = [os.environ.get("LOPIN_TEST_PYTHON"), str(ROOT / "build" / "venv" / "bin" / "python"), sys.executable]
    for candidate in filter(None, candidates):
        asked = subprocess.run(
            [candidate, "-c", "import numpy, scipy"], capture_output=True, check=False
        ) if os.access(candidate, os.X_OK) else None
        if asked and asked.returncode == 0:
            return candidate
    pytest.skip("no interpreter with numpy and scipy (script/test makes one)")
