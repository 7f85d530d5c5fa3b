# SPDX-License-Identifier: Apache-2.0
"""What newcomers mistype, and what they are told: what, where, why, and a cure that works when it is typed."""
import os
import re
import shlex
import subprocess
import sys

import pytest

import wheels
from index_server import Index
from terminal import terminal

FRENCH = {"LANG": "fr_CA.UTF-8"}
CURRENT = "%d.%d" % sys.version_info[:2]


@pytest.fixture
def house(lopin):
    """The wheelhouse `house` in the working folder, which pip's settings name; no index."""
    folder = lopin.cwd / "house"
    wheels.make(folder, "demo", "1.0", requires=["other<2"])
    wheels.make(folder, "demo", "2.0", requires=["other>=2"])
    wheels.make(folder, "other", "1.0")
    wheels.make(folder, "other", "2.0")
    (folder / "source-1.0.tar.gz").write_bytes(b"")
    (folder / "newer-1.0-cp399-cp399-linux_x86_64.whl").write_bytes(b"")
    (folder / "newer-0.9-cp398-cp398-linux_x86_64.whl").write_bytes(b"")
    lopin.env.update(PIP_FIND_LINKS=str(folder), PIP_NO_INDEX="1")
    return lopin


@pytest.fixture
def env(house):
    done = house("venv", "--python", sys.executable, "env")
    assert done.code == 0, done.err
    return house


def hints(done, label):
    return [line[10:] for line in done.err.splitlines() if line.startswith("  " + label.ljust(8))]


def install(lopin, *words, **options):
    return lopin("pip", "--env", "env", "install", *words, **options)


def check(done, code, name):
    """The first line of the error, which is short, with its name; nothing of ours shines through."""
    first = done.err.splitlines()[0]
    assert done.code == code and first.startswith("lopin: ") and first.endswith(" [%s]" % name), done.err
    assert len(first) < 200 and "(null)" not in done.err and "\x1b" not in done.err and "Traceback" not in done.err
    return first


def test_without_an_environment(house):
    done = house("pip", "install", "demo")
    check(done, 3, "no-env")
    cure = hints(done, "try")[0]
    made = subprocess.run(["bash", "-c", cure.replace("lopin", str(house.binary)) + " && pip install demo && pip list"],
                          env=house.environment(None), cwd=house.cwd, capture_output=True, text=True, check=False)
    assert made.returncode == 0 and "demo" in made.stdout, made.stderr


def test_environment_that_is_not_there(house):
    done = house("pip", "--env", "no where", "list")
    check(done, 3, "no-env")
    assert hints(done, "try") == ["lopin venv 'no where'"]


def test_active_environment_that_was_removed(house):
    done = house("pip", "list", env={"VIRTUAL_ENV": str(house.cwd / "gone")})
    check(done, 3, "no-env")
    assert hints(done, "in") == ["VIRTUAL_ENV"] and hints(done, "try") == ["deactivate"]


def test_program_that_is_no_python(house):
    """ls repeats what it was asked, which is a program of ours."""
    first = check(house("venv", "--python", "/bin/ls", "env"), 3, "no-python")
    assert first == "lopin: '/bin/ls' is not a Python that works [no-python]"


def test_misspelt_name_of_a_wheelhouse(env):
    done = install(env, "demmo")
    assert "'demmo'" in check(done, 3, "no-wheel")
    assert hints(done, "found") == ["demmo nowhere (%s)" % (env.cwd / "house")]
    assert hints(done, "try") == ["demo"] and not hints(done, "because")
    assert install(env, hints(done, "try")[0]).code == 0


def test_misspelt_name_of_an_index(env):
    index = Index()
    try:
        done = install(env, "--index-url", index.url, "demmo", env={"PIP_NO_INDEX": None, "PIP_FIND_LINKS": None})
        check(done, 3, "no-wheel")
        assert hints(done, "found") == ["demmo nowhere (%s)" % index.url]
    finally:
        index.close()


