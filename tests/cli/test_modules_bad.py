# SPDX-License-Identifier: Apache-2.0
"""`lopin module` where modulefiles, folders and the state in the environment are bad: a clear message, and a shell as it was."""
import base64
import os
import pathlib
import resource
import shutil
import subprocess
import time

import modules
import pytest
from conftest import BINARY


@pytest.fixture
def module(lopin):
    return modules.shell_of(lopin)


def table(text):
    """The variables that such a table is in."""
    coded = base64.b64encode(("_ModuleTable_ = {\nMTversion = 3,\n%s}\n" % text).encode()).decode()
    pieces = [coded[at:at + 512] for at in range(0, len(coded), 512)]
    return {"_ModuleTable_Sz_": str(len(pieces)), **{"_ModuleTable%03d_" % (number + 1): piece for number, piece in enumerate(pieces)}}


def evaluated(code):
    """What bash has after such code: its variables, and whether anything else happened."""
    line = 'eval "$0"; printf "rc=%s\\0" $?; /usr/bin/env -0'
    done = subprocess.run(["bash", "--norc", "-c", line, code], capture_output=True, text=True, check=False, env={"PATH": os.environ["PATH"]})
    return dict(entry.split("=", 1) for entry in done.stdout.split("\0") if "=" in entry), done.stderr


def as_nobody(lopin, tree, *words):
    """The same, by a user that may not read everything."""
    if os.getuid() or not shutil.which("setpriv"):
        pytest.skip("needs to be root, and setpriv")
    for folder in [lopin.cwd, *lopin.cwd.parents]:
        if not folder.stat().st_mode & 1:
            folder.chmod(folder.stat().st_mode | 0o11)
    program = shutil.copy(BINARY, lopin.cwd / "program")
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "MODULEPATH": str(tree), "LC_ALL": "C.UTF-8", "LOPIN_LEDGER": ""}
    return subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "module", "--shell", "bash", *words], env=env, capture_output=True, text=True, check=False)


def test_what_may_not_be_read(module, lopin):
    module.file("secret/1.lua", "setenv('SECRET', '1')").chmod(0o600)
    module.file("good/1.lua", "setenv('GOOD', '1')")
    module.file("closed/1.lua", "setenv('CLOSED', '1')").parent.chmod(0o700)
    done = as_nobody(lopin, module.tree, "load", "good", "secret")
    assert done.returncode == 1 and done.stdout == "false\n" and "secret/1.lua" in done.stderr and "permission denied" in done.stderr
    done = as_nobody(lopin, module.tree, "load", "closed")
    assert done.returncode == 1 and done.stdout == "false\n" and "'closed'" in done.stderr and "[no-module]" in done.stderr
    done = as_nobody(lopin, module.tree, "load", "good")
    assert done.returncode == 0 and "export GOOD='1'" in done.stdout
    done = as_nobody(lopin, module.tree, "-t", "avail")
    assert done.returncode == 0 and "good/1" in done.stderr
    module.file("good/2", "#%Module\n").chmod(0o600)
    for verb in ("load", "show"):
        for name in ("closed/1", "good/2"):
            assert "\n  found   %s/%s: it may not be read\n" % (module.tree, name) in as_nobody(lopin, module.tree, verb, name).stderr


