# SPDX-License-Identifier: Apache-2.0
"""What rc files hide and forbid, for whom and when: in Lua as of Lmod 8.8's manual (8.6, which is installed, has neither), in Tcl as Environment Modules 5.2."""
import datetime
import getpass
import json
import re
import subprocess

import modules
import pytest
from conftest import BINARY


def day(number):
    return (datetime.date.today() + datetime.timedelta(number)).isoformat()


def lua(verb, **members):
    def text(value):
        if isinstance(value, list):
            return "{%s}" % ", ".join(text(one) for one in value)
        return json.dumps(value)
    return "%s{%s}" % (verb, ", ".join("%s=%s" % (key, text(value)) for key, value in members.items()))


def tcl(verb, name, kind=None, hidden_loaded=False, **members):
    words = ["module-" + verb] + (["--" + kind] if kind in ("soft", "hard") else []) + (["--hidden-loaded"] if hidden_loaded else [])
    options = {"userA": "user", "groupA": "group", "notUserA": "not-user", "notGroupA": "not-group"}
    for key, value in members.items():
        words += ["--" + options.get(key, key.replace("_", "-")), "{%s}" % (" ".join(value) if isinstance(value, list) else value)]
    return " ".join(words + (name if isinstance(name, list) else [name]))


def tcl_behind(verb, name, **members):
    """With the options behind the names, as Environment Modules takes them too."""
    names = name if isinstance(name, list) else [name]
    verb, *options = tcl(verb, [], **members).split(" ")
    return " ".join([verb, *names, *options])


@pytest.fixture
def module(lopin):
    run = modules.shell_of(lopin, "json")
    for name in "abcdefgh":
        for number in (1, 2):
            run.file("%s/%d.lua" % (name, number), 'setenv("M_%s", "%d")' % (name, number))
    run.file("gate/1.lua", 'prepend_path("MODULEPATH", "%s")' % (run.tree.parent / "behind"))
    run.file("../behind/far/1.lua", "")
    return run


def version(module, name):
    """Which one that name loads, and what is said."""
    done = module("load", name)
    return (done.json()["set"]["M_" + name[0]] if done.code == 0 else None), done.err


@pytest.mark.sanitize
@pytest.mark.parametrize("write, file", [(lua, ".modulerc.lua"), (tcl, ".modulerc"), (tcl_behind, ".modulerc")])
def test_hide_and_forbid(module, write, file):
    me = getpass.getuser()
    module.file(file, ("#%Module\n" if write is not lua else "") + "\n".join([
        write("hide", name="a/2"), write("hide", name=["b/2", "nosuch/1"], kind="soft", notUserA=["nobody-so-called"]),
        write("hide", name=["c/2", "gate"], kind="hard", after="2020-01-01T10:30"), write("hide", name="d", before="2000-01-01", after=day(400)),
        write("hide", name=str(module.tree / "e/2.lua"), userA=["x", me], notUserA=[me]), write("hide", name="f/2", userA=["x"]), write("hide", name="f/2", groupA=["x"]),
        write("hide", name="f/2", notUserA=[me]), write("hide", name="g/1", hidden_loaded=True, after=day(-1)), write("forbid", name="g/2", message="too \"old\"", before=day(2)),
        write("forbid", name="h/1", after=day(3), nearly_message="use h/2"), write("forbid", name="h/2", after=day(13))]))
    spread = ["b/1", "d/1", "d/2", "e/1", "f/1", "f/2", "g/2", "h/1", "h/2"]
    for verb in ("avail", "spider", "spider"):  # the second time by what was kept
        assert [one["full"] for one in module(verb).json()["modules"] if not one["hidden"]] == ["a/1", "b/1", "c/1"] + spread[1:]
        shown = {one["full"]: one["hidden"] for one in module("--all", verb).json()["modules"]}
        assert [full for full, hidden in shown.items() if hidden] == ["a/2", "b/2", "e/2", "g/1"] and not {"c/2", "gate/1", "far/1"} & set(shown)
    assert [one["full"] for one in module("avail").json()["modules"] if one["forbidden"]] == ["g/2"] and "F: may not be loaded" in module("avail", "g", shell="bash").err
    assert [version(module, name)[0] for name in ("a", "a/2", "b", "c", "c/2", "d", "e", "e/2", "f")] == ["1", "2", "2", "1", None, "2", "1", "2", "2"]
    assert version(module, "gate")[0] is None and "  found " not in module("load", "gate").err
    assert version(module, "g/2") == (None, version(module, "g/2")[1]) and "'g/2' may not be loaded: too \"old\" [module-failed]" in version(module, "g/2")[1]
    assert version(module, "h/1") == ("1", "warning: module 'h/1' may not be loaded from %s on: use h/2\n" % day(3))
    assert version(module, "h") == ("2", "warning: module 'h/2' may not be loaded from %s on\n" % day(13))
    for days, said in {"12": "", "13": "warning", "x": "warning", "0": ""}.items():
        assert module("load", "h/2", env={"MODULES_NEARLY_FORBIDDEN_DAYS": days}).err[:7] == said
        assert module("load", "h/2", env={"MODULES_NEARLY_FORBIDDEN_DAYS": "365", "LMOD_NEARLY_FORBIDDEN_DAYS": days}).err[:7] == said
    loaded = module("load", "g/1", "f").json()["set"]
    assert loaded["LOADEDMODULES"] == "g/1:f/2"
    assert [(one["full"], one["hidden"]) for one in module("list", env=loaded).json()["modules"]] == [("f/2", False)]
    assert [(one["full"], one["hidden"]) for one in module("--show_hidden", "list", env=loaded).json()["modules"]] == [("g/1", True), ("f/2", False)]