def test_nowhere_to_look(env):
    done = install(env, "demo", env={"PIP_FIND_LINKS": None})
    check(done, 3, "no-wheel")
    assert hints(done, "found") == ["demo nowhere (--no-index, and no wheelhouse)"]


def test_version_that_does_not_exist(env):
    done = install(env, "demo==9")
    assert "'demo==9'" in check(done, 3, "no-wheel")
    assert hints(done, "found") == ["demo 2.0, 1.0 in %s" % (env.cwd / "house")] and not hints(done, "because")
    cure = hints(done, "try")[0]
    assert cure == "demo==2.0 in place of demo==9" and install(env, cure.split()[0]).code == 0


def test_requirements_that_cannot_meet(env):
    done = install(env, "demo==1.0", "other==2.0")
    check(done, 3, "no-solution")
    assert any("demo 1.0" in line and "other<2" in line for line in done.err.splitlines()), done.err
    assert install(env, *[hints(done, "try")[0].split()[0], "demo"]).code == 0


def test_another_python(env):
    done = install(env, "newer==1.0")
    check(done, 3, "no-wheel")
    assert hints(done, "found") == ["newer 1.0 only for Python 3.99"]
    assert hints(install(env, "newer"), "found") == ["newer 1.0 only for Python 3.99; 0.9 only for Python 3.98"]


def test_only_a_source_archive(env):
    done = install(env, "--only-binary", ":all:", "source")
    check(done, 3, "no-wheel")
    assert hints(done, "found") == ["source 1.0 only as a source archive, kept away by only-binary"]


def test_versions_that_were_not_asked_for_are_few(env):
    for number in range(3, 30):
        wheels.make(env.cwd / "house", "demo", "%d.0" % number)
    found = hints(install(env, "demo==99"), "found")[0]
    assert found == "demo 29.0, 28.0, 27.0, 26.0 and 25 more in %s" % (env.cwd / "house")


def test_options_of_pip_that_are_settings(env):
    done = install(env, "--trusted-host=example.org", "demo")
    check(done, 2, "usage")
    assert hints(done, "try") == ["PIP_TRUSTED_HOST=VALUE in the environment, or pip.conf"]
    assert "lopin map" not in install(env, "--time-out", "demo").err
    assert hints(install(env, "-r"), "found") == hints(env("map", "-c"), "found") == []  # they are its own
    done = env("pip", "--env", "env", "list", "--outdated")
    check(done, 2, "usage")
    assert "the real pip" in hints(done, "try")[0]


def test_search(env):
    done = env("pip", "--env", "env", "search", "demo")
    check(done, 2, "usage")
    cure = shlex.split(hints(done, "try")[0])
    assert cure == ["lopin", "wheels", "*demo*"]
    assert "demo" in env(*cure[1:]).out


@pytest.mark.parametrize("words", [["demo=="], ["demo 1.0"], ["demo>"], ["==1"], ["demo[x"], [""]])
def test_requirement_that_cannot_be_read(env, words):
    done = install(env, *words)
    check(done, 2, "usage")
    assert hints(done, "try")


def test_requirements_files(env):
    done = install(env, "-r", "absent.txt")
    assert "'absent.txt'" in check(done, 2, "usage")
    env.write("outer.txt", "demo\n-r inner.txt\n")
    assert "outer.txt" in check(install(env, "-r", "outer.txt"), 2, "usage")
    env.write("bad.txt", "other\n\ndemo ~ 1\n")
    assert "bad.txt:3: " in check(install(env, "-r", "bad.txt"), 2, "usage")
    env.write("work.lock", '# by hand\nlock-version = "1.0"\n')
    done = install(env, "-r", "work.lock")
    assert "'work.lock' is not named as a lock" in check(done, 2, "usage") and "pylock" in hints(done, "try")[0]
    env.write("folder/x", "")
    check(install(env, "-r", "folder"), 6, "system")
    config = env.write("pip.conf", "[install]\nconstraint = gone.txt\n")
    done = install(env, "demo", env={"PIP_CONFIG_FILE": str(config)})
    assert "gone.txt" in check(done, 2, "usage") and hints(done, "found") == ["pip's configuration has it as 'constraint'"]
    done = env("map", "--with", "demo", "-r", "absent.txt", "a.py")
    assert done.code != 0 and not (env.cwd / ".lopin").exists()


