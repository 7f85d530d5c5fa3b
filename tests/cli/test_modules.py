# SPDX-License-Identifier: Apache-2.0
"""`lopin module`: what each sequence of commands leaves in a shell is what Lmod 8.6 leaves there."""
import base64
import copy
import json
import os
import shutil
import subprocess

import modules
import pytest
from conftest import BINARY

SETS = [cases for cases in modules.sets() if cases != "tcl"]  # test_modules_tcl.py
SEQUENCES = {name: steps for cases in SETS for name, steps in modules.sequences(cases).items()}
GOLDEN = {name: steps for cases in SETS for name, steps in modules.golden(cases).items()}
OURS = {name: steps for cases in SETS for name, steps in modules.ours(cases).items()}
# Where we differ on purpose: by step, the members that are ours.
TWO_LINES = {0: {"set": {"ODD3": "two\nlines"}}}  # Lmod 8.6 cuts a value at its first newline
NO_COUNT = {0: {"set": {"__LMOD_REF_COUNT_MODULEPATH": None}}}  # a question changes no variable
DIFFERENT = {
    "lua/odd": TWO_LINES,
    "lua/many": TWO_LINES,
    "lua/is-avail": NO_COUNT,
    "lua/save-none": NO_COUNT,
    # Lmod's restore forgets to unset what the modules before it had set
    "lua/save-named": {4: {"unset": ["META"]}},
    # the version is for who loads it; Lmod wants it of who unloads it too
    "functions/full-part": {1: {"rc": 0, "about": []}},
    # it says of the module that broke off that nothing is so called
    "functions/break-loaded": {0: {"rc": 0, "about": [], "set": {"__LMOD_REF_COUNT_MODULEPATH": "TREE/Core:1"}}},
    # what was asked for as openmpi/4.1 (the newest 4.1.x) follows another compiler; Lmod 8.6 leaves it, built by the one that is gone
    "hierarchy/swap-compiler-version": {}, "hierarchy/swap-compiler-less": {}, "hierarchy/extended": {}, "hierarchy/extended-exact": {},
    # who asks for a version gets that or an error; Lmod is content with another one that something else loads
    "hierarchy/depends-version": {}, "deep/deep-part": {}, "deep/deep-none": {},
    # a module that another needs is missing: Lmod says of who needs it that it is not there
    "hierarchy/prereq-met": {2: {"about": ["prereq"]}},
    # as lua/save-named; and what is loaded again from another folder is told
    "hierarchy/save": {}, "hierarchy/save-other": {},
    # what fails while it is unloaded is unloaded, with a warning
    "combined/020": {2: {"rc": 0, "about": []}},
    "combined/074": {3: {"about": []}},
    # the first error is told; Lmod says of a module that broke off, or was only tried, that it is unknown
    "combined/024": {1: {"about": ["error"]}},
    "combined/088": {3: {"about": ["file"]}},
    "combined/036": {2: NO_COUNT[0], 3: {"set": {"__LMOD_REF_COUNT_MODULEPATH": "TREE/Core:1"}}},
    "combined/118": {2: NO_COUNT[0]},
    # Lmod fails too, in words that it has for nothing else
    "reset/none": {1: {"about": ["error"]}},
    # what another module needs keeps its count: it goes with who needs it
    "reset/update-newer": {6: {"set": {"LOADEDMODULES": "tool/1", "_LMFILES_": "HOME/mods/tool/1.lua"}, "unset": ["APP", "ZLIB"]}},
    # globals of a file are its own
    "functions/globals": {0: {"set": {"COUNTER2": "10", "COUNTER_AFTER": "1"}}},
}


def expected(name):
    """Lmod's answer, with what is ours in its place."""
    if name in OURS:
        return OURS[name]
    steps = copy.deepcopy(GOLDEN[name])
    for number, members in DIFFERENT.get(name, {}).items():
        for member, value in members.items():
            if member == "set":
                value = {key: one for key, one in {**steps[number]["set"], **value}.items() if one is not None}
            steps[number][member] = value
    return steps