@pytest.mark.sanitize
@pytest.mark.parametrize("write, file", [(lua, ".modulerc.lua"), (tcl, ".modulerc")])
def test_forbidden_is_not_to_be_had(module, write, file):
    """As Environment Modules has it; what is hidden too is refused by its full name alone."""
    module.file(file, ("#%Module\n" if write is tcl else "") + "\n".join([
        write("forbid", name="a/2", message="use a/1"), write("forbid", name=["b/1", "far/1"], message="gone"), write("hide", name="b/1", kind="hard"),
        write("hide", name="c/1", kind="hard"), write("forbid", name="d/1", after=day(3), nearly_message="use d/2")]))
    module.file("try/1.lua", 'try_load("a/2")')
    module.file("any/1.lua", 'load_any("a/2", "a/1")')
    module.file("ask/1.lua", 'setenv("ASKED", tostring(isAvail("a/2")) .. tostring(isAvail("a/1")))')
    for verb in ("load", "show", "help", "whatis"):
        for name, why in {"a": "'a/2' may not be loaded: use a/1 [module-failed]", "b/1": "'b/1' may not be loaded: gone", "c/1": "no module that can be loaded now is called 'c/1'"}.items():
            done = module(verb, name)
            assert done.code and why in done.err and not done.out, (verb, name)
    assert [module(verb, "d/1").err for verb in ("load", "help", "whatis")] == ["warning: module 'd/1' may not be loaded from %s on: use d/2\n" % day(3)] * 2 + [""]
    assert [module("is-avail", name).code for name in ("a", "a/1", "b/1", "b/2", "c/1")] == [1, 0, 1, 0, 1]
    assert [module("load", *words).json()["set"].get("LOADEDMODULES") for words in (["try"], ["any"])] == ["try/1", "a/1:any/1"] and not module("try-load", "a/2").err
    assert module("load", "ask").json()["set"]["ASKED"] == "false%s" % (module.tree / "a/1.lua")
    for verb in ("spider", "spider"):  # the second time by what was kept
        said = module(verb, "a/2", shell="bash").err
        assert "It may not be loaded: use a/1\n" in said and "It can be loaded" not in said and "module load" not in said
        assert [one["full"] for one in module(verb).json()["modules"] if one["forbidden"]] == ["a/2", "far/1"]
    assert "a/2 (F,D)" in re.sub(" +", " ", module("avail", "a", shell="bash").err).replace("(D,F)", "(F,D)")
    listed = module("avail", "d", shell="bash").err
    assert re.search(r"d/1 +\(nF\)", listed) and "nF: soon may not be loaded any more" in listed
    loaded = module("load", "d/1").json()["set"]
    assert re.search(r"1\) d/1 \(nF\)", module("list", shell="bash", env=loaded).err)


