# SPDX-License-Identifier: Apache-2.0
"""Modulefiles in Tcl: what a sequence of commands leaves in a shell is what Lmod 8.6 leaves, and Environment Modules 5.2 where both mean the same."""
import copy
import json
import os
import re
import shutil
import subprocess

import modules
import pytest
from conftest import BINARY

SEQUENCES = modules.sequences("tcl")
GOLDEN = modules.golden("tcl")
MODULES = {"tcl/" + name: steps for name, steps in json.loads((modules.CASES / "tcl" / "golden-modules.json").read_text()).items()}
WORD = {"ODD8": "é ü"}  # Lmod 8.6 takes a file for Latin-1
# Lmod's translation sets the variable before it is pushed, so that what the user had is lost. Environment Modules does as we do.
DIFFERENT = {
    "tcl/push": {0: {"set": {"__LMOD_STACK_PUSHED": "b25l"}}, 1: {"set": {"__LMOD_STACK_PUSHED": None},
                                                                     "unset": ["LOADEDMODULES", "PUSHED", "_LMFILES_", "__LMOD_STACK_PUSHED"]}},
    "tcl/push-user": {1: {"set": {"__LMOD_STACK_PUSHED": "b25l:dXNlcg=="}}, 2: {"set": {"__LMOD_STACK_PUSHED": "dXNlcg==", "PUSHED": "user"}}},
    "tcl/push-two": {1: {"set": {"__LMOD_STACK_PUSHED": "b25l:dXNlcg=="}}, 2: {"set": {"__LMOD_STACK_PUSHED": "dHdv:b25l:dXNlcg=="}},
                     3: {"set": {"__LMOD_STACK_PUSHED": "b25l:dXNlcg=="}}, 4: {"set": {"__LMOD_STACK_PUSHED": "dXNlcg==", "PUSHED": "user"}}},
    "tcl/push-two-order": {1: {"set": {"__LMOD_STACK_PUSHED": "dHdv:b25l:dXNlcg=="}}, 2: {"set": {"__LMOD_STACK_PUSHED": "b25l:dXNlcg=="}},
                           3: {"set": {"__LMOD_STACK_PUSHED": "dXNlcg==", "PUSHED": "user"}}},
    "tcl/odd": {0: {"set": WORD}},
    "tcl/many": {0: {"set": {**WORD, "__LMOD_STACK_PUSHED": "b25l"}}, 3: {"set": {"__LMOD_STACK_PUSHED": None}, "also unset": ["PUSHED", "__LMOD_STACK_PUSHED"]}},
    # Lmod ends as if all were well, and does nothing
    "tcl/exits": {1: {"rc": 1, "about": ["error"]}},
    # which has no getenv
    "tcl/getenv": {0: {"rc": 0, "about": [], "set": {"GETENV_HOME": "HOME", "GETENV_NONE": "otherwise", "GETENV_EMPTY": "x", "LOADEDMODULES": "getenv/1", "_LMFILES_": "TREE/Core/getenv/1",
                                        "__LMOD_REF_COUNT_MODULEPATH": "TREE/Core:1"}},
                   1: {"set": {"__LMOD_REF_COUNT_MODULEPATH": None}, "also unset": ["GETENV_EMPTY", "GETENV_HOME", "GETENV_NONE", "LOADEDMODULES", "_LMFILES_"]}},
    # and sets a variable that is called after the value
    "tcl/respect": {1: {"set": {"respect": None}}, 2: {"unset": ["LOADEDMODULES", "_LMFILES_"]}},
    "tcl/respect-none": {0: {"set": {"respect": None, "SET": "respect"}}, 1: {"unset": ["LOADEDMODULES", "SET", "_LMFILES_"]}},
}
# Which Lmod's translation does not know: of those all is as Environment Modules has it.
SOURCE = [name for name in SEQUENCES if name.startswith("tcl/source")]
# Where Environment Modules 5.2 does other things than Lmod 8.6, whom we follow, by why.
OTHERS = {
    "a command that fails changes nothing": "load-good-none broken-good unknown-command breaks breaks-good breaks-within exits returns says",
    "another version, or member of a family, takes the place of the first":
        "swap-version hierarchy-swap hierarchy-missing hierarchy-other family family-compiler paths-swap sticky-swap ebuild-loaded spack-loaded",
    "what MODULEPATH no more has is inactive": "hierarchy-swap-word hierarchy-unload uses",
    "a prerequisite is not loaded": "prereq prereq-met prereq-late prereq-any prereq-version any-of all-of",
    "who depends on it stays": "depends-unload-dep",
    "what a module loaded goes with it, and what was there before does not": "loads-user iffy ebuild",
    "each is loaded in its place": "depends-purge loads-dependants chain-both",
    "a conflict is asked by who has it": "conflict-after",
    "entries of a list are written regularly, and stand once, where they were put last": "paths-two paths-user paths-odd paths-empty spack",
    "a number behind the value is a priority": "paths-priority paths-priority-first",
    "sticky is a property": "sticky",
    "rc files give names in their way": "load-link load-alias load-all-defaults load-rc-script-name load-rc-script-alias load-hidden-version",
    "load -x, and swap without the old one": "load-minus swap-none unload-part",
    "functions are not exported": "alias alias-away alias-purge",
    "options that only one knows": "respect respect-none completes",
    "namespaces of a file are its own": "leaks",
    "Lmod 8.6 has no source-sh of files in Tcl": "source source-again source-env",
    "Lmod 8.6 is wrong, Environment Modules is as we are": "push push-user push-two push-two-order getenv odd many",
}
ONLY_ONE = re.compile(r"__LMOD|__MODULES|LMOD_|MODULES_")