def test_all_are_known():
    assert len(SEQUENCES) > 600 and set(SEQUENCES) == set(GOLDEN) and set(DIFFERENT) <= set(SEQUENCES) and set(OURS) == {name for name in DIFFERENT if not DIFFERENT[name]}


@pytest.mark.parametrize("cases", SETS)
def test_sequences(tmp_path, cases):
    names = [name for name in SEQUENCES if name.startswith(cases + "/")]
    made = modules.run_all({name: SEQUENCES[name] for name in names}, tmp_path, [modules.lopin(BINARY)])
    found = {name: modules.shorten(steps) for name, steps in made.items()}
    different = modules.differences(found, {name: expected(name) for name in names})
    assert not different, [(name, [step["talk"] for step in made[name]]) for name in different]


def last(steps):
    """The shell at the end: all variables that were set and not unset."""
    env = {}
    for step in steps:
        env.update(step["set"])
        for name in step["unset"]:
            env.pop(name, None)
    return env, steps[-1]["rc"]


# Lmod refuses a collection without its sums, and forgets --latest, which it does not keep. Where we differ, step by step is another story.
ALONE = {name for name in SEQUENCES if name in DIFFERENT or name.partition("/")[2].startswith(("save", "restore", "is-avail", "odd", "many"))
         or any(step.startswith("save") for step in SEQUENCES[name])}


@pytest.mark.skipif(not modules.lmod(), reason="needs Lmod (script/install modules)")
@pytest.mark.parametrize("first", ["lopin", "lmod"])
@pytest.mark.parametrize("cases", SETS)
def test_together_with_lmod(tmp_path, cases, first):
    """What one has loaded the other lists, unloads and swaps, step by step in one shell."""
    programs = [modules.lopin(BINARY), modules.lmod()]
    together = {name: steps for name, steps in SEQUENCES.items() if name.startswith(cases + "/") and name not in ALONE and len(steps) > 1}
    if not os.environ.get("LOPIN_ALL_TOGETHER"):  # a few of each set: Lmod takes its time
        every = 16 if cases == "combined" else 3
        together = {name: together[name] for name in list(together)[first == "lmod"::every]}
    made = modules.run_all(together, tmp_path, programs if first == "lopin" else programs[::-1])
    found = {name: last(modules.shorten(steps)) for name, steps in made.items()}
    wanted = {name: last(expected(name)) for name in together}
    assert {name: found[name] for name in found if found[name] != wanted[name]} == {}


@pytest.fixture
def module(lopin):
    return modules.shell_of(lopin)