@pytest.mark.sanitize
def test_what_is_no_rule_is_told_by_its_line(module):
    for line, words in {
            'hide{}': "hide: its table has no 'name'", "forbid()": "forbid wants a table", 'hide{"a"}': "value without a key", "hide{name=3}": "'name' is to be a text or a list of texts, and is of type number",
            'hide{name={"a", 3}}': "'name' is to be a text, and is of type number", 'hide{name={x="a"}}': "'name' is no list", 'hide{name="a", kind="no"}': "hidden, soft or hard, not \"no\"",
            'hide{name="a", message="x"}': "hide: there is no key 'message'", 'forbid{name="a", kind="soft"}': "forbid: there is no key 'kind'", 'hide{name="a", befor="2026-01-01"}': "no key 'befor'",
            'forbid{name="a", before="2026-02-30"}': "'before' is no time as YYYY-MM-DD", 'forbid{name="a", after=7}': "'after' is to be a text", 'forbid{name="a\\0b"}': "zero byte",
            'hide{name="a", hidden_loaded=1}': "true or false", 'hide{name="a", userA=true}': "'userA' is to be a text or a list", 'hide{name="a"}, hide{name="b"}': "syntax error near"}.items():
        module.file(".modulerc.lua", "\n" + line)
        done = module("load", "a")
        assert done.code == 0 and "/.modulerc.lua:2: " in done.err and words in done.err and done.json()["set"]["M_a"] == "2"
    module.file(".modulerc.lua", "")
    for line, words in {"module-hide --after 2026-1-1 a": "'2026-1-1' is no time", "module-forbid --user \\{ a": "'{' is no list of names", "module-forbid --group x": "wants the name of a module", "module-hide b a -soft": "module-hide has no option -soft"}.items():
        module.file(".modulerc", "#%Module\n" + line)
        done = module("load", "a")
        assert "/.modulerc:2:" in done.err and words in done.err and done.json()["set"]["M_a"] == "2"


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
def test_as_environment_modules(module):
    """When a rule counts that has both times; and what one hides of what is loaded the other hides too."""
    pairs = [(before, after) for before in (-20, -10, 10, 20) for after in (-15, -5, 5, 15)]
    rules = ["#%Module"] + ["module-forbid --before %s --after %s --nearly-message {soon} t/%d" % (day(before), day(after), number) for number, (before, after) in enumerate(pairs)]
    rules += ["module-hide --hidden-loaded u/1"]
    for name in ["t/%d" % number for number in range(len(pairs))] + ["u/1", "u/2"]:
        module.file(name, "#%Module\n")
    module.file(".modulerc", "\n".join(rules))
    env = {"PATH": "/usr/bin:/bin", "HOME": str(module.tree), "MODULEPATH": str(module.tree), "LC_ALL": "C.UTF-8", "MODULES_CMD": "x"}
    ours, theirs = modules.lopin(BINARY), modules.modules52()

    def shell(script):
        return subprocess.run(["bash", "-c", script], env=env, capture_output=True, text=True, check=False, cwd=module.tree).stdout
    said = dict(line.split()[:2] for line in shell(theirs + " avail -t t 2>&1").splitlines() if line.startswith("t/") and " " in line)
    marks = {1: "<F>", 0: "<nF>"}
    for number, pair in enumerate(pairs):
        done = module("load", "t/%d" % number)
        assert (marks[done.code] if done.err else None) == said.get("t/%d" % number), (pair, done.err)
    assert set(said.values()) == set(marks.values()) and len(said) < len(pairs)
    for first, second in ((theirs, ours), (ours, theirs)):
        words = shell("eval \"$(%s load u/1)\"; echo $__MODULES_LMTAG; %s list 2>&1; echo all; %s list --all 2>&1" % (first, second, second)).split()
        assert words[0] == "u/1&hidden-loaded" and "u/1" not in words[1:words.index("all")] and "u/1" in words[words.index("all"):]


