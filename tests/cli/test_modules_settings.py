# SPDX-License-Identifier: Apache-2.0
"""Lmod's settings, beside the sequences of tests/cases/modules/settings."""
import subprocess

import modules
import pytest


@pytest.fixture
def module(lopin):
    run = modules.shell_of(lopin)
    for name in ("gcc/12", "intel/1", "zlib/1.2.13", "zlib/1.3", "b-c/1"):
        run.file(name + ".lua", "setenv('M', '%s')" % name)
    run.file("needs/1.lua", "depends_on('zlib/1.2.13')")
    run.file("tcl/1", "#%Module\nsetenv M tcl\n")
    return run


def lmod(lopin, *words, **env):
    if not modules.lmod():
        pytest.skip("needs Lmod (script/install modules)")
    return subprocess.run([modules.LMOD, "bash", *words], env={**lopin.env, **env}, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


NAGS = """# comment: no
zlib/1.3|gcc/12: use another
    or not

^intel: not for you

/mods/needs/: by its file
and one more line: with a colon

b-c/1:
words

lib[: no pattern"""


@pytest.mark.sanitize
def test_what_the_site_says_of_a_module(module, lopin):
    file = lopin.cwd / "nags"
    file.write_text(NAGS + "\n")
    env = {"LMOD_ADMIN_FILE": str(file)}
    wanted = {"zlib": ["zlib/1.3:", "use another"], "zlib/1.2.13": [], "intel": ["intel/1:", "not for you"], "b-c": ["b-c/1:", "words"], "gcc": ["gcc/12:", "use another", "or not"]}
    for name, words in wanted.items():
        done = module("load", name, env=env)
        assert done.code == 0 and bool(done.err) == bool(words) and all(word in done.err for word in words), name
    assert module("load", "needs", "gcc", env=env).err == \
        "what the site says of these modules:\n\ngcc/12:\nuse another\n    or not\n\nneeds/1:\nby its file\nand one more line: with a colon\n\n"
    assert module("load", "zlib", env={**env, "LMOD_QUIET": "1"}).err == module("-Q", "load", "zlib", env=env).err == ""
    assert module("load", "zlib", env={"LMOD_ADMIN_FILE": "/nonexistent"}).err == module("load", "zlib", env={"LMOD_ADMIN_FILE": ""}).err == ""


def test_lmod_says_it_of_the_same(module, lopin):
    file = lopin.cwd / "nags"
    file.write_text(NAGS.replace("lib[", "libx") + "\n")
    env = {"MODULEPATH": str(module.tree), "LMOD_ADMIN_FILE": str(file)}
    for names in (["zlib"], ["intel", "gcc"], ["needs"], ["b-c", "zlib/1.2.13"]):
        said = lmod(lopin, "load", *names, **env).stderr
        assert [line for line in said.splitlines() if line.endswith("/12:") or line in ("zlib/1.3:", "intel/1:", "b-c/1:", "needs/1:")] == \
            [line for line in module("load", *names, env=env).err.splitlines() if line[-1:] == ":" and "/" in line], names


def test_files_in_tcl_are_left_out(module):
    no, yes = ({"LMOD_ALLOW_TCL_MFILES": value} for value in ("no", "yes"))
    for env in (yes, no, yes, no):  # the second time by what was kept
        for verb in ("avail", "spider"):
            shown = {one["full"] for one in module(verb, shell="json", env=env).json()["modules"]}
            assert ("tcl/1" in shown) == (env is yes) and "gcc/12" in shown, verb


def test_defaults_as_they_are_chosen(module, lopin):
    other = lopin.cwd / "other"
    for name in ("zlib/2", "gcc/13", "gcc/14"):
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / (name + ".lua")).write_text("")
    path = {"MODULEPATH": "%s:%s" % (module.tree, other)}

    def defaults(**env):
        return [line for line in module("-t", "-d", "avail", "zlib", "gcc", env={**path, **env}).err.splitlines() if not line.endswith(":")]
    assert defaults() == ["gcc/14", "zlib/2"]
    assert defaults(LMOD_TMOD_FIND_FIRST="yes") == ["gcc/12", "zlib/1.3"]
    assert defaults(LMOD_EXACT_MATCH="yes") == []
    assert "(D)" not in module("avail", env={**path, "LMOD_EXACT_MATCH": "yes"}).err


@pytest.mark.sanitize
def test_what_is_refused_says_how_it_is_done(module):
    for name in "ab":
        module.file("%s/1.lua" % name, "family('letter')")
    done = module("load", "zlib/1.2.13", "zlib", env={"LMOD_DISABLE_SAME_NAME_AUTOSWAP": "yes"})
    assert done.code == 1 and done.out == "false\n" and "module swap zlib/1.2.13 zlib/1.3" in done.err and "LMOD_DISABLE_SAME_NAME_AUTOSWAP" in done.err
    done = module("load", "a", "b", env={"LMOD_AUTO_SWAP": "no"})
    assert done.code == 1 and done.out == "false\n" and "module swap a b/1" in done.err and "LMOD_AUTO_SWAP" in done.err


def test_pinned_versions_are_those_described(module):
    loaded = module("load", "zlib", shell="json").json()["set"]
    assert module("save", "p", env=loaded).code == 0
    for value, name in {"yes": "zlib/1.3", "no": "zlib"}.items():
        assert module("-t", "describe", "p", env={"LMOD_PIN_VERSIONS": value}).err == name + "\n"