def expected(name):
    """Lmod's answer, with what is ours in its place."""
    steps = copy.deepcopy(GOLDEN[name])
    for number, members in DIFFERENT.get(name, {}).items():
        step = steps[number]
        for member, value in members.items():
            if member == "set":
                step["set"] = {key: one for key, one in {**step["set"], **value}.items() if one is not None}
            elif member == "also unset":
                step["unset"] = sorted(set(step["unset"]) | set(value))
            else:
                step[member] = value
    return steps


def shells(steps):
    """What both programs mean of the shell after each step."""
    env, found = {}, []
    for step in steps:
        env = {name: value for name, value in {**env, **step["set"]}.items() if name not in step["unset"]}
        found.append({"fails": step["rc"] != 0, "env": {name: value for name, value in env.items() if not ONLY_ONE.match(name)}, "aliases": step["aliases"],
                      "functions": step["functions"]})
    return found


def test_all_are_known():
    assert len(SEQUENCES) >= 110 and set(SEQUENCES) == set(GOLDEN) == set(MODULES) and set(DIFFERENT) <= set(SEQUENCES)
    differ = [name for names in OTHERS.values() for name in names.split()]
    assert len(differ) == len(set(differ))
    assert set(differ) == {name[4:] for name in SEQUENCES if shells(GOLDEN[name]) != shells(MODULES[name])}
    for name in ("push", "push-user", "push-two", "getenv", "odd"):
        assert shells(expected("tcl/" + name)) == shells(MODULES["tcl/" + name])


def test_sequences(tmp_path):
    made = modules.run_all(SEQUENCES, tmp_path, [modules.lopin(BINARY)])
    found = {name: modules.shorten(steps) for name, steps in made.items()}
    different = modules.differences({name: steps for name, steps in found.items() if name not in SOURCE}, {name: expected(name) for name in SEQUENCES if name not in SOURCE})
    assert not different, [(name, [step["talk"] for step in made[name]]) for name in different]
    assert len(SOURCE) == 4
    for name in SOURCE:  # which has functions for programs too
        theirs = json.loads(json.dumps(shells(MODULES[name])).replace("declare -fx", "declare -f"))
        assert shells(found[name]) == theirs, made[name]


