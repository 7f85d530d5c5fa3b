# SPDX-License-Identifier: Apache-2.0
"""Modules in jobs: `--module`, a site's Python by module, what an environment was made with."""
import json
import pathlib
import sys

import pytest

BASE = pathlib.Path(sys._base_executable).resolve()
VERSION = "%d.%d.%d" % sys.version_info[:3]
SHOW = """import os, sys
print(*(os.environ.get(name) for name in ("GCC", "MPI", "LOADEDMODULES")), os.environ.get("PYMOD"))
"""


def pythons():
    """{version: program} of real interpreters: the one that runs the tests, and pyenv's."""
    found = {VERSION: BASE}
    for path in (pathlib.Path.home() / ".pyenv/versions").glob("3.*/bin/python3"):
        version = path.parent.parent.name
        if all(version.rpartition(".")[0] != known.rpartition(".")[0] for known in found):
            found[version] = path.resolve()
    return found


@pytest.fixture
def tree(lopin):
    """StdEnv opens a folder with gcc (which opens one with mpi) and python; the site names them."""
    root = lopin.cwd.parent / "mods"

    def file(name, text):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    file("core/StdEnv/2023.lua", 'prepend_path("MODULEPATH", "%s/std")' % root)
    file("std/gcc/12.3.lua", 'setenv("GCC", "12") prepend_path("MODULEPATH", "%s/gcc")' % root)
    file("std/gcc/13.1.lua", 'setenv("GCC", "13") prepend_path("MODULEPATH", "%s/gcc")\nif mode() == "load" then LmodMessage("a word of gcc") end' % root)
    file("gcc/mpi/4.1.lua", 'setenv("MPI", "4.1")')
    file("std/broken/1.lua", 'LmodError("it is broken")')
    file("std/breaks/1.lua", 'LmodBreak("it breaks off")')
    file("std/needs/1.lua", 'prereq(atleast("gcc", "13"))')
    for number in "12":
        file("std/kind%s/1.lua" % number, 'family("kind")')
    for version, program in pythons().items():
        folder = root / "software" / version / "bin"
        folder.mkdir(parents=True)
        (folder / "python3").symlink_to(program)
        file("std/python/%s.lua" % version, 'prepend_path("PATH", "%s")\nsetenv("PYMOD", "%s")' % (folder, version))
    (lopin.cwd.parent / "site.toml").write_text('python = "module:python/{version}"\nmodules = ["StdEnv/2023"]\n')
    lopin.write("show.py", SHOW)
    lopin.env.update(MODULEPATH=str(root / "core"), PATH="/usr/bin:/bin", LOPIN_SITE="")
    for name in ("LOADEDMODULES", "_LMFILES_", "LMOD_CMD", "LMOD_PACKAGE_PATH"):
        lopin.env.pop(name, None)
    lopin.site = str(lopin.cwd.parent / "site.toml")
    lopin.file, lopin.mods = file, root
    return lopin


PROGRAM = ("exec", "sh", "-c", 'echo "$GCC $MPI"')


def test_programs(tree):
    """Each way to start one thing: evaluated once, in order, each module once; what modulefiles say is on stderr."""
    modules = ("--module", "StdEnv,gcc/13", "--module", "mpi")
    for words in ((*PROGRAM[:1], *modules, *PROGRAM[1:]), ("alloc", "-c", "1", *modules, *PROGRAM[1:])):
        done = tree(*words)
        assert (done.code, done.out) == (0, "13 4.1\n") and done.err.count("a word of gcc") == 1, done.err
    loaded = json.loads(tree("module", "--shell", "json", "load", "StdEnv", "gcc", "mpi").out)["set"]
    done = tree("run", "--module=-mpi", "show.py", env=loaded)
    assert (done.code, done.out) == (0, "13 None StdEnv/2023:gcc/13.1 None\n"), done.err
    tree.write("lopin.toml", 'modules = ["StdEnv/2023", "gcc/12"]\n')
    assert tree("run", "show.py").out == "12 None StdEnv/2023:gcc/12.3 None\n"
    assert tree("run", "--module", "StdEnv,gcc", "show.py").out.startswith("13 ")  # the line alone counts


