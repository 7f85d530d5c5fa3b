# SPDX-License-Identifier: Apache-2.0
"""`module` and `ml` in shells and in Python; the site's own engine; what its SitePackage.lua hooks."""
import json
import re
import shlex
import shutil
import subprocess
import sys

import modules
import pytest
from conftest import BINARY

NEEDS_LMOD = pytest.mark.skipif(not modules.lmod(), reason="needs Lmod (script/install modules)")


@pytest.fixture
def tree(lopin):
    root = lopin.cwd / "mods"

    def file(name, text):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")

    file("gcc/12.lua", 'setenv("GCC", "12")')
    file("gcc/13.lua", 'setenv("GCC", "13")')
    file("py/3.lua", 'setenv("PY", "3")')
    file("odd/1.lua", 'setenv("ODD", "a\'b\\\\c\\n1\\t2 $HOME `x` \\"é\\" \\xff")')
    lopin.env.update(MODULEPATH=str(root), LOPIN_SITE="", L=str(BINARY), PATH="/usr/bin:/bin")
    for name in ("LMOD_CMD", "MODULES_CMD", "LMOD_PACKAGE_PATH", "LOADEDMODULES", "_LMFILES_", "BASH_ENV", "SHELLOPTS"):
        lopin.env.pop(name, None)
    lopin.file, lopin.mods = file, root
    return lopin