RANGES = ["1", "1.5", ":1", ":1.5", ":2", "2:", "1.5:", ":1.4", "1.2:2.0", "1.0,2.0", "2.0,1.0", "latest", "default", "", "9:", "11:", "1.5:1.5", "2:1", "1.0,9:", "x", "3"]


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
def test_ranges_of_versions_as_environment_modules(module):
    """m@1.5: on the line, in what files ask for, and in rc files: the same module, status and marks."""
    for version in ("1.0", "1.5", "1.5.2", "2.0", "2.1", "3.0", "10.0"):
        module.file("m/" + version, "#%Module\nsetenv M " + version)
    for name, line in {"needs": "prereq m@2:", "hates": "conflict m@2:", "asks": "setenv ASKED [is-loaded m@1.5:2][is-avail m@11:][is-avail m@:2]", "brings": "depends-on m@:1.5", "either": "depends-on m@1.0,2.0"}.items():
        module.file(name, "#%Module\n" + line)
    module.file(".modulerc", "#%Module\nmodule-forbid m@3: --before 2000-01-01\nmodule-forbid m@3.0\nmodule-hide m@2.1:3\nmodule-tag sticky m@1.0\n")
    lines = ["load m@%s" % one for one in RANGES] + ["load m/1.5; is-loaded m@%s" % one for one in RANGES]
    lines += ["load %s; load %s" % pair for pair in (("m/2.0", "needs"), ("m/1.5", "hates"), ("m/2.0", "hates"), ("m/1.5", "asks"), ("m/3", "asks"), ("m/1.0", "brings"), ("m/2.0", "either"))]
    lines += ["load brings", "load either", "load m/1.5; unload m@2:", "load m/1.5; unload m@1:", "load m/1.5; switch m@1: m@2.0", "load m@1.0; purge", "is-avail m@3.0", "is-avail m@:1", "try-load m@3.0"]
    answers = []
    for program in (modules.lopin(BINARY), modules.modules52()):
        script = "".join("(" + "".join('eval "$(%s %s 2>/dev/null)"; echo "$? $LOADEDMODULES $ASKED";' % (program, step) for step in line.split("; ")) + ")\n" for line in lines)
        done = subprocess.run(["bash", "-c", script], env={"PATH": "/usr/bin:/bin", "HOME": str(module.tree), "MODULEPATH": str(module.tree), "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False)
        answers.append(done.stdout.splitlines())
    steps = [line + ": " + step for line in lines for step in line.split("; ")]
    assert len(steps) == len(answers[0])
    assert [pair for pair in zip(steps, *answers) if pair[1] != pair[2]] == [("load m@1.0; purge: purge", "0 m/1.0 ", "1 m/1.0 ")]  # as Lmod
    shown = {one["full"]: one["forbidden"] for one in module("avail", "m/").json()["modules"] if not one["hidden"]}
    assert shown == {"m/1.0": False, "m/1.5": False, "m/1.5.2": False, "m/2.0": False, "m/10.0": False}
    for verb in ("spider", "spider"):  # the second time by what was kept
        assert [one["full"] for one in module(verb, "m").json()["modules"]] == list(shown)


@pytest.mark.skipif(not modules.modules52(), reason="needs Environment Modules (script/install modules)")
def test_ranges_are_looked_for_as_environment_modules_does(module):
    versions = ["m/1.0", "m/1.5", "m/1.5.2", "m/2.0", "m/2.1", "m/10.0"]
    for name in [*versions, "mm/1.5", "k/m/1.5"]:
        module.file(name, "#%Module\nmodule-whatis " + name)
    words = ["%s@%s" % (name, one) for name in ("m", "k/m", "k") for one in RANGES]
    script = r'eval "$(%s load m/1.5)"; for word in %s; do echo "$word" $(%s avail -t $word 2>&1 | sed -n "s, <L>,,; /[0-9]\$/p") : $(%s list -t $word 2>&1 | grep "^m/"); done'
    answers = []
    for program in (modules.lopin(BINARY), modules.modules52()):
        done = subprocess.run(["bash", "-c", script % (program, " ".join(words), program, program)], capture_output=True, text=True, check=False,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(module.tree), "MODULEPATH": str(module.tree), "LC_ALL": "C.UTF-8"})
        answers.append(done.stdout.splitlines())
    assert len(answers[0]) == len(words)
    # there the last version is what names may begin with; "load m@1" takes no 10.0 all the same
    more = [(word, *set(theirs.split()).difference(own.split())) for word, own, theirs in zip(words, *answers) if own != theirs]
    assert more == [("m@1", "m/10.0"), ("m@", "mm/1.5"), ("k@latest", "k/m/1.5"), ("k@default", "k/m/1.5"), ("k@", "k/m/1.5")]
    for word in ("m@1.5:", "k/m@:2", "m@11:"):
        assert [one["full"] for one in module("avail", word).json()["modules"]] == answers[0][words.index(word)].split(" :")[0].split()[1:]
    done = module("spider", "m@1.5:2")
    assert done.code == 0 and [one["full"] for one in done.json()["modules"]] == ["m/1.5", "m/1.5.2", "m/2.0", "m/2.1"]
    assert [one["full"] for one in module("avail", "m@latest", "k/m@default").json()["modules"]] == ["k/m/1.5", "m/10.0"]


def test_names_by_module_version_are_words_of_avail(module, lopin):
    module.file("al/1.0.lua", "")
    module.file("al/2.0.lua", "")
    module.file("al/.modulerc.lua", 'module_version("al/1.0", "stable") module_version("al/1.0", "default")')
    for word, full in {"al/stable": ["al/1.0"], "al@stable": ["al/1.0"], "al/1": ["al/1.0"], "al@latest": ["al/2.0"], "al@default": ["al/1.0"], "no@latest": [], "al@new": []}.items():
        assert [one["full"] for one in module("avail", word).json()["modules"]] == full, word
    assert module("-t", "avail", "al/stable", shell="bash").err == "%s:\nal/stable(@al/1.0)\nal/1.0\n" % module.tree
    loaded = module("load", "al").json()["set"]
    assert [module("-t", "list", word, shell="bash", env=loaded).err for word in ("al@default", "al@latest", "al")] == ["al/1.0\n", "", "al/1.0\n"]
    assert "al (1)" in module("overview", "al/stable", shell="bash").err.replace("  ", " ")
    assert "al/1.0 (D:stable)" in module("avail", "al/stable", shell="bash").err
    assert [one["full"] for one in module("-r", "avail", "^al/st").json()["modules"]] == ["al/1.0"]