@pytest.mark.parametrize("words, message, code", [
    (("run", "--module", "nosuch", "show.py"), "called 'nosuch' [no-module]", 125),
    (("map", "--module", "gcc", "show.py", "1"), "try     lopin module spider gcc", 3),
    (("map", "--module", "StdEnv,broken", "show.py", "1"), "it is broken", None),
    (("run", "--module", "StdEnv,breaks,gcc", "show.py"), "module 'breaks' is not loaded in the end [module-failed]\n  found   its modulefile breaks off", 125),
    (("map", "--module", "StdEnv,breaks/1", "show.py", "1"), "module 'breaks/1' is not loaded in the end", 1),
    (("run", "--module", "StdEnv,kind1,kind2", "show.py"), "module 'kind1' is not loaded in the end", 125),
    (("run", "--module", "StdEnv,gcc/12.3,needs", "show.py"), "needs these loaded before it: atleast(\"gcc\", \"13\") [module-failed]\n  try     lopin module load gcc/13.1\n", 125),
    (("venv", "--module", "nosuch", "env"), "[no-module]", 3),
    (("run", "--module", "a,,b", "show.py"), "[usage]\n  try     --module a,b", 125),
    (("run", "--module=gcc  mpi", "show.py"), "called 'gcc  mpi' [no-module]", 125),
    (("run", "--module=gcc  mpi", "show.py"), "\n  try     --module gcc,mpi\n", 125),
    (("run", "--module=StdEnv, gcc", "show.py"), "[usage]\n  try     --module StdEnv,gcc\n", 125),
    (("run", "--module=a\nb", "show.py"), "[usage]\n  try     --module a,b\n", 125),
    (("run", "--module", "", "show.py"), "[usage]", 125),
])
def test_not_there(tree, words, message, code):
    """Before anything is made."""
    done = tree(*words)
    assert message in done.err and done.code and (code is None or done.code == code), (done.code, done.err)
    assert not (tree.cwd / ".lopin").exists() and not (tree.cwd / "env").exists()


def test_by_another_name(tree):
    """A run keeps the module that it is."""
    tree.file("core/.modulerc.lua", 'module_alias("env", "StdEnv/2023")')
    done = tree("map", "--module", "env,+gcc/12", "show.py", "a")
    assert done.code == 0 and "modules StdEnv/2023, gcc/12.3\n" in done.err and tree("log", "1").out.startswith("12 "), done.err


def test_names_with_blanks(tree):
    """As they are; through a run that is resumed, and an environment that remembers them."""
    tree.file("core/my tool/1 0.lua", 'setenv("GCC", "tool")')
    tree.file("core/other/1.lua", "")
    words = "tool None my tool/1 0:other/1 None\n"
    assert tree("run", "--module", "my tool/1 0,other", "show.py").out == words
    assert tree("run", "show.py", env={"LOPIN_OPT_MODULE": "my tool,other"}).out == words
    tree.write("lopin.toml", 'modules = ["my tool", "other"]\n')
    assert tree("run", "show.py").out == words
    (tree.cwd / "lopin.toml").unlink()
    done = tree("map", "--module", "my tool,other", "--", "sh", "-c", 'echo "$GCC"; test -e again', ":::", "a")
    assert done.code == 1 and "modules my tool/1 0, other/1\n" in done.err, done.err
    tree.write("again", "")
    assert tree("retry").code == 0 and tree("log", "1").out == "tool\n"
    assert tree("venv", "--module", "my tool,other", "env").code == 0
    assert tree("run", "--env", "env", "show.py").out == words
    (tree.mods / "core/my tool/1 0.lua").unlink()
    done = tree("run", "--env", "env", "show.py")
    assert "[env-broken]" in done.err and "module load 'my tool/1 0' other/1\n" in done.err, done.err


def test_ranges(tree):
    """Behind an '@'; what is kept is what they meant."""
    for words, value in {"gcc@:12.3": "12", "gcc@12:13.1": "13", "gcc@13:": "13", "gcc@latest": "13", "gcc@:13": "13"}.items():
        assert tree("run", "--module", "StdEnv," + words, "show.py").out.split()[0] == value, words
    tree.write("lopin.toml", 'modules = ["StdEnv", "gcc@:12.3"]\n')
    assert tree("run", "show.py").out.split()[0] == "12"
    (tree.cwd / "lopin.toml").unlink()
    done = tree("map", "--module", "StdEnv@:2024,gcc@:12.3", "show.py", "1")
    assert done.code == 0 and json.loads((tree.cwd / ".lopin/runs/1/run.json").read_text())["modules"] == ["StdEnv/2023", "gcc/12.3"], done.err
    assert tree("venv", "--module", "StdEnv,gcc@:12.3", "env").code == 0
    assert tree("run", "--env", "env", "show.py").out.split()[0] == "12"
    for words in ("gcc:13", "gcc:@13", "-gcc@13:", "a:b"):
        done = tree("run", "--module", "StdEnv," + words, "show.py")
        assert done.code == 125 and "[usage]" in done.err, words
    assert "[no-module]" in tree("run", "--module", "StdEnv,gcc@14:", "show.py").err