def ends_alike(names, folder, programs, wanted):
    """Whether each sequence, its steps done by the programs in turn, ends in the shell that is wanted."""
    made = modules.run_all({"tcl/" + name: SEQUENCES["tcl/" + name] for name in names}, folder, programs)
    for name, steps in made.items():
        assert shells(modules.shorten(steps))[-1] == shells(wanted(name))[-1], (name, steps)


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
@pytest.mark.parametrize("first", ["lopin", "modules"])
def test_together_with_modules(tmp_path, first):
    """What one has loaded the other lists, unloads and swaps, step by step in one shell."""
    programs = [modules.lopin(BINARY), modules.modules52()]
    names = ["unload", "purge", "swap", "paths", "set", "uname", "self-user", "libs", "several", "depends-user"]
    ends_alike(names, tmp_path, programs if first == "lopin" else programs[::-1], MODULES.get)


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
def test_what_modules_loaded_by_itself(tmp_path):
    """It goes with those that need it."""
    ends_alike(["chain", "depends", "loads-together"], tmp_path, [modules.modules52(), modules.lopin(BINARY)], MODULES.get)


NOTED = """load py/1|unload py|purge; load zlib py/2|unload zlib|purge; load beside|load zlib|purge; load kept|purge|--force purge
load zz|is-loaded zz|unload zz; load py/1|unload zlib|purge; load member|load other|purge"""


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
def test_modules_knows_what_was_loaded(module, lopin):
    """What lopin loads is needed, sticky, in conflict and of other names for Environment Modules too, as what it loads itself."""
    for name, text in {"zlib/1": "setenv Z 1", "py/1": "module load zlib", "py/2": "prereq zlib", "kept/1": "", "beside/1": "conflict zlib", "member/1": "family kind",
                       "other/1": "family kind", ".modulerc": "module-tag sticky kept/1\nmodule-version zlib/1 lts\nmodule-alias zz zlib/1"}.items():
        module.file(name, text)
    ends = []
    for first in (modules.lopin(BINARY), modules.modules52()):
        lines = []
        for row in re.split("[;\n]", NOTED):
            for number, step in enumerate(row.strip().split("|")):
                lines.append('eval "$(%s %s 2>/dev/null)"; echo "%s: $? $LOADEDMODULES"' % (modules.modules52() if number else first, step, step))
                lines.append('[ %d = 1 ] || env | grep "^__MODULES_LM" | sort | sed "s/&as|[^:&]*//g; s/:[^:&]*\\(:\\|$\\)/\\1/g; /=[^&]*$/d"' % number)
        env = lopin.environment({"MODULEPATH": str(module.tree), "MODULES_CMD": "x"})
        ends.append(subprocess.run(["bash", "--norc", "-c", "\n".join(lines)], env=env, cwd=lopin.cwd, capture_output=True, text=True, check=False).stdout)
    assert ends[0] == ends[1] and "unload zlib: 0 \n" in ends[0] and "purge: 1 kept/1\n" in ends[0] and "LMALTNAME=zlib/1&zlib/lts&al|zz" in ends[0], ends


WANTED = ["prereq zlib@latest", "prereq zlib@default", "prereq zlib@1.3:", "prereq zlib@:1.2", "prereq zlib@1.2 zlib@latest", "prereq-all zlib@1.3: zlib@latest", "conflict zlib@latest",
          "conflict zlib@default", "conflict zlib@1.3:", "setenv IS [is-loaded zlib@latest]", "setenv IS [is-loaded zlib@default]", "setenv IS [is-loaded zlib@:1.2]"]


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
def test_versions_that_are_wanted(module, lopin):
    """A range, the default and the newest are compared with what is loaded."""
    lines = []
    for version in ("1.2", "1.3"):
        module.file("zlib/" + version, "")
    for number, text in enumerate(WANTED):
        module.file("app/%d" % number, text)
        lines += ['( eval "$($P load zlib/%s 2>/dev/null)"; eval "$($P load app/%d 2>/dev/null)"; echo "%s, %s: $? $IS $LOADEDMODULES" )' % (version, number, text, version)
                  for version in ("1.2", "1.3")]
    ends = [subprocess.run(["bash", "--norc", "-c", "\n".join(lines)], env=lopin.environment({"MODULEPATH": str(module.tree), "MODULES_AUTO_HANDLING": "0", "P": program}),
                           cwd=lopin.cwd, capture_output=True, text=True, check=False).stdout for program in (modules.lopin(BINARY), modules.modules52())]
    assert ends[0] == ends[1] and ": 1 " in ends[0] and "zlib@latest], 1.2: 0 0 zlib/1.2:app/9" in ends[0], ends