def test_hash(env):
    env.write("r.txt", "other==1.0 --hash=sha256:" + "0" * 64)
    done = install(env, "-r", "r.txt")
    assert "other-1.0" in check(done, done.code, "bad-wheel") and done.code in (3, 4)
    assert hints(done, "found")[0].startswith("sha256:") and hints(done, "in") == [str(env.cwd / "house/other-1.0-py3-none-any.whl")]
    env.write("r.txt", "other==1.0 --hash=%s" % hints(done, "found")[0])
    assert install(env, "-r", "r.txt").code == 0


def test_wheelhouse_that_is_not_there(env):
    for line in (["pip", "--env", "env", "install", "-f", "absent", "demo"], ["venv", "--find-links", "absent", "--with", "demo", "new"],
                 ["wheels", "--find-links", "absent"], ["exec", "--find-links", "absent", "--with", "demo", "true"]):
        done = env(*line)
        assert "no wheelhouse 'absent'" in check(done, 125 if line[0] == "exec" else 2, "usage")
    assert not (env.cwd / "new").exists()
    # pip's settings may be of another machine
    assert install(env, "demo", env={"PIP_FIND_LINKS": "/absent %s" % (env.cwd / "house")}).code == 0


def test_wheelhouse_that_is_empty(house):
    (house.cwd / "empty").mkdir()
    done = house("wheels", "--find-links", "empty", env={"PIP_FIND_LINKS": None})
    assert done.code == 0 and done.err == "no wheel that fits in %s\n" % (house.cwd / "empty")


@pytest.mark.parametrize("hashes", ["", " --hash=sha256:" + "0" * 64])
def test_wheels_that_are_no_files(env, hashes):
    """Nobody waits for whoever writes into a FIFO."""
    os.mkfifo(env.cwd / "house" / "fifo-1.0-py3-none-any.whl")
    (env.cwd / "house" / "folder-1.0-py3-none-any.whl").mkdir()
    (env.cwd / "house" / "zero-1.0-py3-none-any.whl").symlink_to("/dev/zero")
    for name in "fifo", "folder", "zero":
        env.write("r.txt", name + "==1.0" + hashes)
        done = install(env, "-r", "r.txt")
        assert done.code in (3, 6) and "no file" in done.err and name + "-1.0" in done.err, done.err
    done = install(env, "./house/fifo-1.0-py3-none-any.whl")
    assert done.code == 3 and "no file" in done.err, done.err


def test_no_network(env):
    done = install(env, "--index-url", "http://127.0.0.1:1/simple", "absent", env={"PIP_NO_INDEX": None, "PIP_RETRIES": "0"})
    assert check(done, 3, "fetch") == "lopin: http://127.0.0.1:1/simple/absent/ cannot be had: no connection [fetch]"
    done = install(env, "--offline", "demo", env={"PIP_NO_INDEX": None})
    assert done.code == 0, done.err  # the cure, where the cache or a wheelhouse has it


def test_venv_over_other_things(env):
    env.write("file", "mine")
    check(env("venv", "file"), 2, "usage")
    env.write("full/mine", "mine")
    done = env("venv", "full")
    check(done, 2, "usage")
    assert "--clear" in hints(done, "try")[0]
    check(env("venv", "file/below"), 2, "usage")
    check(env("venv"), 2, "usage")
    assert (env.cwd / "file").read_text() == (env.cwd / "full/mine").read_text() == "mine"