def test_in_force(tree):
    """What is loaded already is not evaluated again."""
    loaded = json.loads(tree("module", "--shell", "json", "load", "StdEnv", "gcc").out)["set"]
    tree.file("std/gcc/13.1.lua", 'LmodError("evaluated again")')
    done = tree("run", "--module", "gcc/13.1,StdEnv", "show.py", env=loaded)
    assert (done.code, done.out) == (0, "13 None StdEnv/2023:gcc/13.1 None\n"), done.err


def test_a_run_remembers(tree):
    """map keeps full names: resume and retry load them, whatever the default is by then."""
    tree.write("work.py", 'import os, sys\nprint(os.environ.get("GCC"), os.environ.get("LOADEDMODULES"))\n'
                          'sys.exit(os.path.exists("fail") and sys.argv[1] == "b")\n')
    tree.write("fail", "")
    done = tree("map", "--module", "StdEnv,gcc", "work.py", "a", "b")
    assert done.code == 1 and done.err.count("a word of gcc") == 1 and "modules StdEnv/2023, gcc/13.1\n" in done.err, done.err
    spec = json.loads((tree.cwd / ".lopin/runs/1/run.json").read_text())
    assert spec["modules"] == ["StdEnv/2023", "gcc/13.1"]
    tree.file("std/gcc/14.1.lua", 'setenv("GCC", "14")')
    (tree.cwd / "fail").unlink()
    assert "modules StdEnv/2023, gcc/13.1\n" in tree("report").out and tree("report", "--json").json()["modules"] == spec["modules"]
    done = tree("pack", "1", "run.lopin")
    assert done.code == 0 and "--module StdEnv/2023,gcc/13.1" in done.err, done.err
    done = tree("retry")
    assert done.code == 0 and "modules StdEnv/2023, gcc/13.1\n" in done.err, done.err
    assert tree("log", "2").out == "13 StdEnv/2023:gcc/13.1\n"
    # in a shell that has them already, nothing has changed for the run
    loaded = json.loads(tree("module", "--shell", "json", "load", "StdEnv", "gcc/13.1").out)["set"]
    assert "nothing left" in tree("resume", env=loaded).err
    # the same line means other modules by now
    done = tree("map", "--resume", "--module", "StdEnv,gcc", "work.py", "a", "b")
    assert "[changed]" in done.err, done.err
    for path in (tree.mods / "std/gcc").iterdir():
        path.unlink()
    done = tree("resume", "--redo")
    assert done.code == 3 and "[no-module]" in done.err and "gcc/13.1" in done.err, done.err


def test_dry_run_and_a_job_script(tree):
    done = tree("map", "--dry-run", "--module", "StdEnv,gcc/12", "show.py", "a")
    assert done.code == 0 and "modules StdEnv/2023, gcc/12.3\n" in done.err and not (tree.cwd / ".lopin").exists()


def test_python_by_module(tree):
    """The newest that fits, with the site's modules before it."""
    versions = sorted(pythons(), key=lambda text: [int(part) for part in text.split(".")])
    minor = VERSION.rpartition(".")[0]
    tree.env["LOPIN_SITE"] = tree.site
    for want in (minor, VERSION, "==%s.*" % minor, "python" + minor):
        done = tree("run", "--python", want, "show.py")
        assert (done.code, done.out) == (0, "None None StdEnv/2023:python/%s %s\n" % (VERSION, VERSION)), done.err
    done = tree("run", "show.py")
    assert done.out.split()[-1] == versions[-1], done.err
    done = tree("map", "--python", minor, "show.py", "a")
    assert "(module)\n" in done.err and "modules StdEnv/2023, python/%s\n" % VERSION in done.err, done.err
    done = tree("run", "--python", "<%s,>=3" % versions[-1], "show.py") if len(versions) > 1 else None
    assert not done or done.out.split()[-1] == versions[-2], done.err
    # a path, another program, and a program that needs none: no module
    done = tree("run", "--python", str(BASE), "show.py")
    assert (done.code, done.out) == (0, "None None None None\n"), done.err
    assert tree("exec", "sh", "-c", 'echo "[$LOADEDMODULES]"').out == "[]\n"
    done = tree("run", "--python", "3.99", "show.py")
    assert done.code == 125 and "modules: python/" in done.err and "lopin module spider python" in done.err, done.err


