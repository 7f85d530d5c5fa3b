# SPDX-License-Identifier: Apache-2.0
"""What a line does not say: variables, the script's header, files of the project and the user; and `lopin config`."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

import wheels
from conftest import ROOT

SHOW = "import sys; print(sys.argv[1:])\n"
HEADER = "# /// script\n# dependencies = []\n# [tool.lopin]\n# %s\n# ///\n"
LAYERS = ["line", "variable", "script", "project", "user"]


def user_file(lopin, text):
    path = lopin.home / ".config" / "lopin" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def shape(lopin, *words, script="show.py", **options):
    """(datasets side by side, threads) of a dry run."""
    done = lopin("map", "--dry-run", "--no-ledger", *words, script, "a", "b", "c", **options)
    assert done.code == 0, done.err
    found = re.search(r"(\d+) side by side, (\d+) thread", done.out)
    return int(found.group(1)), int(found.group(2))


def name_of(lopin, *words, script="show.py", **options):
    """What a run is called, without running it: --out goes into what is shown."""
    done = lopin("map", "--dry-run", *words, script, "{out}", ":::", "x", **options)
    assert done.code == 0, done.err
    return done


def say(lopin, layer, where):
    """Makes a layer say `out`; returns (words, env)."""
    value = "from-%s/{/}" % layer
    if layer == "line":
        return ["--out", value], {}
    if layer == "variable":
        return [], {"LOPIN_OPT_OUT": value}
    if layer == "script":
        lopin.write("show.py", HEADER % ("out = '%s'" % value) + SHOW)
    elif layer == "project":
        where.write_text("out = '%s'\n" % value)
    else:
        user_file(lopin, "out = '%s'\n" % value)
    return [], {}


@pytest.mark.parametrize("lower", range(1, 5))
def test_each_layer_beats_those_below(lopin, lower):
    for upper in range(lower):
        lopin.write("show.py", SHOW)
        project = lopin.cwd / "lopin.toml"
        words, env = [], {}
        for layer in (LAYERS[lower], LAYERS[upper]):
            more, variables = say(lopin, layer, project)
            words += more
            env.update(variables)
        done = name_of(lopin, *words, env=env)
        assert "from-%s/" % LAYERS[upper] in done.out, (LAYERS[upper], LAYERS[lower], done)
        for path in (project, lopin.home / ".config" / "lopin" / "config.toml"):
            path.unlink(missing_ok=True)


def test_a_command_of_its_own_beats_the_top_of_its_file_alone(lopin):
    lopin.write("show.py", SHOW)
    lopin.write("lopin.toml", "jobs = 1\nthreads = 1\n[map]\njobs = 2\n[run]\ncpus-per-task = 1\n")
    assert shape(lopin, "-c", "2") == (2, 1)
    user_file(lopin, "[map]\nthreads = 2\n")  # a lower file: the project says it, if not for map alone
    assert shape(lopin, "-c", "2")[1] == 1


def test_false_takes_back_what_a_lower_one_says(lopin):
    lopin.write("show.py", SHOW)
    user_file(lopin, "strict = true\n")
    lopin.write("d", "x")
    assert lopin("map", "show.py", "d").code == 0
    assert json.loads((lopin.cwd / ".lopin/last/run.json").read_text())["strict"]
    lopin.write("lopin.toml", "strict = false\n")
    assert lopin("map", "show.py", "d").code == 0
    assert not json.loads((lopin.cwd / ".lopin/last/run.json").read_text())["strict"]
    assert lopin("map", "show.py", "d", env={"LOPIN_OPT_STRICT": "true"}).code == 0
    assert json.loads((lopin.cwd / ".lopin/last/run.json").read_text())["strict"]
    assert lopin("map", "show.py", "d", env={"LOPIN_OPT_STRICT": "0"}).code == 0
    assert not json.loads((lopin.cwd / ".lopin/last/run.json").read_text())["strict"]


@pytest.mark.parametrize("text, wanted", [
    ("jobs = 'x'", "lopin.toml:2: option jobs: 'x' is not a number from 1 to 1000000, or auto [config]"),
    ("jbos = 1", "lopin.toml:2: unknown key 'jbos' [config]"),
    ("time = 1.5", "lopin.toml:2: option time: '1.5' is not a time [config]"),
    ("[map]\nhalt = 'when'", "lopin.toml:3: "),
    ("resume = true", "lopin.toml:2: resume belongs to one line, not to a file [config]"),
    ("strict = 'yes'", "lopin.toml:2: strict must be true or false [config]"),
    ("jobs = ", "lopin.toml: line 2, column"),
])
def test_errors_name_file_line_and_key(lopin, text, wanted):
    lopin.write("show.py", SHOW)
    lopin.write("lopin.toml", "# first line\n" + text + "\n")
    done = lopin("map", "show.py", "a")
    assert done.code == 2 and wanted in done.err and "[config]" in done.err.splitlines()[0], done.err
    assert not (lopin.cwd / ".lopin").exists()
    assert lopin("map", "show.py", "a", env={"LANG": "fr_CA.UTF-8"}).code == 2
    of_map = "jobs =" in text or "halt" in text  # values that run has no use for
    assert lopin("run", "show.py", "a").code == (0 if of_map and text[-2:] != "= " else 125)
    assert lopin("config").code == 2
    for words in (["list"], ["help"], ["explain", "config"], ["map", "--help"], ["--version"]):
        assert "[config]" not in lopin(*words).err, words


@pytest.mark.parametrize("text", ["python = 3.10\n", "[map]\npython = 3.10\n", "# \u00e9\r\npython=3.10 # \u00e9\r\n"])
def test_a_version_without_quotes_keeps_its_nought(lopin, text):
    lopin.write("lopin.toml", text)
    assert json.loads(lopin("config", "--json").out)["values"]
    assert "3.10 " in lopin("config").out


def test_errors_in_a_header_name_the_line_of_the_script(lopin):
    lopin.write("show.py", "# a comment\n" + HEADER % "jbos = 1" + SHOW)
    done = lopin("run", "show.py")
    assert done.code == 125 and "show.py:5: unknown key 'jbos' [config]" in done.err and "try     jobs" in done.err


def test_variables(lopin):
    lopin.write("show.py", SHOW)
    assert shape(lopin, env={"LOPIN_OPT_JOBS": "1"}) == (1, 1)
    assert shape(lopin, env={"LOPIN_OPT_JOBS": ""})  # set to nothing is not set
    wrong = lopin("map", "show.py", "a", env={"LOPIN_OPT_JOBZ": "1"})
    assert wrong.code == 2 and "LOPIN_OPT_JOBZ is the variable of no option [config]" in wrong.err
    assert "try     LOPIN_OPT_JOBS" in wrong.err
    wrong = lopin("map", "show.py", "a", env={"LOPIN_OPT_DRY_RUN": "1"})
    assert wrong.code == 2 and "belongs to one line" in wrong.err
    wrong = lopin("map", "show.py", "a", env={"LOPIN_OPT_STRICT": "perhaps"})
    assert wrong.code == 2 and "1 or 0, true or false: 'perhaps'" in wrong.err
    assert lopin("run", "show.py", env={"LOPIN_OPT_JOBS": "none of run"}).code == 0
    assert lopin("list", env={"LOPIN_OPT_LANG": "fr"}).err != lopin("list").err
    lopin.write("show.py", "import os; print(sorted(name for name in os.environ if name.startswith('LOPIN_OPT')))\n")
    assert lopin("run", "show.py", env={"LOPIN_OPT_JOBS": "1"}).out == "['LOPIN_OPT_JOBS']\n"


def test_where_a_project_is_looked_for(lopin):
    """Above the script, not above the folder that we are in; a script of PATH has no project."""
    lopin.write("project/lopin.toml", "threads = 2\n")
    lopin.write("project/in/show.py", SHOW)
    lopin.write("lopin.toml", "threads = 1\n")
    assert shape(lopin, "-c", "2", script="project/in/show.py")[1] == 2
    assert shape(lopin, "-c", "2", script="show.py", cwd=lopin.cwd / "project" / "in")[1] == 2
    lopin.write("project/in/.git/x", "")
    assert shape(lopin, "-c", "2", script="project/in/show.py")[1] == 1
    assert shape(lopin, "-c", "2", script="../show.py", cwd=lopin.write("show.py", SHOW).parent / "project")[1] == 1
    bare = {"HOME": None, "XDG_CONFIG_HOME": None}
    assert shape(lopin, "-c", "2", script="show.py", env=bare)[1] == 1
    odd = {"HOME": "", "XDG_CONFIG_HOME": "relative"}
    assert shape(lopin, "-c", "2", script="show.py", env=odd)[1] == 1


def test_names_with_blanks_and_newlines(lopin):
    folder = "a b\nc\x1b[1m"
    lopin.write(folder + "/lopin.toml", "threads = 2\n")
    lopin.write(folder + "/s how.py", SHOW)
    assert shape(lopin, "-c", "2", script=folder + "/s how.py")[1] == 2
    lopin.write(folder + "/lopin.toml", "threads = 'x\x07'\n".replace("\x07", "\\u0007").replace("'", '"'))
    done = lopin("map", folder + "/s how.py", "a")
    assert done.code == 2 and "\x1b[1m" not in done.err and "a b\\x0ac\\x1b[1m/lopin.toml:1: " in done.err, done.err
    assert "\x07" not in done.err
    assert "\x1b[1m" not in lopin("config", cwd=lopin.cwd / folder).err


def test_another_file_system_ends_the_search(lopin):
    inner = lopin.cwd / "mounted"
    inner.mkdir()
    lopin.write("lopin.toml", "threads = 2\n")
    words = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none "$1" && cp show.py "$1" && shift && exec "$@"', "sh", inner,
             lopin.binary, "map", "--dry-run", "--no-ledger", "-c", "2", "mounted/show.py", "a", "b"]
    lopin.write("show.py", SHOW)
    if subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", inner], check=False, capture_output=True).returncode:
        pytest.skip("cannot mount a tmpfs here")
    done = subprocess.run(words, cwd=lopin.cwd, env=lopin.env, check=True, capture_output=True, text=True)
    assert "1 thread each" in done.stdout
    assert shape(lopin, "-c", "2")[1] == 2


def test_files_of_others_are_not_read(lopin):
    lopin.write("show.py", SHOW)
    path = lopin.write("lopin.toml", "threads = 2\n", mode=0o664)
    done = lopin("map", "--dry-run", "--no-ledger", "-c", "2", "show.py", "a", "b")
    assert done.code == 0 and "1 thread each" in done.out
    assert "lopin.toml is not read: others may write it [untrusted]; cured by: chmod go-w %s\n" % path in done.err
    shown = lopin("config")
    assert re.search(r"project +lopin.toml +not read: others may write it", shown.out)
    path.chmod(0o644)
    assert shape(lopin, "-c", "2")[1] == 2
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
        done = lopin("map", "--dry-run", "--no-ledger", "-c", "2", "show.py", "a", "b")
        assert "1 thread each" in done.out and "belongs to somebody else [untrusted]" in done.err


def test_somebody_else(lopin, request):
    """Another user finds ours untrusted, and root's trusted."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to be somebody else")
    folder = pathlib.Path(tempfile.mkdtemp())  # pytest's own are closed to others
    request.addfinalizer(lambda: shutil.rmtree(folder))
    folder.chmod(0o755)
    path, program = folder / "lopin.toml", folder / "lopin"
    path.write_text("threads = 2\n")
    path.chmod(0o644)
    shutil.copy(lopin.binary, program)
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "config", "--json"]
    env = dict(lopin.env, HOME="/", XDG_CACHE_HOME="/tmp/none")

    def state():
        done = subprocess.run(words, cwd=folder, env=env, capture_output=True, check=False)
        if done.returncode:
            pytest.skip("another user cannot come here: %s" % done.stderr)
        return next(file["state"] for file in json.loads(done.stdout)["files"] if file["path"] == str(path))

    assert state() == "read"  # root's
    os.chown(path, 65534, 65534)
    os.chown(folder, 65534, 65534)
    assert state() == "read"
    os.chown(path, 65533, 65533)
    assert state() == "untrusted"