# A swap is lopin's: Environment Modules 5.2 forgets the user's value if it takes away the last that pushed.
PUSHED = """load b|unload b; load a|load b|unload a|unload b; load a|load b|unload b|unload a; load a|load b|purge; load b|swap b c|purge; load a|load b|swap b c|unload a|load b|purge
load a|load b|swap a c|unload b|unload c; load b|purge|load a|unload a; load a|unload a|load b|load c|unload b|purge"""


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
@pytest.mark.parametrize("user", ["user", "", None])
def test_pushed_by_both(module, lopin, user):
    """pushenv, undone by whom it may be: what a module pushed is taken away with it, and at last there is what the user had."""
    for name, value in {"a": "pa", "b": "p&b", "c": "{}"}.items():
        module.file(name + "/1", "pushenv P %s" % value)
    lines, wanted = [], []
    for row in re.split("[;\n]", PUSHED):
        steps = row.strip().split("|")
        for turn in range(4):  # who begins, and whether it is each in turn or the other from the second on
            code, stack = [], []
            for number, step in enumerate(steps):
                is_ours = step.startswith("swap") or bool((turn + (number if turn < 2 else min(number, 1))) % 2)
                code.append('eval "$(%s %s 2>/dev/null)"; echo "%s: ${P-unset}"' % (modules.lopin(BINARY) if is_ours else modules.modules52(), step, step))
                verb, *names = step.split()
                stack = [] if verb == "purge" else [name for name in stack if verb == "load" or name != names[0]] + (names[-1:] if verb != "unload" else [])
                wanted.append("%s: %s" % (step, {"a": "pa", "b": "p&b", "c": "", "": "unset" if user is None else user}[stack[-1] if stack else ""]))
            lines += ["( %s; echo ${__MODULES_PUSHENV_P+left} )" % "; ".join(code)]
            wanted.append("")
    env = lopin.environment({"MODULEPATH": str(module.tree), "MODULES_CMD": "x", "P": user})
    done = subprocess.run(["bash", "--norc", "-c", "\n".join(lines)], env=env, cwd=lopin.cwd, capture_output=True, text=True, check=False).stdout.splitlines()
    assert done == wanted


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
def test_unloaded_by_another_name(module, lopin):
    """By an alias or a version's other name, whoever loaded it, where there is an Environment Modules; Lmod 8.6 does nothing then."""
    module.file("b/1", "setenv B 1")
    module.file("b/2", "setenv B 2")
    module.file(".modulerc", "module-alias bb b/1\nmodule-version b/1 lts\nmodule-alias cc bb")
    both, lines = (modules.lopin(BINARY), modules.modules52()), []
    for first in both:
        for load in ("bb", "b/1", "b/lts"):
            for step in ("unload bb", "unload b/lts", "unload cc", "load -bb", "swap bb b/2", "unload b/2", "unload nosuch"):
                lines.append('( eval "$(%s load %s)"; eval "$(%s %s)"; echo "%s: $LOADEDMODULES" )' % (first, load, both[0], step, step))
    wanted = ["unload bb: ", "unload b/lts: ", "unload cc: ", "load -bb: ", "swap bb b/2: b/2", "unload b/2: b/1", "unload nosuch: b/1"] * 6
    env = lopin.environment({"MODULEPATH": str(module.tree), "MODULES_CMD": "x"})
    done = subprocess.run(["bash", "--norc", "-c", "\n".join(lines)], env=env, cwd=lopin.cwd, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == wanted, done.stderr


@pytest.mark.skipif(not modules.lmod(), reason="needs Lmod (script/install modules)")
def test_together_with_lmod(tmp_path):
    ends_alike(["hierarchy-swap", "depends", "alias", "ebuild", "paths"], tmp_path, [modules.lopin(BINARY), modules.lmod()], expected)


@pytest.fixture
def module(lopin):
    return modules.shell_of(lopin, "json", "#%Module\n")


@pytest.mark.parametrize("text, words", [
    ("setenv A {", "bad/1:2: missing close-brace"),
    ("\n\nif {1} {\n    nosuch\n}", "bad/1:5: invalid command name \"nosuch\""),
    ("proc f {} {\n\n    error oops\n}\n\nf", "bad/1:7: oops"),
    ("gets stdin", "bad/1:2: a modulefile has no standard input"),
    ("read stdin", "bad/1:2:"),
    ("open /dev/tty", "bad/1:2: a modulefile opens only regular files"),
    ("setenv A", "bad/1:2: wrong # args"),
    ("setenv A=B x", "bad/1:2: 'A=B' is no name of a variable"),
    ("setenv A x\\0y", "bad/1:2: setenv: a text has no zero byte"),
    ("prepend-path PATH", "bad/1:2: wrong # args"),
    ("module bad x", "bad/1:2: a modulefile has no command 'module bad'"),
    ("module-info nosuch", "bad/1:2: module-info nosuch is not known"),
    ("puts $env(NO_SUCH_VARIABLE)", "no such variable"),
    ("proc f {} {f}; f", "bad/1:2: too many nested evaluations"),
    ("module load bad", "bad"),
    ("exit 0", "calls exit"),
    ("reportError {no $(touch hurt)}", "touch"),
    ("catch {conflict good}", "cannot be loaded beside 'good'"),
    ("catch {module load raises}", "raises/1:2: inner"),
    ("while 1 {}", "bad/1:2: it takes more than a minute, 2 s of processor"),
    ("variant --default 3 v 1 2", "bad/1:2: the variant 'v' has no value '3'"),
    ("family a-b", "bad/1:2:"),
    ("chdir /proc/nonexistent", "bad/1:2:"),
])
def test_a_bad_file(module, lopin, text, words):
    module.file("bad/1", text)
    module.file("good/1", "setenv GOOD 1")
    module.file("raises/1", "error inner")
    done = module("load", "good", "bad", shell="bash")
    assert done.code == 1 and done.out == "false\n" and words in done.err and "[module-failed]" in done.err
    assert not (lopin.cwd / "hurt").exists()


def test_too_much_memory(module):
    """One command may ask for what a machine does not have."""
    module.file("list/1", "set l [lrepeat 300000000 x]")
    module.file("text/1", "set s [string repeat x 2000000000]")
    assert module("load", "list", shell="bash").err == "lopin: out of memory: a modulefile in Tcl takes more than there is, or than 512 MB [module-failed]\n"
    done = module("load", "text", shell="bash")
    assert done.code == 1 and done.out == "false\n" and "text/1:2:" in done.err


def test_cookies(module):
    module.file("new/1", "setenv A 1", "#%Module5.9\n")
    module.file("old/1", "setenv A 1", "#%Module1.0\n")
    done = module("load", "new")
    assert done.code != 0 and "new/1:1: it wants Environment Modules 5.9" in done.err
    assert module("load", "old").json()["set"]["A"] == "1"
    path = module.file("gone/1", "setenv B 1")
    state = module("load", "gone").json()["set"]
    path.write_text("no module any more\n")
    done = module("unload", "gone", env=state)
    assert done.code == 0 and "warning:" in done.err and "gone/1:1: it does not begin with" in done.err


@pytest.mark.sanitize
def test_what_a_file_prints_is_no_code(module):
    module.file("talk/1", "\n".join([
        "puts {touch a}", "puts -nonewline stdout {touch b\n}", "puts prestdout {touch c}", "chan puts stdout {touch d}", "exec echo touch e >@stdout", "exec echo touch f >@stderr",
        "system echo touch g", "puts stderr [exec cat]empty", "setenv T [exec echo h]"]))
    done = module("load", "talk", shell="bash")
    assert done.code == 0 and "touch" not in done.out and "export T='h'" in done.out
    assert all("touch " + letter in done.err for letter in "abcdefg") and "\nempty\n" in done.err


@pytest.mark.sanitize
def test_env(module):
    """A file sees what was set in the command, and programs see what it set; what it writes into env is its own."""
    module.file("env/1", "\n".join([
        "setenv A one", "set env(B) two", "setenv SEEN [exec sh -c {echo $A $B}]", "unset env(C)", "setenv GONE [info exists env(C)][getenv C none]",
        "setenv NAMES [llength [array names env {[ABC]}]]", "module load other", "setenv OTHER $env(O)", "setenv AFTER $env(O2)"]))
    module.file("other/1", "setenv O $env(A)[info exists env(B)]\nprepend-path O2 x")
    done = module("load", "env", env={"C": "three"}).json()
    assert {name: done["set"].get(name) for name in ("A", "B", "SEEN", "GONE", "NAMES", "O", "OTHER", "AFTER")} == {
        "A": "one", "B": None, "SEEN": "one two", "GONE": "0none", "NAMES": "2", "O": "one0", "OTHER": "one0", "AFTER": "x"}
    assert "C" not in done["unset"]


@pytest.mark.sanitize
def test_each_loads_the_other(module):
    module.file("top/1.lua", 'depends_on("middle")\nsetenv("TOP", os.getenv("MIDDLE") or "none")', "")
    module.file("middle/1", "depends-on low\nsetenv MIDDLE [is-loaded low]$env(LOW)")
    module.file("low/1.lua", 'family("lows")\nsetenv("LOW", "low")', "")
    module.file("low2/1", "family lows\nsetenv LOW low2")
    loaded = module("load", "top").json()["set"]
    assert loaded["LOADEDMODULES"] == "low/1:middle/1:top/1" and loaded["TOP"] == "1low" and loaded["LMOD_FAMILY_LOWS"] == "low"
    swapped = module("load", "low2", env=loaded).json()
    assert swapped["set"]["LOADEDMODULES"] == "middle/1:top/1:low2/1" and swapped["set"]["LMOD_FAMILY_LOWS"] == "low2"
    assert set(module("unload", "top", env=loaded).json()["unset"]) >= {"TOP", "MIDDLE", "LOW", "LOADEDMODULES"}


@pytest.mark.sanitize
def test_questions(module):
    module.file("ask/1.0", "\n".join("setenv Q%d [%s]" % (i, text) for i, text in enumerate([
        "module-info mode", "module-info mode load", "module-info mode unload", "module-info name", "module-info specified", "module-info shell", "module-info shelltype sh",
        "module-info type", "module-info username [module-info username]", "module-info version ask/lts", "module-info alias asks", "module-info symbols ask/1.0",
        "module-info loaded ask2", "module-info command", "is-avail nosuch ask", "is-used $env(MODULEPATH)", "versioncmp 1.8 1.10", "module-info usergroups nosuch",
        "llength [info commands depends-on]", "clock format 0 -gmt 1 -format %Y", "package require msgcat; list 1", "getvariant none other", "is-saved nosuch"])))
    module.file("ask2/1", "module-info tags")
    module.file("ask/.modulerc", "module-version ask/1.0 lts old\nmodule-alias asks ask/lts")
    answers = module("load", "ask2", "ask/lts").json()["set"]
    assert [answers["Q%d" % i] for i in range(23)] == [
        "load", "1", "0", "ask/1.0", "ask/1.0", "bash", "1", "Tcl", "1", "ask/1.0", "ask/1.0", "lts:old", "ask2/1", "load", "1", "1", "-1", "0", "1", "1970", "1", "other", "0"]


@pytest.mark.sanitize
def test_what_rc_files_say(module):
    for number in range(1, 7):
        module.file("real/%d" % number, "setenv REAL [module-info name]-%d" % number)
    module.file("real/.modulerc", "\n".join([
        "foreach one {1 2} { if {$one == 1} { module-forbid --message {use $(another)} real/$one } }", "module-tag sticky real/2", "module-hide real/3", "module-hide --soft real/4",
        "module-hide --hard real/5", "module-virtual real/9 6", "module-forbid --after 2999-01-01 real/2", "module-hide --not-user [module-info username] real/2",
        "module-hide --before 2000-01-01T10:30 real/2"]))
    module.file(".modulerc", "set name fake\nmodule-virtual $name/1 real/2\nif {[info exists env(WANTED)]} { module-alias wanted real/$env(WANTED) }")
    listed = module("-t", "avail", shell="bash").err.split()[1:]
    assert listed == ["fake/", "fake/1", "real/", "real/1", "real/2", "real/6", "real/9"]
    done = module("load", "real/1")
    assert done.code != 0 and "use $(another)" in done.err
    assert module("load", "real/9").json()["set"]["REAL"] == "real/9-6"
    assert module("load", "real/4").json()["set"]["REAL"] == "real/4-4" and module("load", "real/3").json()["set"]["REAL"] == "real/3-3"
    assert module("load", "real/5").code != 0
    assert module("load", "fake").json()["set"]["REAL"] == "fake/1-2"
    assert module("load", "wanted", env={"WANTED": "6"}).json()["set"]["REAL"] == "real/6-6"
    sticky = module("load", "real/2").json()["set"]
    assert module("purge", env=sticky).json()["unset"] == []
    module.file("real/.modulerc", "set x [exec false]\nmodule-version real/2 default")
    done = module("load", "real")
    assert "warning:" in done.err and "real/.modulerc:2:" in done.err and done.json()["set"]["REAL"] == "real/2-2"


def test_show_whatis_help(module):
    module.file("x/1", "\n".join([
        "proc ModulesHelp {} { puts stderr {how to use x} }", "module-whatis {what x is}", "setenv X [getenv HOME]", "prepend-path PATH /opt/x", "append-path -d , L a b", "conflict y",
        "depends-on z", "module load a b", "set-alias xx {ls \"-l\"}", "if {[module-info mode display]} { puts stderr shown }"]))
    done = module("show", "x", shell="bash")
    assert done.err.partition("mods/x/1:\n\n")[2] == "\n".join([
        'whatis("what x is")', 'setenv("X","$HOME")', 'prepend_path("PATH","/opt/x")', 'append_path{"L","a,b",delim=","}', 'conflict("y")', 'depends_on("z")', 'load("a","b")',
        'set_alias("xx","ls \\"-l\\"")', "help([[how to use x", "]])", ""])
    assert done.err.startswith("shown\n")
    assert "x/1                 : what x is" in module("whatis", "x", shell="bash").err
    assert "how to use x" in module("help", "x", shell="bash").err


def test_without_tcl(module):
    module.file("x/1", "setenv X 1")
    module.file("y/1.lua", 'setenv("Y", "1")', "")
    done = module("load", "x", env={"LOPIN_TCL_LIBRARY": "/nonexistent/libtcl.so"})
    assert done.code != 0 and "x/1' is written in Tcl" in done.err and "LOPIN_TCL_LIBRARY" in done.err
    assert module("load", "y", env={"LOPIN_TCL_LIBRARY": "/nonexistent/libtcl.so"}).json()["set"]["Y"] == "1"


def test_chdir_and_refresh(module, lopin):
    module.file("x/1", "chdir /\nset-alias xx ls\nsetenv X 1")
    made = module("load", "x", shell="bash")
    assert "cd '/';" in made.out and "alias xx='ls';" in made.out
    again = module("refresh", shell="bash", env=module("load", "x").json()["set"]).out
    assert "alias xx='ls';" in again and "cd " not in again and "export X=" not in again


def test_few_operations(module, lopin):
    """What a load asks of a file system that may be slow."""
    if not shutil.which("strace"):
        pytest.skip("needs strace (script/install test)")
    for number in range(10):
        module.file("m%d/1" % number, "depends-on m%d\nsetenv M%d 1" % (number + 1, number) if number < 9 else "setenv M9 1")
    for number in range(200):
        module.file("n%d/1" % number, "setenv N 1")
    env = {**lopin.env, "MODULEPATH": str(module.tree), "ASAN_OPTIONS": "detect_leaks=0"}
    for name, most in (("m9", 12), ("m0", 120)):
        trace = lopin.cwd / ("trace-" + name)
        subprocess.run(["strace", "-f", "-e", "trace=%file,getdents64", "-o", trace, str(BINARY), "module", "--shell", "bash", "load", name], env=env, check=True, capture_output=True)
        assert sum(str(module.tree) in line for line in trace.read_text().splitlines()) <= most