def test_mistakes_cost_no_environment(house):
    house.write("a.py", "")
    for line, code, name in ((["run", "--with", "demo"], 125, "usage"), (["run", "--with", "demo", "absent.py"], 127, "no-program"),
                             (["exec", "--with", "demo"], 125, "usage"), (["map", "--with", "demo"], 2, "usage"),
                             (["map", "--with", "demo", "absent.py", ":::", "a"], 4, "no-program"),
                             (["map", "--wth", "demo", "a.py"], 2, "usage")):
        check(house(*line), code, name)
    assert not list(house.cwd.parent.glob("cache/lopin/envs/*"))
    assert hints(house("map", "--wth", "demo", "a.py"), "try") == ["--with"]


def test_header_of_a_script(house):
    def header(text):
        house.write("a.py", "# /// script\n%s# ///\nimport demo\nprint(demo.VERSION)\n" % text)
        return house("run", "a.py")
    done = header('# dependencies = ["demo"\n')
    assert "a.py: " in check(done, 125, "usage") and "line 1" in done.err
    assert hints(done, "try") == ['# dependencies = ["numpy", "scipy>=1.13"]']
    assert "'de mo'" in check(header('# dependencies = ["de mo"]\n'), 125, "usage")
    check(header('# requires-python = ">=3.99"\n# dependencies = ["demo"]\n'), 125, "no-python")
    done = header('# dependencies = ["demo<2"]\n')
    assert done.code == 0 and done.out == "1.0\n" and "demo 1.0" in done.err
    house.write("b.py", '# /// script\n# dependencies = ["demo"]\nprint(1)\n')
    done = house("run", "b.py")
    assert done.out == "1\n" and "has no end '# ///'" in done.err


def test_the_second_time_is_silent(house):
    house.write("a.py", "import demo\n")
    os.utime(house.cwd / "house", (1e9, 1e9))
    first = house("run", "--with", "demo", "a.py")
    assert first.code == 0 and re.fullmatch(r"env     python [0-9.]+, demo 2\.0 and 1 more   made in [0-9.]+ s\n", first.err)
    for line in (["run", "--with", "demo", "a.py"], ["exec", "--with", "demo", "true"], ["run", "--with", "demo>=1", "a.py"]):
        again = house(*line)
        assert again.code == 0 and again.err == "" and again.out == "", again.err
    shown = house("map", "--with", "demo", "a.py", ":::", "x")
    assert shown.code == 0 and "(made for this line)" in shown.err, shown.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_cache_that_cannot_be_written(house):
    folder = house.cwd / "cache"
    folder.mkdir(mode=0o500)
    done = house("exec", "--with", "demo", "true", env={"XDG_CACHE_HOME": str(folder)})
    assert str(folder) in check(done, 125, "system")


def test_cache_on_a_full_disk(house):
    if os.geteuid() != 0:
        pytest.skip("mounts need root")
    folder = house.cwd / "cache"
    folder.mkdir()
    inner = 'mount -t tmpfs -o size=64k none "$0" && head -c 60k /dev/zero >"$0/ballast"; exec "$@"'
    wheels.make(house.cwd / "house", "large", "1.0", {"large.bin": os.urandom(100000)})
    done = subprocess.run(["unshare", "-m", "sh", "-c", inner, folder, house.binary, "exec", "--with", "large", "true"],
                          env=house.environment({"XDG_CACHE_HOME": str(folder)}), cwd=house.cwd, capture_output=True, text=True,
                          check=False)
    if "unshare" in done.stderr:
        pytest.skip("no namespaces here")
    assert "[disk-full]" in done.stderr.splitlines()[0], done.stderr
    assert "  try     XDG_CACHE_HOME=FOLDER, one with room, before lopin\n" in done.stderr


def test_without_a_home(house):
    done = house("exec", "--with", "demo", "true", env={"HOME": None, "XDG_CACHE_HOME": None})
    assert done.code == 0, done.err


def test_other_environments_do_not_matter(house):
    house.write("a.py", "import demo\nprint(demo.VERSION)\n")
    house.write("evil/demo.py", "VERSION = 'evil'\n")
    house.write("conda/conda-meta/history", "")
    for change in ({"PYTHONPATH": str(house.cwd / "evil")}, {"CONDA_PREFIX": str(house.cwd / "conda")},
                   {"VIRTUAL_ENV": str(house.cwd / "gone")}, {"PYTHONHOME": "/nowhere"}):
        done = house("run", "--python", sys.executable, "--with", "demo", "a.py", env=change)
        assert done.code == 0 and done.out == "2.0\n", (change, done.err)