def make_house(lopin, name, *versions):
    for version in versions:
        wheels.make(lopin.cwd / name, "alpha", version)
    wheels.make(lopin.cwd / name, "beta", "1.0")
    return lopin.cwd / name


def versions(lopin, *words, code=0, **options):
    lopin.write("show.py", "import importlib.metadata as m\n"
                "print(sorted((d.metadata['Name'], d.version) for d in m.distributions() if d.metadata['Name'] in ('alpha', 'beta')))\n")
    done = lopin("run", *words, "show.py", **options)
    assert done.code == code, done.err
    return dict(eval(done.out)) if code == 0 else done  # noqa: S307


def test_packages_accumulate_and_all_else_is_replaced(lopin):
    make_house(lopin, "house", "1.0", "2.0")
    make_house(lopin, "other", "3.0")
    lopin.write("sub/x", "")
    lopin.write("lopin.toml", "python = '%s'\nwith = ['alpha<2']\nno-index = true\nfind-links = ['house']\n" % sys.executable)
    assert versions(lopin) == {"alpha": "1.0"}
    assert versions(lopin, "--with", "beta") == {"alpha": "1.0", "beta": "1.0"}
    assert versions(lopin, env={"LOPIN_OPT_WITH": "beta"}) == {"alpha": "1.0", "beta": "1.0"}
    assert "[no-solution]" in versions(lopin, "--with", "alpha==2.0", code=125).err
    assert "no-wheel" in versions(lopin, "--find-links", "other", code=125).err
    # paths are of the file's folder, wherever we are
    lopin.write("needs.txt", "beta\n")
    lopin.write("lopin.toml", "python = '%s'\nrequirement = 'needs.txt'\nno-index = true\nfind-links = ['house']\n" % sys.executable)
    show = lopin.cwd / "show.py"
    done = lopin("run", "../show.py", cwd=lopin.cwd / "sub")
    assert show.exists() and done.out == "[('beta', '1.0')]\n", done.err
    # an environment that the line names keeps the packages of files out
    assert lopin("venv", "-p", sys.executable, "env").code == 0
    assert versions(lopin, "--env", "env") == {}
    lopin.write("lopin.toml", "env = 'env'\n")
    assert lopin("run", "../show.py", cwd=lopin.cwd / "sub").out == "[]\n"
    house = ["--python", sys.executable, "--no-index", "--find-links", "house"]
    assert versions(lopin, *house, "--with", "beta") == {"beta": "1.0"}