def test_clusters_that_share_a_home_have_their_own_collections(module, lopin):
    def state(*names):
        return module("load", *names, shell="json").json()["set"]

    def names(**env):
        return module("-t", "savelist", env=env).err.split()
    assert module("save", "y", env={**state("gcc"), "LMOD_SYSTEM_NAME": "A"}).err == "saved as collection 'y'\n"
    assert module("save", "y", env={**state("zlib"), "LMOD_SYSTEM_NAME": "B.x"}).code == module("save", env=state("intel")).code == 0
    assert names(LMOD_SYSTEM_NAME="A") == names(LMOD_SYSTEM_NAME="B.x") == ["y"] and names() == names(LMOD_SYSTEM_NAME="") == ["default"] and names(LMOD_SYSTEM_NAME="x") == []
    assert [module("-t", "describe", "y", env={"LMOD_SYSTEM_NAME": name}).err for name in ("A", "B.x")] == ["gcc\n", "zlib\n"]
    assert module("restore", "y").code == 1 and "there is no collection 'y'" in module("restore", "y", env={"LMOD_SYSTEM_NAME": "C"}).err
    module.file("asks/1", "#%Module\nsetenv SAVED [is-saved y]")
    assert ["1" in module("load", "asks", shell="json", env=env).json()["set"]["SAVED"] for env in ({"LMOD_SYSTEM_NAME": "A"}, {})] == [True, False]
    assert module("disable", "y", env={"LMOD_SYSTEM_NAME": "A"}).code == 0 and names(LMOD_SYSTEM_NAME="A") == [] and names(LMOD_SYSTEM_NAME="B.x") == ["y"]


def test_a_collection_of_lmod_for_a_cluster(module, lopin):
    env = {"MODULEPATH": str(module.tree), "LMOD_SYSTEM_NAME": "A"}
    made = lmod(lopin, "load", "gcc", **env)
    assert made.returncode == 0
    line = 'eval "$(%s bash load gcc 2>/dev/null)"; %s bash save y' % (modules.LMOD, modules.LMOD)
    subprocess.run(["bash", "--norc", "-c", line], env={**lopin.env, **env}, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    assert (lopin.home / ".lmod.d" / "y.A").exists()
    assert module("restore", "y", shell="json", env=env).json()["set"]["LOADEDMODULES"] == "gcc/12" and module("-t", "savelist", env=env).err == "y\n"
    assert module("-t", "savelist").err == ""


WRONG = [["-x", "load", "gcc"], ["--nosuch", "load", "gcc"], ["loadx", "gcc"], [], ["load"], ["load", "--nosuch"], ["list", "--nosuch"], ["-w", "x", "list"], ["-w"], ["init", "nosuch"], ["purge", "gcc"]]


@pytest.mark.sanitize
@pytest.mark.parametrize("shell, code", [("bash", "false\n"), ("zsh", "false\n"), ("sh", "false\n"), ("fish", "false\n"), ("csh", "/bin/false;\n")])
def test_a_wrong_line_fails_where_it_is_evaluated(module, lopin, shell, code):
    for words in WRONG:
        for line in ([["--shell", shell] + words, words + ["--shell=" + shell]] if words[-1:] not in (["-w"], ["nosuch"]) and words else [["--shell", shell] + words]):
            done = lopin("module", *line, env={"MODULEPATH": str(module.tree)})
            assert (done.code, done.out) == (1, code) and "[usage]" in done.err, line
    for words in WRONG:
        done = lopin("module", *words, env={"MODULEPATH": str(module.tree)})
        assert done.code == 2 and done.out == "", words
    assert lopin("module", "--shell", "json", "--nosuch").out == lopin("module", "--shell", "nosuch", "--nosuch").out == ""


def test_options_of_lmod(module, lopin):
    for option in (["-q"], ["--quiet"], ["-w", "60"], ["--width=60"], ["--expert"], ["--novice"], ["-s", "system"], ["--style=system"], ["--spider_timeout=3"], ["--no_redirect"], ["--no_extensions"], ["--pin_versions=yes"]):
        done = module(*option, "load", "gcc")
        assert done.code == 0 and "gcc/12" in done.out, option
    assert module("ml", "-w", "60", "-q", "gcc").out == module("-w", "60", "load", "gcc").out
    module.file("ext/1.lua", "extensions('numpy/1.2')")
    assert "numpy" in module("avail", "numpy").err and "numpy" not in module("--no_extensions", "avail", "numpy").err.partition("no such module")[0]
    assert max(len(line) for line in module("--width=40", "avail").err.split("\n\n")[1].splitlines()) <= 40 < max(len(line) for line in module("avail").err.split("\n\n")[1].splitlines())
    assert module("--redirect", "--no_redirect", "list").out == "" and "echo" in module("--redirect", "list").out
    assert "echo" in module("list", env={"LMOD_REDIRECT": "yes"}).out and module("list", env={"LMOD_REDIRECT": "no"}).out == module("--no_redirect", "list", env={"LMOD_REDIRECT": "yes"}).out
    assert "not read (--ignore_cache)" in module("-D", "-t", "spider", env={"LMOD_IGNORE_CACHE": "1"}).err and "not read" not in module("-D", "-t", "spider").err
    loaded = module("load", "zlib/1.3", shell="json").json()["set"]
    assert "another version" in module("load", "zlib/1.2.13", env=loaded).err and module("-q", "load", "zlib/1.2.13", env=loaded).err == ""
    assert module("save", "p", env=module("load", "zlib", shell="json").json()["set"]).code == 0
    module.file("zlib/1.4.lua", "")
    for value, full in {"yes": "zlib/1.3", "no": "zlib/1.4"}.items():
        for env in ({}, {"LMOD_PIN_VERSIONS": "yes"}, {"LMOD_PIN_VERSIONS": "no"}):
            assert module("--pin_versions=" + value, "restore", "p", shell="json", env=env).json()["set"]["LOADEDMODULES"] == full
