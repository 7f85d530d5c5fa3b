# SPDX-License-Identifier: Apache-2.0
"""Environments under test: ours and others', what is in them by several witnesses, and whether the store is unharmed."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

UV = pathlib.Path(sys.executable).with_name("uv")
# Root may write what is read-only: this is a user, whoever runs the tests.
AS_USER = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


SEVERAL = """
import io, json, sys
sys.path.insert(0, sys.argv[1])
from pip._internal.cli.main import main
said, real = [], sys.stdout
for line in json.loads(sys.argv[2]):
    sys.stdout = io.StringIO()
    status = main(line.split())
    said.append(sys.stdout.getvalue())
sys.stdout = real
print(json.dumps(said + [status]))
"""


def real_pip():
    """A folder that runs as pip and has no other packages beside it."""
    folder = pathlib.Path(__file__).resolve().parent.parent.parent / "build" / "pip"
    if not folder.exists():
        beside = folder.with_name("pip.%d" % os.getpid())
        shutil.copytree(pathlib.Path(sys.executable).parent.parent / ("lib/python%d.%d/site-packages/pip" % sys.version_info[:2]),
                        beside / "pip")
        beside.rename(folder)
    return folder / "pip"


def snapshot(folder):
    """Path -> mode and content of all files and links below; {} if there is none."""
    found = {}
    for above, folders, files in os.walk(folder):
        for name in files + folders:
            path = os.path.join(above, name)
            state = os.lstat(path)
            content = os.readlink(path) if os.path.islink(path) else ""
            if os.path.isfile(path) and not content:
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            found[os.path.relpath(path, folder)] = (state.st_mode, content)
    return found


class Env:
    """An environment, and the tools that work on it."""

    def __init__(self, lopin, path):
        self.lopin, self.path = lopin, path
        self.python = path / "bin" / "python"

    def run(self, *words, check=True, user=False, **options):
        done = subprocess.run([*(AS_USER if user else []), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=dict(self.lopin.env, PYTHONWARNINGS="ignore"), cwd=self.lopin.cwd, stdin=subprocess.DEVNULL,
                              check=False, text=True, **options)
        assert not check or done.returncode == 0, done
        return done

    def pip(self, *words, **options):
        """The real pip of the tests' own environment; the environment does not get it."""
        return self.run(self.python, real_pip(), *words, **options)

    def pip_says(self, *lines):
        """What the real pip says to each of several lines (its starts are slow), and its last status."""
        done = self.run(self.python, "-c", SEVERAL, real_pip().parent, json.dumps(lines))
        *said, status = json.loads(done.stdout)
        return said + [status]

    def uv(self, verb, *words, **options):
        return self.run(UV, "pip", verb, "--python", self.python, "--cache-dir", self.lopin.home / "uv", *words, **options)

    def ours(self, *words):
        return self.lopin("pip", "--env", str(self.path), *words)

    def eval(self, text, **options):
        return self.run(self.python, "-c", text, **options).stdout.rstrip("\n")

    def versions(self):
        """Name -> version, as importlib.metadata sees them."""
        return json.loads(self.eval("import importlib.metadata as m, json; "
                                    "print(json.dumps({d.metadata['Name'].lower(): d.version for d in m.distributions()}))"))

    def check(self):
        """Everybody agrees that nothing is wrong in it."""
        frozen, said, status = self.pip_says("freeze --all", "check")
        assert (said, status) == ("No broken requirements found.\n", 0)
        self.uv("check")
        done = self.ours("check")
        assert (done.code, done.out) == (0, "No broken requirements found.\n"), done
        assert self.ours("freeze", "--all").out == frozen
        plain = [line.lower().replace("_", "-").replace(".", "-") for line in frozen.splitlines()]
        assert [line.replace(".", "-") for line in self.uv("freeze").stdout.splitlines()] == sorted(plain)