ENDLESS = {
    "loop": "while true do end",
    "caught": "while true do pcall(function() while true do end end) end",
    "recursion": "local function f() return 1 + f() end f()",
    "memory": "local s = 'x' while true do s = s .. s end",
    "table": "local t = {} for i = 1, 1e12 do t[i] = {i} end",
    "rep": "string.rep('x', 1e10)",
    "pattern": "pcall(function() ('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40)) end)",
    "handler": "while true do xpcall(function() while true do end end, function() return 1 end) end",
    "insert": "local t = {} while true do for i = 1, 1000 do table.insert(t, 1, i) end end",
    "execute": "os.execute('sleep 1000')",
    "capture": "pcall(capture, 'cat /dev/zero')",
    "source": "source_sh('bash', '/dev/stdin; sleep 1000')",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_file_without_end(module, kind):
    module.file("bad/1.lua", 'setenv("BAD", "1")\n' + ENDLESS[kind])
    done = module("load", "bad", env={"LOPIN_MODULE_SECONDS": "1"})
    assert done.code == 1 and done.out == "false\n" and "bad/1.lua" in done.err and "[module-failed]" in done.err


PATTERNS = """
local long = ("ab "):rep(3000)
local first, last, one, two = (long .. "end"):find("(%w*)%s*(%w+)$")
setenv("FIND", ("%d %d %s %s"):format(first, last, one, two))
setenv("MATCH", (long .. "key = value"):match("(%w+)%s*=%s*(%w+)"))
local count, all = 0, {}
for word, rest in (long .. "last1"):gmatch("(%a+)(%s*%d*)") do count = count + 1 all[1] = word .. rest end
setenv("GMATCH", count .. all[1])
local plain, times = long:gsub("(%w+)(%s+)", "%2%1")
setenv("GSUB", #plain .. plain:sub(1, 4) .. times)
local by, changed = long:gsub("(%w+)(%s+)", function(word, space) count = count + 1 if count % 2 == 0 then return word:upper() end end, 3)
setenv("BY", by:sub(1, 12) .. changed .. count)
setenv("TABLE", (long:gsub("(%w+)%s*(%w*)", {ab = "cd"}, 2):sub(1, 6)))
setenv("POSITION", tostring((long .. "x"):find("x", 1, true)) .. (long .. "x=y"):match("()x%s*=%s*y()"))
setenv("BAD", tostring(pcall(string.find, long, "(%w*%s*")))
setenv("NIL", tostring(long:match("(%d+)%s*(%d+)")))
"""


def test_patterns_that_could_take_long(module):
    """They are matched in another way, and give the same."""
    module.file("p/1.lua", PATTERNS)
    done = module("load", "p", shell="json")
    assert done.code == 0, done.err
    found = {name: value for name, value in done.json()["set"].items() if name.isupper() and not name.startswith(("_", "LOADED"))}
    assert found == {
        "FIND": "8998 9003 ab end", "MATCH": "key", "GMATCH": "3001last1", "GSUB": "9000 ab 3000", "BY": "ABab ABab ab33004", "TABLE": "cd cd ",
        "POSITION": "90019001", "BAD": "false", "NIL": "nil",
    }


@pytest.mark.parametrize("text, words", [
    ("setenv('A', )", "bad/1.lua:1:"),
    ("\n\nlocal x = nil + 1", "bad/1.lua:3:"),
    ("io.read()", "bad/1.lua:1:"),
    ("io.open('/dev/zero'):read('a')", "bad/1.lua:1:"),
    ("os.exit(0)", "os.exit"),
    ("setenv('A')", "bad/1.lua:1:"),
    ("setenv('A', {})", "bad/1.lua:1:"),
    ("setenv('A', 'x\\0y')", "bad/1.lua:1:"),
    ("setenv('A=B', 'x')", "bad/1.lua:1:"),
    ("nosuch('A')", "bad/1.lua:1:"),
    ("_G.print('x')", "bad/1.lua:1:"),
    ("require('socket')", "'socket' not found"),
    ("io.popen('id')", "bad/1.lua:1:"),
    ("debug.getinfo(1)", "bad/1.lua:1:"),
    ("string.dump(print)", "bad/1.lua:1:"),
    ("error({})", "bad/1.lua"),
    ("load('bad')", "bad"),
    ("LmodError('no\\n$(touch hurt)')", "touch"),
    ("\x1bLua", "bad/1.lua"),
    ("depends_on()() ", "bad/1.lua:1:"),
    ("load(between('x', {}, 1))", "bad/1.lua:1:"),
])
def test_a_bad_file(module, lopin, text, words):
    module.file("bad/1.lua", text)
    module.file("good/1.lua", "setenv('GOOD', '1')")
    done = module("load", "good", "bad")
    assert done.code == 1 and done.out == "false\n" and words in done.err
    assert not (lopin.cwd / "hurt").exists()


def test_what_a_file_prints_is_no_code(module):
    module.file("talk/1.lua", "print('touch a') io.write('touch b\\n') io.stdout:write('touch c\\n') os.execute('echo touch d') setenv('T', capture('echo e'))")
    done = module("load", "talk")
    assert done.code == 0 and "touch" not in done.out and all("touch " + letter in done.err for letter in "abcd")


VALUES = ["plain", "", "it's", '"', "$HOME", "`id`", "$(id)", "!!", "!x", "\\", "a\\", "*", "?[a]", "~", "a b", " a  b ", ";id", "&", "|", "#", "-n", "{a,b}", "{", "{}x{b", "=", "é", "%s",
          "<>", "a:b", "(x)", "^x", "@", ","]
READERS = {
    "bash": ["bash", "--norc", "-c", 'eval "$0"; env -0'],
    "zsh": ["zsh", "-f", "-c", 'eval "$0"; env -0'],
    "sh": ["dash", "-c", 'eval "$0"; env -0'],
    "fish": ["fish", "--no-config", "-c", "echo $argv[1] | source; env -0"],
    "csh": ["tcsh", "-f", "-c", 'eval "`cat code`"; env -0'],
}


@pytest.mark.parametrize("shell", READERS)
def test_every_value_arrives(module, lopin, shell):
    """Evaluated by the shell itself; no name or value is anything but itself."""
    if not shutil.which(READERS[shell][0]):
        pytest.skip("needs %s" % READERS[shell][0])
    values = VALUES + ([] if shell == "csh" else ["a\nb", "\n", "\ta", "'\n'"])
    module.file("v/1.lua", "\n".join("setenv('V%d', %s)" % (i, json.dumps(value, ensure_ascii=False)) for i, value in enumerate(values)))
    made = module("load", "v", shell=shell)
    assert made.code == 0, made.err
    (lopin.cwd / "code").write_bytes(made.stdout)
    command = READERS[shell] + ([] if shell == "csh" else [made.out])
    if shell == "csh":  # as the alias does, and as who evaluates it
        command[-1] = 'eval `cat code`; env -0; eval "`cat code`"; env -0'
    done = subprocess.run(command, capture_output=True, cwd=lopin.cwd, env={"PATH": os.environ["PATH"], "HOME": str(lopin.home)}, check=False, timeout=60)
    for start in range(2 if shell == "csh" else 1):
        entries = done.stdout.decode().split("\0")
        found = dict(entry.split("=", 1) for entry in (entries if start else reversed(entries)) if "=" in entry)
        assert [found.get("V%d" % i) for i in range(len(values))] == values, done.stderr


STATES = {
    "cut": {"_ModuleTable_Sz_": "2", "_ModuleTable001_": "X01v"},
    "no base64": {"_ModuleTable_Sz_": "1", "_ModuleTable001_": "$(touch hurt)"},
    "code": {"_ModuleTable_Sz_": "1", "_ModuleTable001_": "os.execute('touch hurt')"},
    "lua/many": {"_ModuleTable_Sz_": "99999999999", "_ModuleTable001_": "X01v"},
    "deep": {"_ModuleTable_Sz_": "1", "_ModuleTable001_": "{" * 50000},
    "version": {"_ModuleTable_Sz_": "1", "_ModuleTable001_": "_ModuleTable_ = { MTversion = 9 }"},
}


@pytest.mark.sanitize
@pytest.mark.parametrize("kind", STATES)
def test_a_bad_state(module, lopin, kind):
    module.file("good/1.lua", "setenv('GOOD', '1')")
    state = dict(STATES[kind])
    if kind in ("code", "deep", "version"):
        state["_ModuleTable001_"] = base64.b64encode(state["_ModuleTable001_"].encode()).decode()
    done = module("load", "good", env=state)
    assert done.code == 1 and done.out == "false\n" and "[module-state]" in done.err
    assert not (lopin.cwd / "hurt").exists()
    assert module("--force", "purge", env=state).code == 0


def test_without_a_shell(lopin, module):
    module.file("good/1.lua", "setenv('GOOD', '1')")
    env = {"MODULEPATH": str(module.tree), "SHELL": "/bin/zsh"}
    done = lopin("module", "load", "good", env=env)
    assert done.code == 2 and done.out == "" and 'eval "$(lopin module --shell zsh load good)"' in done.err
    assert lopin("module", "-t", "avail", env=env).out == "%s:\ngood/\ngood/1\n" % module.tree
    assert lopin("module", "lod", "good", env=env).err.count("lopin module load") == 1


def test_a_wanted_version_is_named(module):
    """As the file has it, and as the module that can be typed."""
    module.file("zlib/1.2.lua", "")
    module.file("zlib/1.3.lua", "")
    for number, text in enumerate(['prereq(atleast("zlib", "1.3"))', 'prereq_any(between("zlib", "<1.2", "2"), "foo")', 'prereq(latest("zlib"))', 'prereq(atleast("zlib", "9"))',
                                   'conflict(latest("zlib"))']):
        module.file("app/%d.lua" % number, text)
    state = module("load", "zlib/1.2", shell="json").json()["set"]
    for number, words in enumerate(['before it: atleast("zlib", "1.3") [module-failed]\n  try     module load zlib/1.3\n',
                                    'before it: between("zlib", "<1.2", "2") foo [module-failed]\n  try     module load zlib/1.3 foo\n',
                                    'before it: latest("zlib") [module-failed]\n  try     module load zlib/1.3\n',
                                    'before it: atleast("zlib", "9") [module-failed]\n  try     module load zlib\n']):
        done = module("load", "app/%d" % number, env=state)
        assert done.code == 1 and words in done.err.replace("lopin module", "module"), done.err
    assert module("load", "app/4", env=state).code == 0
    assert "beside 'zlib'" in module("load", "app/4", env=module("load", "zlib", shell="json").json()["set"]).err


def test_a_warning_does_not_fail_a_purge(module):
    """Nor reset and restore, which begin with one; it does an unload."""
    module.file("good/1.lua", "")
    module.file("odd/1.lua", 'if mode() == "unload" then LmodWarning("odd") end')
    module.file("odd/2.lua", 'if mode() == "unload" then LmodError("odd") end')
    module.file("odd/3", 'if {[module-info mode unload]} { reportWarning odd }', "#%Module\n")
    module("load", "good")
    env = {"LMOD_SYSTEM_DEFAULT_MODULES": "good"}
    assert module("save", "some", env=module("load", "good", shell="json").json()["set"]).code == 0
    for version in "123":
        state = {**env, **module("load", "odd/" + version, shell="json").json()["set"]}
        for words in (("purge",), ("reset",), ("restore", "some"), ("restore", "system")):
            done = module(*words, env=state)
            assert done.code == 0 and "warning of module 'odd/%s'" % version in done.err, (words, done.err)
        assert module("unload", "odd", env=state).code == 1


def test_json(module):
    module.file("good/1.lua", "setenv('GOOD', 'a\\nb') set_alias('g', 'good') unsetenv('GONE')")
    done = module("load", "good", shell="json", env={"GONE": "1"}).json()
    assert done["set"]["GOOD"] == "a\nb" and done["set"]["LOADEDMODULES"] == "good/1"
    assert done["execute"] == [] and done["unset"] == ["GONE"] and done["aliases"] == {"g": "good"} and done["functions"] == {}


def test_functions_of_a_shell(module, lopin):
    module.file("good/1.lua", "setenv('GOOD', '1')")
    line = 'eval "$("$0" module init bash)"; module load good; echo "$GOOD $LOADEDMODULES"; ml -good; echo "[$GOOD]"; ml good; ml; module load nosuch; echo $?'
    env = {**lopin.env, "MODULEPATH": str(module.tree)}
    done = subprocess.run(["bash", "--norc", "-c", line, str(BINARY)], capture_output=True, text=True, env=env, check=False, stdin=subprocess.DEVNULL)
    assert done.stdout == "1 good/1\n[]\n3\n".replace("3\n", "1\n") and "1) good/1" in done.stderr
    line = 'module() { echo theirs; }; eval "$("$0" module init bash)"; module; eval "$("$0" module init bash --replace)"; type module | grep -c "lopin module --shell"'
    done = subprocess.run(["bash", "--norc", "-c", line, str(BINARY)], capture_output=True, text=True, env=env, check=False, stdin=subprocess.DEVNULL)
    assert done.stdout == "theirs\n1\n"


def test_only_the_way_to_a_name_is_read(module, lopin):
    if not shutil.which("strace"):
        pytest.skip("needs strace (script/install test)")
    for number in range(300):
        module.file("m%d/1.lua" % number, "setenv('M', '1')")
    env = {**lopin.env, "MODULEPATH": str(module.tree), "ASAN_OPTIONS": "detect_leaks=0"}  # of which a traced process has none
    trace = lopin.cwd / "trace"
    subprocess.run(["strace", "-f", "-e", "trace=%file", "-o", trace, str(BINARY), "module", "--shell", "bash", "load", "m7"], env=env, check=True, capture_output=True)
    assert sum(str(module.tree) in line for line in trace.read_text().splitlines()) <= 20