def test_packages_are_for_tasks_unless_a_table_says_otherwise(lopin):
    make_house(lopin, "house", "1.0")
    said = "python = '%s'\nno-index = true\nfind-links = 'house'\n" % sys.executable
    lopin.write("lopin.toml", said + "with = 'alpha'\nenv = 'nowhere'\n")
    assert lopin("venv", "env").code == 0
    assert lopin("pip", "--env", "env", "freeze").out == ""
    assert lopin("pip", "freeze", env={"VIRTUAL_ENV": str(lopin.cwd / "env")}).code == 0
    lopin.write("lopin.toml", said + "[venv]\nwith = 'alpha'\n[pip]\nenv = 'env'\n")
    assert lopin("venv", "env").code == 0
    assert lopin("pip", "freeze").out == "alpha==1.0\n"
    assert lopin("pip", "install", "beta").code == 0  # from house


def test_the_header_of_a_script_and_a_lower_python(lopin):
    lopin.write("lopin.toml", "python = '2.7'\nenv = 'nowhere'\n")
    make_house(lopin, "house", "1.0")
    head = "# /// script\n# dependencies = ['alpha']\n# requires-python = '>=3.8'\n# ///\n"
    lopin.write("head.py", head + "import alpha; print(alpha.VERSION)\n")
    done = lopin("run", "--no-index", "--find-links", "house", "head.py")
    assert done.code == 0 and done.out == "1.0\n", done.err
    lopin.write("lopin.toml", "python = '%d.%d'\n" % sys.version_info[:2])
    lopin.write("head.py", head + "import sys; print(*sys.version_info[:2])\n")
    done = lopin("run", "--no-index", "--find-links", "house", "head.py")
    assert done.out == "%d %d\n" % sys.version_info[:2], done.err