def test_french(env):
    """Every message above has its French, with the blanks that French has."""
    env.write("project/pyproject.toml", "")
    env.write("open.py", "# /// script\n# dependencies = []\n")
    lines = [["pip", "install", "x"], ["pip", "--env", "absent", "list"], ["pip", "--env", "env", "install", "demmo"],
             ["pip", "--env", "env", "install", "demo==9"], ["pip", "--env", "env", "install", "newer"],
             ["pip", "--env", "env", "install", "--only-binary", "source", "source"],
             ["pip", "--env", "env", "install", "-e", "."], ["pip", "--env", "env", "install", "--proxy=x"],
             ["pip", "--env", "env", "install", "-r", "absent"], ["pip", "--env", "env", "install", "-f", "absent"],
             ["pip", "--env", "env", "search", "x"], ["run", "open.py"], ["pip", "--help"], ["run", "--with", "demo"],
             ["pip", "--env", "env", "install", "demo==1.0", "other==2.0"]]
    english = re.compile(r"\b(the|nowhere|only|found|because|and|there|not|with)\b(?! lopin| pip)")
    for line in lines:
        done = env(*line, env=FRENCH)
        said = done.err + (done.out if "--help" in line else "")
        assert said and not english.search(said.replace("--with", "").replace("another", "").replace("only-binary", "")), said
        for text in said.splitlines():
            text = re.sub(r"^lopin: |\S+://\S+|--\S+", "", text)
            assert not re.search(r"[^\s\u00a0:]: ", text), text
            assert not re.search(r"[^\u00a0]»", text), text


@pytest.mark.parametrize("width", [60, 120])
def test_terminal(house, width):
    """Progress is taken away at the end, whether it went well or not."""
    files = {"large/m%d.py" % number: "x = %d\n" % number * 20000 for number in range(40)}
    wheels.make(house.cwd / "house", "large", "1.0", files)
    broken = wheels.make(house.cwd / "house", "broken", "1.0", dict(files, last=b"z"))
    text = broken.read_bytes()
    at = text.rindex(b"x = 39") if b"x = 39" in text else len(text) // 2
    broken.write_bytes(text[:at] + bytes([text[at] ^ 1]) + text[at + 1:])
    for name, ends in (("large", "made in"), ("broken", "lopin explain bad-wheel")):
        with terminal([house.binary, "exec", "--with", name, "true"], width=width, env=house.environment({"TERM": "screen"}),
                      cwd=house.cwd) as screen:
            screen.wait(lambda text: screen.status() is not None, limit=100)
            shown = "\n".join(screen.lines(joined=True))
            assert ends in shown and "unpacking" not in shown and "compiling" not in shown, shown


def test_no_progress_in_a_pipe(house):
    files = {"large/m%d.py" % number: "x = %d\n" % number * 20000 for number in range(40)}
    wheels.make(house.cwd / "house", "large", "1.0", files)
    done = house("exec", "--with", "large", "true")
    assert done.code == 0 and done.err.count("\n") == 1 and "\r" not in done.err and "\x1b" not in done.err


def test_help_is_no_wider_than_a_terminal(lopin):
    for line in (["venv"], ["pip"], ["pip", "install"], ["pip", "list"], ["wheels"]):
        for env in ({}, FRENCH):
            text = lopin(*line, "--help", env=env).out
            options = [each for each in text.splitlines() if re.match(r"  -|      --", each)]
            assert options
            for each in options:  # the words stand in their column, or on the next line
                assert len(each) <= 31 and "  " not in each.strip() or re.match(r"\S", each[31:]), each
    assert "check   " in lopin("pip", "--help").out and "--upgrade" not in lopin("pip", "--help").out