@pytest.mark.parametrize("signal", [2, 15])
def test_a_program_ends_with_the_command_that_waits_for_it(module, lopin, signal):
    """Ctrl-C does not reach what a modulefile started, which is in a process group of its own."""
    os.mkfifo(lopin.cwd / "pipe")
    module.file("slow/1.lua", "setenv('SLOW', capture('sleep 1000 & echo $! >%s; wait'))" % (lopin.cwd / "pipe"))
    command = subprocess.Popen([BINARY, "module", "--shell", "bash", "load", "slow"], stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"], "HOME": str(lopin.cwd), "MODULEPATH": str(module.tree)})
    program = int((lopin.cwd / "pipe").read_text())
    command.send_signal(signal)
    assert command.communicate()[0] == "" and command.returncode == -signal
    found = pathlib.Path("/proc/%d/cmdline" % program)
    deadline = time.monotonic() + 60
    while found.exists() and found.read_bytes():  # a zombie has none
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_links_and_folders_that_lead_nowhere(module):
    module.file("good/1.lua", "setenv('GOOD', '1')")
    (module.tree / "good" / "2.lua").symlink_to("nowhere")
    (module.tree / "broken").mkdir()
    (module.tree / "broken" / "1.lua").symlink_to("nowhere")
    (module.tree / "loop").symlink_to("loop")
    (module.tree / "round").mkdir()
    (module.tree / "round" / "again").symlink_to("..")
    path = ":".join(["/nosuch", str(module.tree / "good" / "1.lua"), "", str(module.tree), "relative", "/proc/self/mem"])
    done = module("load", "good", env={"MODULEPATH": path})
    assert done.code == 0 and evaluated(done.out)[0]["GOOD"] == "1", done.err
    for name in ("broken", "loop", "nosuch", "good/2"):
        done = module("load", name, env={"MODULEPATH": path})
        assert (done.code, done.out) == (1, "false\n") and name in done.err and "[no-module]" in done.err, name
    os.mkfifo(module.tree / "good" / "pipe.lua")
    module.file("good/plain", "no magic here")
    module.file("good/hidden", "#%Module\n")
    module.file(".modulerc.lua", 'hide{name="good/hidden", kind="hard"}')
    for name, why in {"good/2.lua": "it is a link that leads nowhere", "broken/1.lua": "it is a link that leads nowhere", "good/pipe.lua": "it is no plain file",
                      "good/plain": "it neither begins with #%Module nor ends with .lua"}.items():
        assert "\n  found   %s/%s: %s\n" % (module.tree, name, why) in module("load", name.removesuffix(".lua")).err
    assert "  found   good/1\n" in module("load", "good/hidden").err
    assert module("-t", "avail", env={"MODULEPATH": path}).code == 0


def test_a_file_that_changes_between_load_and_unload(module):
    path = module.file("m/1.lua", "setenv('ONE', '1') setenv('TWO', '2')")
    loaded = evaluated(module("load", "m").out)[0]
    env = {name: value for name, value in loaded.items() if name not in ("PATH", "rc", "PWD", "_", "SHLVL")}
    path.write_text("setenv('ONE', '9') prepend_path('LIST', '/a')")
    after = evaluated(module("unload", "m", env=env).out)
    assert "unset ONE" in module("unload", "m", env=env).out and "LOADEDMODULES" not in after[0]
    for text in ("setenv('ONE', ", "while true do end", "LmodBreak('x')", "LmodError('no')", "error('x')"):
        path.write_text("setenv('ONE', '1') " + text)
        done = module("unload", "m", env=env)
        assert "unset LOADEDMODULES" in done.out, (text, done.err)
    path.unlink()
    done = module("unload", "m", env=env)
    assert done.code == 0 and "unset LOADEDMODULES" in done.out and "m/1.lua" in done.err
    assert module("list", env=env).code == 0 and module("--force", "purge", env=env).code == 0


HOSTILE = [
    {"LOADEDMODULES": "a\nb;$(touch hurt)/1", "_LMFILES_": "x\n`touch hurt`"},
    {"LOADEDMODULES": ":::", "_LMFILES_": ":"},
    {"LOADEDMODULES": "a/1:b/2", "_LMFILES_": "/x"},
    {"LOADEDMODULES": "\x1b[2J/1", "_LMFILES_": "/x\x1b]0;t\x07"},
    {"__LMOD_REF_COUNT_PATH": "/usr/bin:99999999999999999999;:-1;x;;:;", "PATH": "/usr/bin::"},
    {"__LMOD_STACK_V": "$(touch hurt):!!:====:" + "A" * 1000},
    {"__LMOD_Priority_PATH": "/usr/bin:x;:"},
    {"LMOD_FAMILY_X": "a\nb"},
    {"_ModuleTable_Sz_": "-1", "_ModuleTable001_": "X"},
    table('mT = {\n["$(touch hurt)"] = {fn = "/x", fullName = "$(touch hurt)/1", loadOrder = 1, status = "active", userName = "a\\nb"}}\n'),
    table('mT = {\na = {fn = "/x", fullName = "a/1", loadOrder = 1e308, stackDepth = -99999999999, ref_count = 1e30, status = "active", propT = {lmod = {sticky = 1}}}}\n'),
    table('mT = {\na = {fn = {}, fullName = true, status = 7}, b = 3, [1] = {}}\nfamily = {x = {}, y = "a\\nb"}\n'),
    table('mT = {\na = {fn = "/nosuch", fullName = "a/1", status = "active", mcmdT_64 = {x = {"b3MuZXhlY3V0ZSgndG91Y2ggaHVydCcp", 3}, ["!"] = 1}, mnameA = {{fn = "/etc/passwd"}, 1}}}\n'),
]


@pytest.mark.sanitize
@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_state(module, lopin, number):
    """Nothing of it is run, each command ends, and one can get rid of it."""
    module.file("good/1.lua", "setenv('GOOD', '1') pushenv('V', 'x') prepend_path('PATH', '/good') family('X')")
    for words in (["load", "good"], ["list"], ["unload", "a", "good"], ["--force", "purge"], ["refresh"], ["save", "hostile"]):
        done = module(*words, env=HOSTILE[number])
        assert done.code in (0, 1, 2, 3) and "\x1b" not in done.err, words
        evaluated(done.out)
    assert "unset LOADEDMODULES" in module("--force", "purge", env=HOSTILE[number]).out or "LOADEDMODULES" not in HOSTILE[number]
    assert not (lopin.cwd / "hurt").exists()


def test_calls_that_the_state_keeps_are_no_program(module, lopin):
    """What source_sh did is in the environment, and is read as names and literals."""
    script = lopin.cwd / "script.sh"
    script.write_text("export FROM_SCRIPT=1\n")
    file = module.file("s/1.lua", "source_sh('bash', '%s')" % script)
    calls = ["os.execute('touch hurt')", 'setenv("A",os.execute("touch hurt"))', 'setenv("A","b") os.execute("touch hurt")', 'execute({cmd="touch hurt"})', "while true do end", "setenv("]
    coded = ", ".join('"%s"' % base64.b64encode(call.encode()).decode() for call in calls)
    state = table('mT = {\ns = {fn = "%s", fullName = "s/1", loadOrder = 1, status = "active", userName = "s", mcmdT_64 = {["%s"] = {%s}}}}\n' % (
        file, base64.b64encode(str(script).encode()).decode(), coded))
    done = module("unload", "s", env={**state, "LOADEDMODULES": "s/1", "_LMFILES_": str(file)})
    assert done.code == 0 and "unset LOADEDMODULES" in done.out, done.err
    evaluated(done.out)
    assert not (lopin.cwd / "hurt").exists()


def test_much_state(module):
    """As much as an environment can hold: 4 MB in 8,000 variables."""
    marks = "".join("mark%d = 1,\n" % n for n in range(1000))
    modules = "".join('m%d = {\nfn = "/nosuch", fullName = "m%d/1", loadOrder = %d, propT = {\nlmod = {\n%s},\n}, stackDepth = 0, status = "active", userName = "m%d"},\n' % (
        n, n, n + 1, marks, n) for n in range(220))
    state = {**table("mT = {\n%s}\n" % modules), "LOADEDMODULES": ":".join("m%d/1" % n for n in range(220)), "_LMFILES_": ":".join(["/nosuch"] * 220)}
    assert sum(map(len, state.values())) > 3500000
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "MODULEPATH": str(module.tree), "LOPIN_LEDGER": "", **state}
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    done = subprocess.run([BINARY, "module", "--shell", "bash", "list"], env=env, capture_output=True, text=True, check=False, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, unlimited))
    assert done.returncode == 0 and "220) m219/1" in done.stderr, done.stderr[:200]


def test_modulefiles_read_no_input(module, lopin):
    module.file("in/1.lua", "setenv('IN', capture('cat; echo end'))")
    done = subprocess.run([BINARY, "module", "--shell", "bash", "load", "in"], env={**lopin.env, "MODULEPATH": str(module.tree)}, input="typed\n", capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0 and "export IN='end\n'" in done.stdout