def test_a_resumption_does_not_read_it_anew(lopin):
    lopin.write("show.py", "import sys; print(sys.argv[1:]); sys.exit(sys.argv[1] == 'b')\n")
    lopin.write("lopin.toml", "retries = 1\nthreads = 1\n")
    assert lopin("map", "show.py", "a", "b").code == 1
    before = json.loads((lopin.cwd / ".lopin/last/run.json").read_text())
    assert before["retries"] == 1
    lopin.write("lopin.toml", "retries = 5\nthreads = 2\njobs = 'nonsense'\n")
    done = lopin("retry")
    assert done.code == 1 and "[config]" not in done.err, done.err
    report = lopin("report", "--json")
    assert report.json()["run"] == 1
    assert json.loads((lopin.cwd / ".lopin/last/run.json").read_text()) == before


def test_config_shows_values_and_where_they_stand(lopin):
    lopin.write("lopin.toml", "with = ['numpy', 'scipy>=1.13']\njobs = 2\n[map]\nout = 'out/{/}'\n")
    path = user_file(lopin, "jobs = 4\ncolor = 'never'\n")
    done = lopin("config", env={"LOPIN_OPT_MEM": "4G"})
    rows = [re.split(r" {3,}", line) for line in done.out.splitlines()]
    assert ["with", "numpy, scipy>=1.13", "lopin.toml:1"] in rows
    assert ["map.out", "out/{/}", "lopin.toml:4"] in rows
    assert ["mem", "4G", "LOPIN_OPT_MEM"] in rows
    assert ["color", "never", "%s:2" % path] in rows
    assert ["jobs", "2", "lopin.toml:2"] in rows and not any(row[:2] == ["jobs", "4"] for row in rows)
    assert ["project", "lopin.toml", "read"] in rows and ["user", str(path), "read"] in rows
    assert lopin("config", "jobs").out == "jobs   2   lopin.toml:2\n"
    more = lopin("config", "-v", "jobs").out.splitlines()
    assert len(more) == 2 and more[1].endswith("config.toml:1   (overridden)")
    assert lopin("config", "map.out").out == "map.out   out/{/}   lopin.toml:4\n"
    nothing = lopin("config", "retries")
    assert nothing.code == 0 and nothing.out == "" and "retries" in nothing.err
    wrong = lopin("config", "jbos")
    assert wrong.code == 2 and "lopin config jobs" in wrong.err
    assert lopin("config", "jobs", "mem").code == 2
    given = lopin("config", "--json", "jobs").json()
    assert [(row["value"], row["origin"], row["line"], row["in_force"]) for row in given["values"]] == [
        ("2", "project", 2, True), ("4", "user", 1, False)]
    assert {"kind": "project", "state": "read", "path": str(lopin.cwd / "lopin.toml")} in given["files"]