def test_python_of_another_module(tree):
    """One that is loaded and fits stays."""
    tree.env["LOPIN_SITE"] = tree.site
    loaded = json.loads(tree("module", "--shell", "json", "load", "StdEnv", "python/" + VERSION).out)["set"]
    for words in (("show.py",), ("--python", VERSION.rpartition(".")[0], "show.py")):
        assert tree("run", *words, env=loaded).out.split()[-1] == VERSION
    tree.env.update(LOPIN_SITE="", **loaded)
    assert tree("run", "show.py").out.split()[-1] == VERSION


def test_an_environment_remembers(tree):
    """It has its modules loaded again, or is refused with the line to type."""
    tree.env["LOPIN_SITE"] = tree.site
    done = tree("venv", "--module", "StdEnv,gcc/12", "--python", VERSION, "env")
    assert done.code == 0, done.err
    config = (tree.cwd / "env/pyvenv.cfg").read_text()
    assert "lopin-modules = StdEnv/2023:gcc/12.3:python/%s\n" % VERSION in config
    words = "12 None StdEnv/2023:gcc/12.3:python/%s %s\n" % (VERSION, VERSION)
    tree.env["LOPIN_SITE"] = ""
    assert tree("run", "--env", "env", "show.py").out == words
    assert tree("run", "show.py", env={"VIRTUAL_ENV": str(tree.cwd / "env")}).out == words
    done = tree("map", "--env", "env", "show.py", "a")
    assert "modules StdEnv/2023, gcc/12.3, python/%s\n" % VERSION in done.err and tree("log", "1").out == words
    loaded = json.loads(tree("module", "--shell", "json", "load", "StdEnv", "gcc/12", "python/" + VERSION).out)["set"]
    assert "nothing left" in tree("resume", env=loaded).err  # whoever loaded them
    done = tree("try", "--threads", "-c", "1", "--env", "env", "show.py", "a")
    assert done.code == 0 and "There is one core" in done.out, done
    done = tree("env", "check", "env")
    assert done.code == 0 and "not loaded in this shell" in done.err and not tree("env", "check", "--quiet", "env").err, done.err
    assert "gcc/12.3" in tree("env", "show", "env").out
    assert tree("pip", "--env", "env", "list").code == 0
    (tree.mods / "std/gcc/12.3.lua").unlink()
    for command in (("run", "--env", "env", "show.py"), ("map", "--env", "env", "show.py", "a"), 
                    ("pip", "--env", "env", "install", "--no-index", "alpha"), ("env", "check", "env")):
        done = tree(*command)
        assert "[env-broken]" in done.err and "module load StdEnv/2023 gcc/12.3 python/" in done.err, (command, done.err)
    done = tree("run", "--env", "env", "show.py", env={"LOPIN_GUARD": "off"})
    assert (done.code, done.out) == (0, "None None None None\n"), done.err


def test_packages_of_the_line(tree):
    """Other modules, another environment: what is built is built with them."""
    tree.write("requirements.txt", "")
    where = 'import sys; print(sys.prefix)\n'
    tree.write("where.py", where)
    folders = [tree("run", *modules, "-r", "requirements.txt", "--no-index", "where.py").out
               for modules in ((), ("--module", "StdEnv,gcc/12"), ("--module", "StdEnv,gcc/13"), ("--module", "StdEnv,gcc/12"))]
    assert len(set(folders)) == 3 and folders[1] == folders[3] and all("/envs/" in folder for folder in folders), folders


def test_french(tree):
    done = tree("--lang", "fr", "map", "--module", "StdEnv,gcc/12", "show.py", "a")
    assert "modules StdEnv/2023, gcc/12.3\n" in done.err, done.err
    done = tree("--lang", "fr", "run", "--module", "a,,b", "show.py")
    assert "une liste de modules" in done.err, done.err