def shell(lopin, *words, env=None):
    if not shutil.which(words[0]):
        pytest.skip("needs %s (script/install test)" % words[0])
    return subprocess.run(words, env=lopin.environment(env), cwd=lopin.cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


ML = """module load gcc/12; ml py; echo "$GCC $PY"
ml -gcc; echo "[$GCC]"
ml -py gcc; echo "[$PY] $GCC"
ml -t 2>&1
ml -t av py 2>&1 | tail -1
ml gcc/12; ml sw gcc gcc/13; echo $GCC
ml is-loaded gcc && echo yes; ml is-loaded py || echo no
ml nosuch 2>/dev/null || echo "rc $?"
ml --nosuch 2>&1 | head -1
ml purge; ml -t 2>&1 | grep -c /; echo "[$GCC]"
"""
SAID = """12 3
[]
[] 13
gcc/13
py/3
13
yes
no
rc 1
lopin: unknown option '--nosuch' [usage]
0
[]
"""


@pytest.mark.parametrize("name, words", [("bash", ["bash", "--norc", "-c"]), ("zsh", ["zsh", "-f", "-c"]), ("sh", ["dash", "-c"])])
def test_ml(tree, name, words):
    """ml alone lists, of a verb does that, of names loads; -NAME unloads; an option is one."""
    done = shell(tree, *words, 'eval "$("$L" module init %s)"\n%s' % (name, ML))
    assert done.stdout == SAID, done.stderr


def test_ml_in_fish(tree):
    done = shell(tree, "fish", "-N", "-c", '$L module init fish | source; module load gcc/12; ml py; echo $GCC $PY; ml -gcc; echo "[$GCC]"; '
                 'ml -t 2>| cat; ml nosuch 2>/dev/null; or echo no')
    assert done.stdout == "12 3\n[]\npy/3\nno\n", done.stderr


def test_ml_in_csh(tree):
    tree.write("x.csh", 'eval "`$L module init csh`"\nmodule load gcc/12\nml py\necho $GCC $PY\nml -gcc\necho $?GCC\nml -t av py\nml nosuch\necho $status\n'
               'mkdir "b c" ; module use "b c" ; module -t -r list "nosuch|^py" ; echo $status\n'
               'module load odd/2\nsay\necho $?__lopin_open\n')
    tree.file("odd/2.lua", """set_alias('say', [[echo "x  {y,z}" '{' *.csh]])""")
    done = shell(tree, "tcsh", "-f", "x.csh")
    assert done.stdout == "12 3\n0\n1\n0\nx  {y,z} { x.csh\n0\n" and "py/3" in done.stderr, done.stderr


def test_scripts_that_a_shell_starts(tree):
    """bash exports the functions, as a job's script has the environment of who submits it; set -x shows no code."""
    tree.write("job.sh", "#!/bin/bash\nset -eu\nmodule load gcc/12\necho $GCC\nml py; echo $PY\nset -x\nml -py\n", 0o755)
    done = shell(tree, "bash", "--norc", "-c", 'eval "$("$L" module init bash)"; ./job.sh; bash -c "ml gcc/13; echo \\$GCC"')
    assert done.stdout == "12\n3\n13\n" and done.stderr.count("\n") < 6 and "_ModuleTable" not in done.stderr, done.stderr


def test_init_is_explained(tree):
    """On a terminal, where somebody looks what it gives."""
    done = shell(tree, "script", "-qec", "%s module init bash" % BINARY, "/dev/null")
    assert 'eval "$(lopin module init bash)"' in done.stdout and "lopin run --module" in done.stdout, done
    assert "lopin run" not in tree("module", "init", "bash").err
    assert "fish | source" in shell(tree, "script", "-qec", "%s module init fish" % BINARY, "/dev/null").stdout
    done = tree("module", "init", "cmd.exe")
    assert done.code == 2 and "bash, zsh, sh, fish, csh, python" in done.err


def test_python(tree):
    """Code for exec(), in ASCII; module() in a process."""
    value = b"a'b\\c\n1\t2 $HOME `x` \"\xc3\xa9\" \xff"
    done = tree("module", "--shell", "python", "load", "odd", env={"GONE": "1"})
    assert done.out.isascii() and done.out.endswith("_mlstatus = True\n")
    program = "import os, sys\nexec(sys.argv[1])\nsys.stdout.buffer.write(os.environb[b'ODD'])"
    for locale in ("C.UTF-8", "C"):
        shown = subprocess.run([sys.executable, "-c", program, done.out], env=tree.environment({"LC_ALL": locale}), capture_output=True, check=True)
        assert shown.stdout == value
    loaded = tree("module", "--shell", "json", "load", "odd").json()["set"]
    assert "os.environ.pop('ODD', None)\n" in tree("module", "--shell", "python", "unload", "odd", env={**loaded, "ODD": "x"}).out
    assert tree("module", "--shell", "python", "load", "nosuch").out == "_mlstatus = False\n"
    assert tree("module", "--shell", "python", "is-loaded", "gcc").out == "_mlstatus = False\n"
    tree.write("x.py", 'import os, subprocess\nexec(subprocess.check_output([os.environ["L"], "module", "init", "python"]))\n'
                       'print(module("load", "gcc/12", "py"), os.environ["GCC"], module("load", "nosuch"), module("unload", "gcc"), "GCC" in os.environ)\n')
    done = shell(tree, sys.executable, "x.py")
    assert done.stdout == "True 12 False True False\n", done.stderr


@pytest.fixture
def site(tree):
    """A site's command that notes how it is called, and its SitePackage.lua."""
    tree.write("lmod", '#!/bin/sh\necho "$*" >>called\n[ "$*" = "bash load bad" ] && { echo "it refuses" >&2; echo false; exit 1; }\n'
                       'echo "export SITE=\'a b\';echo noise;export LOADEDMODULES=gcc/12;"\n', 0o755)
    tree.write("package/SitePackage.lua", "")
    tree.called = lambda: (tree.cwd / "called").read_text().splitlines() if (tree.cwd / "called").exists() else []
    tree.env.update(LMOD_CMD=str(tree.cwd / "lmod"), LMOD_PACKAGE_PATH=str(tree.cwd / "package"))
    return tree


def test_site_engine(site):
    """What changes state goes to the site's command as it is, where it has a policy."""
    code = "export SITE='a b';echo noise;export LOADEDMODULES=gcc/12;\n"
    assert site("module", "--shell", "bash", "load", "gcc", "-py").out == code
    for verb in ("unload", "swap", "purge", "save", "restore", "use", "unuse", "refresh", "try-load"):
        assert site("module", "--shell", "zsh", "--force", verb, "x").out == code
    assert site.called() == ["bash load gcc -py"] + ["zsh --force %s x" % verb for verb in ("unload", "swap", "purge", "save", "restore", "use",
                                                                                           "unuse", "refresh", "try-load")]
    done = site("module", "-t", "avail", "gcc")
    assert "gcc/12" in done.out and "--engine=site asks Lmod" in done.err and len(site.called()) == 10
    assert site("module", "--engine=site", "--shell", "bash", "-t", "avail", "gcc").out == code and site.called()[-1] == "bash -t avail gcc"
    assert "'12'" in site("module", "--engine=own", "--shell", "bash", "load", "gcc/12").out and len(site.called()) == 11
    # as data: what a bash makes of it
    done = site("module", "--shell", "json", "load", "gcc").json()
    assert done["set"]["SITE"] == "a b" and set(done["set"]) == {"SITE", "LOADEDMODULES"} and done["unset"] == []
    # without a policy: ours
    assert "'12'" in site("module", "--shell", "bash", "load", "gcc/12", env={"LMOD_PACKAGE_PATH": None}).out
    # typed without the function
    done = site("module", "load", "gcc")
    assert done.code == 2 and "eval" in done.err


def test_site_engine_is_not_there(tree):
    done = tree("module", "--engine=site", "list")
    assert done.code == 2 and "neither LMOD_CMD nor MODULES_CMD" in done.err
    done = tree("module", "--engine=site", "--shell", "bash", "load", "gcc", env={"MODULES_CMD": "/nonexistent/cmd"})
    assert (done.code, done.out) == (1, "false\n") and "/nonexistent/cmd" in done.err


def test_site_engine_in_jobs(site):
    """It is asked once, by a bash, whose environment is the job's."""
    done = site("exec", "--module", "gcc,py", "sh", "-c", 'echo "$SITE $LOADEDMODULES $SHLVL"', env={"SHLVL": "1"})
    assert (done.code, done.out.split()[:3]) == (0, ["a", "b", "gcc/12"]) and "noise" in done.err and site.called() == ["bash load gcc py"]
    done = site("exec", "--module", "bad", "sh", "-c", "true")
    assert done.code == 125 and "it refuses" in done.err and "[module-failed]" in done.err
    done = site("exec", "--engine=own", "--module", "gcc/13", "sh", "-c", 'echo "$GCC $SITE"')
    assert done.out == "13 \n"


SITE_PACKAGE = """require("strict")
require("string_utils")
local hook, lfs, posix = require("Hook"), require("lfs"), require("posix")
require("SitePackage_more")
local FrameStk = require("FrameStk")
local function load_hook(t)
   local mt = FrameStk:singleton():mt()
   if t.modFullName:find("^gcc/") then
      setenv("SEEN", t.modFullName .. " " .. (t.fn:gsub(".*/", "")) .. " " .. tostring(mt:have("gcc", "any")))
   end
   if t.modFullName == "py/2" then LmodError("no licence of ", t.modFullName) end
   io.stderr:write("hooked ", t.modFullName, "\\n")
end
local function visible(t)
   if t.fullName:find("^gcc/13") then t.isVisible = false end
end
hook.register("load", load_hook)
hook.register("isVisibleHook", visible)
sandbox_registration{ site_root = function() return posix.stat("/", "type") .. lfs.attributes("/", "mode") end }
"""


@pytest.fixture
def hooked(tree):
    tree.write("package/SitePackage.lua", SITE_PACKAGE)
    tree.write("package/SitePackage_more.lua", 'require("Hook").register("unload", function(t) io.stderr:write("bye ", t.modFullName, "\\n") end)\n')
    tree.file("root/1.lua", 'local package = require("SitePackage")\nsetenv("ROOT", site_root())')
    tree.file("py/2.lua", "")
    tree.env["LMOD_PACKAGE_PATH"] = str(tree.cwd / "package")
    return tree


@NEEDS_LMOD
def test_hooks_as_lmod(hooked):
    """What is hooked does the same in lopin and in Lmod."""
    steps = ["load gcc/12 root", "load gcc/13", "unload gcc", "load py/2", "-t avail gcc", "purge"]
    shown = []
    for program in (str(BINARY) + " module --hooks --engine=own --shell bash", modules.lmod()):
        script = "".join('eval "$(%s %s)"; echo "$? [$SEEN] [$ROOT] [$LOADEDMODULES]"\n' % (program, step) for step in steps)
        done = shell(hooked, "bash", "--norc", "-c", script)
        said = [line for line in done.stderr.splitlines() if line.startswith(("hooked", "bye", "gcc/"))]
        shown.append((done.stdout, said, "no licence of py/2" in done.stderr))
    assert shown[0] == shown[1] and shown[0][1] and shown[0][2]


LOOKS = """local hook = require("Hook")
hook.register("SiteName", function() return "SITE" end)
hook.register("msgHook", function(kind, a) a[#a+1] = "Help for " .. kind .. "\\n" ; return a end)
hook.register("listHook", function(a)
   local b = {}
   for _, v in ipairs(a) do if not v.fullName:find("^py") then b[#b+1] = v end end
   return b
end)
hook.register("spider_decoration", function(v) return v.Category and "in " .. v.Category end)
hook.register("restore", function(t) io.stderr:write("restored ", t.collection, "\\n") end)
hook.register("load_spider", function(t) if t.sn == "gcc" then add_property("lmod", "sticky") end end)
hook.register("isVisibleHook", function(t) if t.fullName == "gcc/11" then t.isVisible = false end end)
"""


@NEEDS_LMOD
def test_hooks_of_what_is_shown_as_lmod(tree):
    """Each leaves in lopin's lists what it leaves in Lmod's; what is kept of the files is the same without hooks."""
    tree.write("package/SitePackage.lua", LOOKS)
    for version in ("10", "11", "12", "13"):
        tree.file("gcc/%s.lua" % version, 'family("compiler") whatis("Category: compiler")')
    tree.env["LMOD_PACKAGE_PATH"] = str(tree.cwd / "package")
    steps = ["load gcc py", "list", "-t list", "save", "unload gcc", "restore", "spider gcc", "spider gcc/12", "avail gcc"]
    shown = []
    for program in (str(BINARY) + " module --hooks --engine=own --shell bash", modules.lmod()):
        script = "".join('eval "$(%s %s)"; env | grep SITE_ | sort >&2; echo "== %s" >&2\n' % (program, step, step) for step in steps)
        said = shell(tree, "bash", "--norc", "-c", script).stderr
        shown.append(re.findall(r"^==.*|^SITE_FAM.*|^Help for .*|^restored .*|gcc/\d+ \([^D)]*|gcc/11|py/3|sticky", said.replace("Sticky", "sticky"), re.M))
    assert shown[0] == shown[1] and len(shown[0]) > 30, shown
    assert "(S)" not in tree("module", "avail", "gcc/10").out


AROUND = """local hook = require("Hook")
hook.register("startup", function(verb) io.stderr:write("begins ", verb, "\\n") LmodMessage("maintenance", "tomorrow") end)
hook.register("finalize", function(verb) io.stderr:write("ends ", verb, "\\n") end)
hook.register("errWarnMsgHook", function(kind, key, text, about)
   return text .. "\\nsite: " .. kind .. " " .. key .. " of " .. tostring(about.module_list) .. "\\n"
end)
"""


@NEEDS_LMOD
def test_hooks_around_a_command_as_lmod(tree):
    """Before each command, behind it where it did not fail, and of what is called by no known name."""
    tree.write("package/SitePackage.lua", AROUND)
    tree.env["LMOD_PACKAGE_PATH"] = str(tree.cwd / "package")
    shown = []
    for program in (str(BINARY) + " module --hooks --engine=own --shell bash", modules.lmod()):
        script = "".join('eval "$(%s %s)"; echo "= $? $LOADEDMODULES" >&2\n' % (program, step) for step in ("load gcc", "list", "load nosuch", "show gcc", "purge"))
        said = shell(tree, "bash", "--norc", "-c", script).stderr
        shown.append([line.rstrip() for line in re.findall(r"^(?:begins|ends|=|maintenance) .*|site: .*", said, re.M)])
    assert shown[0] == shown[1] and len(shown[0]) == 20, shown
    assert tree("module", "--hooks", "--engine=own", "complete", "load", "gc").err == ""
    done = tree("exec", "--hooks", "--engine=own", "--module", "gcc", "true")
    assert done.err == "begins load\nmaintenance tomorrow\nends load\n"
    done = tree("exec", "--hooks", "--engine=own", "--module", "nosuch", "true")
    assert "\n  more    site: lmoderror e_Failed_Load of \"nosuch\"\n" in done.err and "ends" not in done.err, done.err
    tree.write("package/SitePackage.lua", "local hook = require('Hook')\nhook.register('startup', function() error('no') end)\nhook.register('errWarnMsgHook', function() return {} end)\n")
    done = tree("module", "--shell", "bash", "--hooks", "--engine=own", "load", "nosuch")
    assert done.code == 1 and "warning: the site's hook" in done.err and "'nosuch' [no-module]" in done.err, done.err


AVAIL = """local function titles(t)
   local style = masterTbl().availStyle
   if style == "system" then return end
   for path in pairs(t) do
      if path:find("mods$") or path:find("more$") then t[path] = "Modules of " .. style end
   end
end
require("Hook").register("avail", titles)
"""


def blocks(text):
    """[(title, names)] of what avail shows."""
    found = []
    for line in text.splitlines():
        title = re.match(r"-+ (.+?) -+$", line)
        if title:
            found.append((title.group(1), []))
        elif found and line.startswith("   ") and ":" not in line:
            found[-1][1].extend(re.findall(r"\S+/\S+", line))
        elif not line.strip() or not found:
            continue
        else:
            break
    return [(title, sorted(names)) for title, names in found]


@NEEDS_LMOD
@pytest.mark.parametrize("style", ["", "system:grouped", "grouped:system", "system:<grouped>"])
def test_titles_of_avail(tree, style):
    """Folders that the site calls alike are one list, as in Lmod; not with -t."""
    tree.write("package/SitePackage.lua", AVAIL)
    for path in ("../more/gcc/9.lua", "../more/zlib/1.lua", "../other/abc/1.lua"):
        tree.file(path, "local x = 1")
    tree.env.update(LMOD_PACKAGE_PATH=str(tree.cwd / "package"), MODULEPATH=":".join(str(tree.cwd / name) for name in ("mods", "other", "more")))
    if style:
        tree.env["LMOD_AVAIL_STYLE"] = style
    own = str(BINARY) + " module --hooks --engine=own --shell bash"
    ours, theirs = (blocks(shell(tree, "bash", "--norc", "-c", program + " avail").stderr) for program in (own, modules.lmod()))
    assert ours == theirs and len(ours) == (2 if style in ("grouped:system", "system:<grouped>") else 3), (ours, theirs)
    ours, theirs = (shell(tree, "bash", "--norc", "-c", program + " -t avail").stderr for program in (own, modules.lmod()))
    assert ours == theirs
    tree.write("package/SitePackage.lua", "require('Hook').register('avail', function(t) error('no') end)")
    done = tree("module", "--hooks", "avail")
    assert done.code == 0 and ("warning: the site's hook" in done.err) == style.startswith("grouped") | ("<" in style), done.err


def test_hooks_only_under_an_option(hooked):
    """--hooks, or the site's file; also of a job."""
    load = ("module", "--shell", "bash", "load", "gcc/12")
    assert "SEEN" not in hooked(*load).out
    assert "export SEEN='gcc/12 12.lua true';" in hooked(*load, "--hooks").out
    hooked.write("site.toml", "module-hooks = true\n")
    hooked.env["LOPIN_SITE"] = str(hooked.cwd / "site.toml")
    assert "SEEN" in hooked(*load).out and "gcc/13" not in hooked("module", "-t", "avail").out
    done = hooked("exec", "--module", "gcc", "sh", "-c", 'echo "$GCC $SEEN"')
    assert done.out == "12 gcc/12 12.lua true\n", done.err  # 13 is hidden
    done = hooked("module", "--shell", "json", "load", "py/2")
    assert done.code and "no licence of py/2" in done.err


@pytest.mark.parametrize("text, words", [
    ("os.execute('logger x')", "os.execute is not for hooks"), ("io.popen('groups')", "io.popen is not for hooks"),
    ("io.read()", "io.read is not for hooks"), ("io.stdin:read('l')", "io.stdin:read is not for hooks"),
    ("local x = nil + 1", "SitePackage.lua:3:"), ("capture('id')", "capture is not for hooks"),
])
def test_what_a_hook_may_not_do(hooked, text, words):
    """The hook ends there, with a line, and the module is loaded."""
    hooked.write("package/SitePackage.lua", "local hook = require('Hook')\nhook.register('load', function(t)\n%s setenv('AFTER', '1') end)\n" % text)
    done = hooked("module", "--hooks", "--shell", "bash", "load", "gcc/12", "py/3")
    assert done.code == 0 and words in done.err and done.err.count("warning") == 1, done.err
    assert "GCC='12'" in done.out and "PY='3'" in done.out and "AFTER" not in done.out


@pytest.mark.parametrize("text, words", [("local x = = 1", "SitePackage.lua:1:"), ("error('broken')", "broken"), ("require('nosuch')", "nosuch"),
                                         ("while true do end", "does not come to an end"), ("require('Hook').register(1)", "Hook.register takes")])
def test_a_site_package_that_is_wrong(hooked, text, words):
    hooked.write("package/SitePackage.lua", text + "\n")
    done = hooked("module", "--hooks", "--shell", "bash", "load", "gcc/12")
    assert (done.code, done.out) == (1, "false\n") and words in done.err and "without --hooks" in done.err, done.err
    assert json.loads(hooked("module", "--shell", "json", "load", "gcc/12").out)["set"]["GCC"] == "12"


def test_french(site):
    site.env.update(LC_ALL="fr_FR.UTF-8", LANGUAGE="")
    done = site("--lang", "fr", "module", "-t", "avail", "gcc")
    assert "--engine=site" in done.err and "this is" not in done.err
    done = site("--lang", "fr", "module", "--engine=site", "list", env={"LMOD_CMD": None})
    assert "LMOD_CMD" in done.err and "neither" not in done.err


SHELLS = [
    ("bash", ["bash", "--norc", "-c"], 'eval "$("$L" module init bash)"; module load gcc; echo "$? $GCC"; ml py; echo "$? $PY"; set -eu; ml gcc || echo no'),
    ("zsh", ["zsh", "-f", "-c"], 'eval "$("$L" module init zsh)"; module load gcc; echo "$? $GCC"; ml py; echo "$? $PY"; set -eu; ml gcc || echo no'),
    ("sh", ["dash", "-c"], 'eval "$("$L" module init sh)"; module load gcc; echo "$? $GCC"; ml py; echo "$? $PY"; set -eu; ml gcc || echo no'),
    ("fish", ["fish", "-N", "-c"], '$L module init fish | source; module load gcc; echo "$status $GCC"; ml py; echo "$status $PY"; ml gcc; or echo no'),
]
DEAD = [("kill -9 $$", "killed"), ("echo 'lopin: out of memory [system]' >&2; exit 6", "out of memory")]


@pytest.mark.parametrize("how, why", DEAD, ids=[why for _, why in DEAD])
@pytest.mark.parametrize("name, words, program", SHELLS, ids=[name for name, _, _ in SHELLS])
def test_a_program_that_dies(tree, name, words, program, how, why):
    """It gives nothing to evaluate: the function fails, and does not say that all is well."""
    tree.write("dead", '#!/bin/sh\ncase $2 in init) "%s" "$@" | sed "s|%s|$0|g" ;; *) %s ;; esac\n' % (BINARY, BINARY, how), 0o755)
    done = shell(tree, *words, program, env={"L": str(tree.cwd / "dead"), "GCC": "", "PY": ""})
    assert done.stdout == "1 \n1 \nno\n", done


def test_a_program_that_dies_in_csh(tree):
    tree.write("dead", '#!/bin/sh\ncase $2 in init) "%s" "$@" | sed "s|%s|$0|g" ;; *) kill -9 $$ ;; esac\n' % (BINARY, BINARY), 0o755)
    tree.write("x.csh", 'eval "`$L module init csh`"\nmodule load gcc\necho $status\nml py\necho $status\nmodule is-loaded gcc && echo yes || echo no\n')
    done = shell(tree, "tcsh", "-f", "x.csh", env={"L": str(tree.cwd / "dead")})
    assert done.stdout == "1\n1\nno\n", done


def test_no_memory(tree):
    """All or nothing is written, whenever memory ends."""
    whole = tree("module", "--shell", "bash", "load", "gcc", "py").out
    seen = set()
    for limit in range(4000, 60000, 3000):
        done = shell(tree, "bash", "--norc", "-c", 'ulimit -v %d; exec "$L" module --shell bash load gcc py' % limit)
        assert done.stdout in ("", "false\n", whole), (limit, done)
        assert (done.returncode == 0) == (done.stdout == whole), (limit, done)
        seen.add(done.stdout == whole)
    assert seen == {True, False}


@pytest.mark.parametrize("words, cure", [
    ("avail py", "lopin module avail py"), ("load gcc 'a b'", "lopin module load gcc 'a b'"), ("spidre", "lopin module spider"), ("ml", "lopin module ml"),
    ("help purge", "lopin help module"), ("module reloadd", "lopin module reload"), ("module swapp", "lopin module swap"), ("module install x", "lopin module spider NAME"),
    ("module path gcc", "lopin module --location show NAME"), ("module --shell bash clear", "module --force purge"), ("module qqq", "lopin module --help"),
    ("module whatis", "lopin module whatis NAME..."), ("module purge gcc", "lopin module unload gcc"), ("module save a b", "lopin module save [NAME]"),
    ("module update py", "lopin module swap py py"), ("module", "lopin module --help"), ("module show nosuch", "lopin module spider nosuch"),
])
def test_what_is_meant(tree, words, cure):
    """By what is no command and no verb: what this person can type."""
    done = tree(*shlex.split(words))
    assert done.code and ("  try     %s\n" % cure) in done.err, done.err


def test_what_there_is_instead(tree):
    """Of a version that is not there the others, of a name the nearest; of a folder that is not there a line."""
    for verb in ("load", "show"):
        done = tree("module", "--shell", "bash", verb, "gcc/99", env={"LANG": "C"})
        assert re.search("called 'gcc/99'.*  found   gcc/1[23], gcc/1[23]\n  try     module spider gcc/99\n", done.err, re.S), done.err
        assert "  found   gcc\n" in tree("module", "--shell", "bash", verb, "gc").err
    done = tree("module", "--shell", "bash", "use", "no", "mods")
    assert done.code == 0 and "MODULEPATH" in done.out and "there is no folder '%s' now" % (tree.cwd / "no") in done.err and done.err.count("\n") == 1, done.err


def test_what_can_be_typed(tree):
    """Lists end in lines that can be typed: with the function, and without it. Without MODULEPATH each says so."""
    for words in (("avail",), ("avail", "nosuch"), ("spider",), ("spider", "gcc"), ("spider", "gcc/12")):
        alone, code = tree("module", *words).out, tree("module", "--shell", "bash", *words).err
        assert "\n    lopin module " in alone and alone.replace("    lopin module ", "    module ") == code, (alone, code)
    for verb in ("show", "help", "whatis", "avail", "spider", "overview", "keyword", "load"):
        done = tree("module", "--shell", "bash", verb, "gcc", env={"MODULEPATH": ""})
        assert done.code == 1 and "MODULEPATH is empty" in done.err, (verb, done.err)


def test_debug(tree):
    """-D: what is looked at, in its order, and why; the answer is the same."""
    tree.file("app/1.lua", 'depends_on("gcc/12", "py")')
    tree.file(".modulerc.lua", 'module_alias("program", "app/1")')
    tree.file("broken/1.lua", "LmodError('no')")
    plain, said = tree("module", "--shell", "bash", "load", "py", "program"), tree("module", "--shell", "bash", "-D", "load", "py", "program")
    assert said.out == plain.out and said.code == 0 and plain.err == ""
    steps = ["load, by lopin's own engine", "MODULEPATH: ", r"reads \S+/\.modulerc\.lua", r"'py' is \S+/py/3\.lua: the only one", r"load py/3: \S+/py/3\.lua", r"load py/3: done, [0-9.]+ ms",
             "'program' is another name of 'app/1'", "load app/1: ", "  needs 'py', which is loaded", r"  'gcc/12' is \S+: of that very name \(of 2\)", "  load gcc/12: ", "  load gcc/12: done",
             "load app/1: done", "variables that change .*: GCC LOADEDMODULES PY _LMFILES_\n"]
    assert re.search(".*".join("debug: " + step for step in steps), said.err, re.S), said.err
    assert all(line.startswith("debug: ") for line in said.err.splitlines())
    assert re.search("load broken/1: failed.*lopin: .*no", tree("module", "-D", "--shell", "bash", "load", "broken").err, re.S)
    first, second = tree("module", "-D", "spider", "gcc").err, tree("module", "-D", "--ignore_cache", "--lang=fr", "spider", "gcc").err
    assert "spider gcc/12: " in first and "folders in it: 0" in first and "spider gcc/12: " in second and "non lu" in second, (first, second)
    assert "nope' is in no folder of MODULEPATH" in tree("module", "-D", "show", "nope").err


def test_options_behind_the_verb(tree):
    """With their values; help and version; never code that a shell would evaluate."""
    names = [one["full"] for one in tree("module", "avail", "--json", "gcc").json()["modules"]]
    assert names == ["gcc/12", "gcc/13"]
    assert tree("module", "avail", "--shell", "json", "gcc").json() == tree("module", "--json", "avail", "gcc").json()
    assert "export GCC='12'" in tree("module", "load", "gcc/12", "--shell=bash").out
    for words in (["spider", "--help"], ["load", "-h"], ["help"], ["init", "-h"], ["use", "--help"]):
        done = tree("module", *words)
        assert done.code == 0 and done.out.startswith("usage:  lopin module"), words
    for words in (["help"], ["--help"], ["load", "--help"], ["--version"], ["list", "--version"], ["ml", "--version"], ["ml", "--help"]):
        done = tree("module", "--shell", "bash", *words)
        assert done.code == 0 and done.out == "" and done.err.startswith(("usage:", "lopin 0")), words
    assert tree("module", "-V").out.startswith("lopin ")
    assert "has no JSON" in tree("module", "overview", "--json").err
    assert tree("module", "load", "").code == 2
    done = tree("module", "show", "gcc/12", "zzz")  # what was found, then the error
    assert done.code == 3 and 'setenv("GCC","12")' in done.out and "'zzz'" in done.err
    for words in (["spider"], ["spider", "gcc"], ["keyword", "x"], ["-t", "spider"], ["avail"]):
        done = tree("module", *words, env={"MODULEPATH": ""})
        assert done.code == 3 and "MODULEPATH is empty" in done.err, words


def test_completion_goes_on(tree):
    """In a shell that has the functions from the one above it; and where compinit comes later."""
    init = 'eval "$("$L" module init bash)"'
    done = shell(tree, "bash", "--norc", "-c", init + "; bash --norc -c 'eval \"$(\"$L\" module init bash)\"; complete -p module ml'")
    assert done.stdout.count("_lopin_module") == 2, done.stderr
    done = shell(tree, "bash", "--norc", "-c", "module() { echo theirs; }; " + init + "; complete -p module")
    assert "_lopin_module" not in done.stdout
    if shutil.which("zsh"):
        done = shell(tree, "zsh", "-f", "-c", 'eval "$("$L" module init zsh)"; autoload -Uz compinit; compinit -u -D; for f in $precmd_functions; do $f; done; print $_comps[module]')
        assert done.stdout == "_lopin_module\n", done.stderr