def test_config_without_any_file(lopin):
    done = lopin("config", env={"HOME": None})
    assert done.code == 0 and re.search(r"site +/etc/lopin/site.toml +not there", done.out)
    assert re.search(r"project +pyproject.toml +not there", done.out)
    assert re.match(r"cache +\S+/cache/lopin +built-in\n", done.out)


def test_completion_knows_the_keys(lopin):
    text = lopin("completion", "bash").out
    words = re.search(r"    'config'\) echo (none [^;]*) ;;|config\) echo (none .*) ;;", text)
    assert words and {"jobs", "with", "cache", "local-disk"} <= set(words.group().split())


def test_a_start_without_files_looks_at_few(lopin):
    """A handful of looks a folder, and nothing is parsed."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    lopin.write("show.py", SHOW)
    log = lopin.cwd / "trace"
    subprocess.run(["strace", "-o", log, lopin.binary, "run", "--no-ledger", "show.py"], cwd=lopin.cwd, env=lopin.env, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    looks = [line for line in log.read_text().splitlines() if re.search(r'(lopin|pyproject|site|config)\.toml"|/\.git"', line)]
    depth = len(lopin.cwd.parts)
    assert 0 < len(looks) <= 5 * depth + 4, looks


def test_every_option_has_a_row_that_files_understand(lopin):
    """Each option of the table may be said in a file, or is refused there by name: no third kind."""
    table = (ROOT / "src/cli/options_table.c").read_text()
    for name in sorted(set(re.findall(r'\{OPTION_\w+,\s*\'(?:.|\\0)\',\s*"([a-z-]+)"', table))):
        lopin.write("lopin.toml", "%s = [1979-05-27]\n" % name)
        done = lopin("config")
        assert done.code == 2 and "lopin.toml:1: " in done.err, (name, done)
        known = "belongs to one line" in done.err or "must be true or false" in done.err or "is not one that" in done.err
        assert known or name in ("failed", "follow", "check", "watch", "keep-done", "redo", "cpu", "glibc", "force", "older-than", "partition", "data", "include", "default", "all", "regexp", "latest", "terse", "redirect", "replace", "nx", "initial_load", "show_hidden", "debug", "location", "loc", "raw", "expert", "novice", "style", "width"), (name, done.err)


def test_where_slurm_needs_one(lopin):
    lopin.write("lopin.toml", "where = 'slurm'\n")
    lopin.write("task", "#!/bin/sh\n", mode=0o755)
    for words in (["map"], ["map", "--where", "slurm"], ["map", "--slurm"]):
        done = lopin(*words, "./task", "a")
        assert "[no-slurm]" in done.err and "--local" in done.err, done
    assert not (lopin.cwd / ".lopin/runs/1").exists()
    assert lopin("map", "--local", "./task", "b").code == 0
    done = lopin("map", "--local", "-p", "short", "--chunk", "3", "./task", "c")
    assert done.code == 0 and "without effect: --chunk, --partition" in done.err