@pytest.fixture
def deep(tree):
    """python stands behind gcc, and behind gcc with mpi; nothing of it is in what StdEnv opens."""
    def python(name, version):
        folder = tree.mods / "software" / version / "bin"
        tree.file(name, 'prepend_path("PATH", "%s")\nsetenv("PYMOD", "%s")' % (folder, version))

    for path in (tree.mods / "std/python").iterdir():
        path.unlink()
    tree.file("std/gcc/12.3.lua", 'family("compiler") setenv("GCC", "12") prepend_path("MODULEPATH", "%s/gcc12")' % tree.mods)
    tree.file("std/gcc/13.1.lua", 'family("compiler") setenv("GCC", "13") prepend_path("MODULEPATH", "%s/gcc13")' % tree.mods)
    tree.file("std/intel/1.lua", 'family("compiler")')
    tree.file("gcc12/mpi/4.1.lua", 'setenv("MPI", "4.1") prepend_path("MODULEPATH", "%s/mpi")' % tree.mods)
    for number in (12, 13):
        python("gcc%d/python/%s.lua" % (number, VERSION), VERSION)
    python("mpi/python/%s-mpi.lua" % VERSION, VERSION)
    tree.env["LOPIN_SITE"] = tree.site
    tree.python = python
    return tree


def test_python_behind_other_modules(deep):
    """What needs least; of several ways the last; what is loaded stays."""
    minor = VERSION.rpartition(".")[0]
    line = "StdEnv/2023:gcc/13.1:python/%s" % VERSION
    for words in (("--python", minor), ("--python", "==%s" % VERSION), ()):
        done = deep("run", *words, "show.py")
        assert (done.code, done.out) == (0, "13 None %s %s\n" % (line, VERSION)), (words, done.err)
    done = deep("run", "--module", "StdEnv,gcc/12", "--python", minor, "show.py")
    assert (done.code, done.out) == (0, "12 None StdEnv/2023:gcc/12.3:python/%s %s\n" % (VERSION, VERSION)), done.err
    loaded = json.loads(deep("module", "--shell", "json", "load", "StdEnv", "gcc/12").out)["set"]
    assert deep("run", "--python", minor, "show.py", env=loaded).out.startswith("12 None StdEnv/2023:gcc/12.3:python/")
    # a compiler that all of them would take away
    deep.python("gcc13/python/3.98.1.lua", VERSION)
    done = deep("run", "--module", "StdEnv,intel", "--python", "3.98", "show.py")
    assert done.code == 125 and "gcc/13.1 python/3.98.1 (not beside intel/1)" in done.err and "module spider python" in done.err, done.err
    # what is on the way fails: the next way
    deep.file("std/gcc/13.1.lua", 'LmodError("no licence")')
    assert deep("run", "--python", minor, "show.py").out.startswith("12 ")
    # a version that is not there says what is
    done = deep("run", "--python", "3.99", "show.py")
    assert done.code == 125 and "modules: python/%s" % VERSION in done.err, done.err


def test_python_behind_others_is_kept(deep):
    """By a run, its report and the environment; found again at once when a file is edited."""
    names = "StdEnv/2023, gcc/13.1, python/%s" % VERSION
    minor = VERSION.rpartition(".")[0]
    deep.write("one.py", "import os\nprint(os.environ['PYMOD'], os.environ['GCC'])\n")
    done = deep("map", "--python", minor, "one.py", "a")
    assert done.code == 0 and "modules %s\n" % names in done.err and deep("log", "1").out == "%s 13\n" % VERSION, done.err
    assert json.loads((deep.cwd / ".lopin/runs/1/run.json").read_text())["modules"] == names.split(", ")
    assert "modules %s\n" % names in deep("map", "--dry-run", "--python", minor, "one.py", "a").err
    done = deep("venv", "--python", minor, "env")
    assert done.code == 0, done.err
    assert "lopin-modules = %s\n" % names.replace(", ", ":") in (deep.cwd / "env/pyvenv.cfg").read_text()
    assert deep("run", "--env", "env", "one.py").out == "%s 13\n" % VERSION
    # the one way that the cache knows leads nowhere by now
    for path in ("gcc13/python/%s.lua" % VERSION, "mpi/python/%s-mpi.lua" % VERSION):
        (deep.mods / path).unlink()
    assert deep("run", "--python", minor, "one.py").out == "%s 12\n" % VERSION
    deep.file("std/gcc/12.3.lua", 'prepend_path("MODULEPATH", "%s/gcc13")' % deep.mods)
    deep.python("gcc13/python/%s.lua" % VERSION, VERSION)
    deep.file("std/gcc/13.1.lua", 'setenv("GCC", "new")')
    done = deep("run", "--python", minor, "show.py")
    assert done.out.split()[-2:] == ["StdEnv/2023:gcc/12.3:python/%s" % VERSION, VERSION], (done.out, done.err)
