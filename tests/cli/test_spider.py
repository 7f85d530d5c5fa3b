# SPDX-License-Identifier: Apache-2.0
"""`lopin module spider` and the like: beside Lmod's answers, and its cache."""
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import time

import modules
import pytest
import spiders
from conftest import BINARY
from terminal import bytes_of

PROGRAM = [str(BINARY), "module", "--shell", "bash"]
# Where we differ on purpose.
DIFFERENT = {
    # Lmod lists extensions of hidden modules, which it then says it cannot find
    "-t spider": lambda answer: {**answer, "names": [name for name in answer["names"] if name != "pip/24.0"]},
    # it says nothing of an extension; ours are the modules that hold it
    "-t spider scipy": lambda answer: {**answer, "names": ["scipy-stack/2020b", "scipy-stack/2023a"]},
    # it takes the '-' of a name as a part of a pattern, and finds no way to it
    "spider hdf5-tools": lambda answer: {**answer, "routes": ["StdEnv/2020 %s openmpi/4.%d" % (compiler, minor)
                                                             for compiler in ("gcc/12", "intel/2020.1") for minor in (0, 1)]},
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spider")
    modules.plant(folder / "tree", "spider")
    (folder / "home").mkdir()
    return folder


def test_all_questions_have_an_answer():
    assert len(spiders.QUESTIONS) > 40 and set(spiders.golden()) == set(spiders.QUESTIONS) >= set(DIFFERENT)


@pytest.mark.parametrize("question", spiders.QUESTIONS)
def test_as_lmod(planted, question):
    expected = DIFFERENT.get(question, lambda answer: answer)(spiders.golden()[question])
    found = spiders.ask(PROGRAM, question, planted / "tree", planted / "home", False)
    assert found == expected
    assert spiders.ask(PROGRAM, question, planted / "tree", planted / "home", False) == expected, "from the cache"


@pytest.fixture(scope="module")
def planted_tcl(tmp_path_factory):
    folder = tmp_path_factory.mktemp("spider-tcl")
    modules.plant(folder / "tree", "spider-tcl")
    (folder / "home").mkdir()
    return folder


def test_tcl_as_lmod(planted_tcl):
    """The same modules, written in Tcl."""
    golden = spiders.golden("spider-tcl")
    for question in spiders.QUESTIONS:
        expected = DIFFERENT.get(question, lambda answer: answer)(golden[question])
        assert spiders.ask(PROGRAM, question, planted_tcl / "tree", planted_tcl / "home", False) == expected, question


@pytest.fixture
def tree(tmp_path):
    """tree.names() of what spider finds; files are written by tree.file(NAME, TEXT), folders made old by tree.age()."""
    return Tree(tmp_path)


class Tree:
    def __init__(self, folder):
        self.folder, self.home, self.env = folder / "tree", folder / "home", {}
        self.cache = self.home / ".cache" / "lopin" / "modules" / "spider"
        self.home.mkdir()
        (self.folder / "Core").mkdir(parents=True)

    def file(self, name, text=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("TREE", str(self.folder)))
        return path

    def age(self, seconds=100):
        """What has just changed is not believed: as if it had been written a while ago."""
        for base, _, files in os.walk(self.folder, topdown=False):
            for path in [os.path.join(base, name) for name in files] + [base]:
                found = os.lstat(path)
                if time.time() - found.st_mtime < seconds / 2:
                    os.utime(path, (found.st_mtime - seconds, found.st_mtime - seconds), follow_symlinks=False)

    def ask(self, *words, **env):
        done = subprocess.run([*PROGRAM[:2], *words], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/bin:/bin", "HOME": str(self.home), "MODULEPATH": str(self.folder / "Core"), **self.env, **env})
        return done

    def names(self, **env):
        done = self.ask("-t", "spider", **env)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.split() if not line.endswith("/")]

    def json(self, *words, **env):
        done = self.ask("--json", "spider", *words, **env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["modules"]


def small(tree):
    tree.file("Core/gcc/12.lua", 'prepend_path("MODULEPATH", "TREE/gcc")')
    tree.file("gcc/hdf5/1.lua", 'whatis("Description: one")')
    tree.age()
    assert tree.names() == ["gcc/12", "hdf5/1"]
    return tree.cache.stat().st_ino


@pytest.mark.sanitize
def test_the_line_to_type_is_of_the_nearest_folder(tree):
    """Of the same module behind several compilers: the one that is loaded, whichever is first."""
    for number in (11, 12, 13):
        tree.file("Core/gcc/%d.lua" % number, 'prepend_path("MODULEPATH", "TREE/gcc%d")' % number)
        tree.file("gcc%d/hdf5/1.lua" % number)
    code = tree.ask("--shell", "bash", "load", "gcc/12").stdout
    script = "%s\nexec %s --shell bash spider hdf5" % (code, shlex.join(map(str, PROGRAM[:2])))
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin", "HOME": str(tree.home), "MODULEPATH": str(tree.folder / "Core")})
    assert "module load hdf5/1\n" in done.stderr, done.stderr
    assert "load gcc/13 hdf5/1\n" in tree.ask("spider", "hdf5").stdout


@pytest.mark.sanitize
def test_what_changes_is_seen_at_once(tree):
    number = small(tree)
    assert tree.names() == ["gcc/12", "hdf5/1"] and tree.cache.stat().st_ino == number, "written for nothing"
    tree.file("gcc/hdf5/2.lua", 'whatis("Description: two")')
    assert tree.names() == ["gcc/12", "hdf5/1", "hdf5/2"]
    (tree.folder / "gcc/hdf5/1.lua").unlink()
    assert tree.names() == ["gcc/12", "hdf5/2"]
    tree.age()
    assert tree.names() == ["gcc/12", "hdf5/2"]
    tree.file("gcc/hdf5/2.lua", 'whatis("Description: edited in its place")')
    assert "edited in its place" in tree.ask("spider", "hdf5/2").stdout
    tree.file("Core/gcc/12.lua", 'prepend_path("MODULEPATH", "TREE/other")')
    tree.file("other/fftw/3.lua")
    assert tree.names() == ["fftw/3", "gcc/12"]
    tree.age()
    tree.file("other/fftw/3.lua", 'prepend_path("MODULEPATH", "TREE/gcc")')  # it now leads on
    assert tree.json("fftw")[0]["full"] == "fftw/3"
    assert tree.names() == ["fftw/3", "gcc/12", "hdf5/2"]


@pytest.mark.sanitize
@pytest.mark.parametrize("how", ["empty", "head", "half", "flipped", "other", "folder", "text"])
def test_a_bad_cache_is_made_again(tree, how):
    small(tree)
    bytes_ = tree.cache.read_bytes()
    good = len(bytes_)
    tree.cache.unlink()
    if how == "folder":
        tree.cache.mkdir()
        assert tree.names() == ["gcc/12", "hdf5/1"]
        return
    tree.cache.write_bytes({
        "empty": b"", "head": bytes_[:20], "half": bytes_[:good // 2],
        "flipped": bytes_[:good // 2] + bytes([bytes_[good // 2] ^ 1]) + bytes_[good // 2 + 1:],
        "other": bytes_.replace(b"lopin-spider 3", b"lopin-spider 9"), "text": b"x" * good,
    }[how])
    assert tree.names() == ["gcc/12", "hdf5/1"]
    assert len(tree.cache.read_bytes()) == good


def test_without_a_place_for_the_cache(tree):
    tree.home.rmdir()
    tree.home.write_text("no folder")
    tree.file("Core/a/1.lua")
    assert tree.names() == ["a/1"]


def test_two_at_once(tree):
    for number in range(40):
        tree.file("Core/a%d/1.lua" % number, 'whatis("Description: %d")' % number)
    tree.age()
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tree.home), "MODULEPATH": str(tree.folder / "Core")}
    running = [subprocess.Popen([*PROGRAM[:2], "-t", "spider"], env=env, stdout=subprocess.PIPE) for _ in range(6)]
    assert {len(process.communicate()[0].split()) for process in running} == {80}
    assert len(tree.names()) == 40 and sorted(path.name for path in tree.cache.parent.iterdir()) == ["spider"]


def test_trees_that_depend_on_the_user(tree):
    tree.file("Core/std/1.lua", 'prepend_path("MODULEPATH", pathJoin("TREE", os.getenv("ARCH") or "none"))')
    tree.file("Core/own/1.lua", 'if isDir("TREE/mine") then prepend_path("MODULEPATH", "TREE/mine") end')
    tree.file("Core/asks/1.lua", 'local f = io.open("TREE/list") if f then prepend_path("MODULEPATH", "TREE/list.d") end')
    tree.file("Core/runs/1.lua", 'local run = capture\nprepend_path("MODULEPATH", (run("test -e TREE/list && printf TREE/ran.d")))')
    tree.file("avx2/blas/2.lua")
    tree.file("avx512/blas/5.lua")
    tree.file("list.d/listed/1.lua")
    tree.file("ran.d/far/1.lua")
    tree.age()
    always = ["asks/1", "own/1", "runs/1", "std/1"]
    for _ in range(2):
        assert tree.names() == always
        assert tree.names(ARCH="avx2") == sorted([*always, "blas/2"])
        assert tree.names(ARCH="avx512") == sorted([*always, "blas/5"])
    tree.file("mine/zip/1.lua")
    tree.file("list")
    assert tree.names() == sorted([*always, "far/1", "listed/1", "zip/1"])


def test_tcl_that_depends_on_the_user(tree):
    tree.file("Core/std/1", "#%Module\nset arch none\nif {[info exists env(ARCH)]} {set arch $env(ARCH)}\nprepend-path MODULEPATH TREE/$arch")
    tree.file("Core/own/1", "#%Module\nif {[file isdirectory TREE/mine]} {module use -a TREE/mine}")
    tree.file("Core/own/2", "#%Module\nif {[file exists TREE/list]} {append-path MODULEPATH TREE/list.d}")
    tree.file("Core/get/1", "#%Module\nsetenv ROOT TREE\nprepend-path MODULEPATH $env(ROOT)/[getenv ARCH none]")
    tree.file("Core/runs/1", "#%Module\nmodule-whatis [exec cat TREE/words]\nmodule use [exec echo TREE/ran]")
    tree.file("Core/runs/2", '#%Module\nset f [open "|cat TREE/words"]\ngets $f line\nmodule-whatis "$line again"')
    words = tree.file("words", "Description: one")
    for name in ("avx2/blas/2", "list.d/listed/1", "mine/zip/1", "ran/far/1"):
        tree.file(name, "#%Module")
    for number in range(40):  # so that threads are at work
        tree.file("Core/many/%d" % number, "#%%Module\nset here %d\nmodule-whatis {Description: many $here}\nmodule-whatis $here" % number)
    shutil.rmtree(tree.folder / "mine")
    (tree.folder / "list").unlink(missing_ok=True)
    tree.age()
    many = ["many/%d" % number for number in range(40)]
    always = ["far/1", "get/1", "own/1", "own/2", *many, "runs/1", "runs/2", "std/1"]
    for text in ("one", "two"):
        words.write_text("Description: %s" % text)
        assert sorted(tree.names()) == sorted(always)
        assert sorted(tree.names(ARCH="avx2")) == sorted([*always, "blas/2"])
        found = {one["full"]: one for one in tree.json(ARCH="avx2")}
        assert found["runs/1"]["description"] == text and found["runs/2"]["description"] == "%s again" % text
        assert sorted(found["blas/2"]["routes"]) == [["get/1"], ["std/1"]] and found["many/7"]["whatis"] == ["Description: many $here", "7"]
    tree.file("mine/zip/1", "#%Module")
    tree.file("list")
    assert sorted(tree.names()) == sorted([*always, "listed/1", "zip/1"])


def test_lua_of_all_kinds(tree):
    texts = {  # what of a help text at the beginning is not read is still not code, and all behind it is
        "help([[of it]])\nwhatis('Description: 1')": "1",
        " -- a comment\n\n--another\nhelp([==[ ]] ]=] whatis('Description: no') ]==])\n-- more\nwhatis('Description: 2')": "2",
        "--[=[ help([[x]]) ]=]\nhelp([[x]]) whatis('Description: 3')": "3",
        "help([[x]] .. 'y')\nwhatis('Description: 4')": "4",
        "help([[x]])\n(whatis or print)('Description: no')": "",  # its result is called: an error
        "help([=[ ends nowhere ]]\nwhatis('Description: no')": "",
        "help([[x]])": "",
        "whatis('Description: requires ' .. tostring(is_spider()))": "requires true",
        "whatis('Description: ' .. tostring(isDefined('setenv')) .. tostring(isDefined('nosuch')))": "truefalse",
        "local t = {}\nfor i = 1, 30000 do t[i % 100] = ('x'):rep(i % 400) end\nwhatis('Description: ' .. #t)": "99",
    }
    for number, text in enumerate(texts):
        tree.file("Core/kind/%d.lua" % number, text)
    tree.age()
    found = {one["full"]: one for one in tree.json()}
    assert {name: one["description"] or "" for name, one in found.items()} == {"kind/%d" % number: words for number, words in enumerate(texts.values())}
    assert tree.json("kind/1")[0]["help"].strip() == "]] ]=] whatis('Description: no')" and tree.json("kind/0")[0]["help"] == "of it"


# What one file leaves the next does not find: it is evaluated right behind it.
LEAVES = [
    "set ownx 1; set ::owny 1; array set ownz {a 1}; proc own {} {}; setenv LEFT 1; set env(MORE) 1; unset env(HOME)",
    "# a package, its source, interpreted, after import\nproc own {} {}; set ownx 1",
    "namespace eval own {proc a {} {}}",
    "set word name; ${word}space eval own {variable v 1}",
    "interp alias {} own {} puts; interp create ownchild",
    "after 100000 own",
    "coroutine own apply {{} {yield}}",
    "trace add variable saw write own",
    "proc list {args} {return replaced}",
    "rename info own",
    "proc ::tcl::mathfunc::own {} {return 1}",
    "oo::class create own",
    "proc own {} {}; return; nosuch",
]
SEES = ("set saw [list [info commands own*] [info globals own*] [info functions own] [info exists env(LEFT)] [info exists env(MORE)] [info exists env(HOME)]]\n"
        "module-whatis [concat $saw [namespace children :: own*] [after info] [interp slaves]]")


def test_tcl_of_all_kinds(tree):
    for number, text in enumerate(LEAVES):
        tree.file("Core/left/%d.1" % (10 + number), "#%Module\n" + text)
        tree.file("Core/left/%d.2" % (10 + number), "#%Module\n" + SEES)
    tree.file("Core/says/1", "#%Module\nproc ModulesHelp {} {puts stderr {Use it}\nputs {so.}}\nmodule-whatis {Description: says}\nputs stderr noise\n"
              "family mpi\nadd-property lmod sticky\nextensions a/1 b/2\nprereq nosuch\nconflict x\nmodule load nosuch\nsystem false\nset-alias a b")
    tree.file("Core/ends/1", "#%Module\nmodule-whatis {Description: before}\nexit 1\nmodule-whatis after")
    tree.file("Core/loop/1", "#%Module\nmodule-whatis {Description: loops}\nwhile 1 {}")
    tree.file("Core/wrong/1", "#%Module\nmodule-whatis {Description: wrong}\nreportError no\nif {[module-info mode spider]} {module-whatis spider}\nnosuch")
    tree.age()
    done = tree.ask("--json", "spider")
    assert done.returncode == 0 and done.stderr == ""
    found = {one["full"]: one for one in json.loads(done.stdout)["modules"]}
    saw = {name: found.pop(name)["whatis"] for name in list(found) if name.startswith("left/")}
    assert saw == {"left/%d.%d" % (10 + number, part): ["{} {} {} 0 0 1"] if part == 2 else [] for number in range(len(LEAVES)) for part in (1, 2)}
    assert {name: one["description"] for name, one in found.items()} == {"ends/1": "before", "loop/1": "loops", "says/1": "says", "wrong/1": "wrong"}
    assert found["says/1"]["family"] == "mpi" and found["wrong/1"]["whatis"][1] == "spider" and found["ends/1"]["whatis"] == ["Description: before"]
    assert tree.json("says/1")[0]["help"] == "Use it\nso.\n" and tree.json("says/1")[0]["extensions"] == ["a/1", "b/2"]
    assert "says/1 (S)" in tree.ask("avail", "says").stdout


def test_without_tcl(tree):
    tree.file("Core/a/1", "#%Module\nmodule-whatis {Description: in Tcl}")
    tree.file("Core/b/1.lua", 'whatis("Description: in Lua")')
    tree.age()
    none = {"LOPIN_TCL_LIBRARY": "/nonexistent/libtcl.so"}
    for _ in range(2):
        done = tree.ask("-t", "spider", **none)
        assert done.stdout.split() == ["a/", "a/1", "b/", "b/1"] and done.stderr.count("Tcl") == 2 and done.stderr.count("\n") == 1, done.stderr
    assert {one["full"]: one["description"] for one in tree.json()} == {"a/1": "in Tcl", "b/1": "in Lua"}, "not kept as if it said nothing"


def test_a_cache_of_the_site(tree, tmp_path):
    tree.file("Core/gcc/12.lua", 'prepend_path("MODULEPATH", "TREE/gcc")')
    broken = tree.file("gcc/hdf5/1.lua", 'whatis("Description: one")')
    tree.age()
    shared = tmp_path / "shared"
    assert tree.ask("cache", str(shared)).returncode == 0 and not tree.cache.exists()
    site = tmp_path / "site.toml"
    site.write_text('modules-cache = "%s"\n' % shared)
    tree.env["LOPIN_SITE"] = str(site)
    stamp = os.stat(broken)
    broken.write_text('whatis("Description: two")')  # as long as before, and as old: only who reads it would know
    os.utime(broken, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert [one["description"] for one in tree.json() if one["name"] == "hdf5"] == ["one"]


UPDATE = pathlib.Path("/usr/share/lmod/lmod/libexec/update_lmod_system_cache_files")
SAID = """timestampFn = { false, }
mrcT = { hiddenT = {}, }
-- [[ a comment ]]
spiderT = {
  ["TREE/Core"] = {
    gcc = { dirT = {}, fileT = {
        ["gcc/12"] = { fn = "TREE/Core/gcc/12.lua", whatis = { "Description: said", }, },
      }, },
    zlib = { dirT = {}, fileT = {
        ["zlib/1"] = { fn = "TREE/Core/zlib/1.lua", family = "small", help = [[Two
lines]], propT = { lmod = { sticky = 1, }, }, provides = { "z/1", }, whatis = { "Description: said \\"so\\"", [=[Two
]] lines]=], }, },
      }, },
    tools = { dirT = { ["tools/one"] = { fileT = {
        ["tools/one/2"] = { fn = "TREE/Core/tools/one/2", whatis = { "Description: said", }, },
      }, }, }, fileT = {}, },
  },
  version = 5,
}
mpathMapT = { ["TREE/gcc"] = { ["gcc/12"] = "TREE/Core", }, }
"""


@pytest.fixture
def said(tree):
    """A tree whose files say other than Lmod's cache does, so that one sees who was read."""
    tree.file("Core/gcc/12.lua", 'whatis("Description: read") prepend_path("MODULEPATH", "TREE/gcc")')
    tree.file("Core/zlib/1.lua", 'whatis("Description: read")')
    tree.file("Core/tools/one/2", "#%Module\nmodule-whatis {Description: read}")
    tree.file("gcc/hdf5/1.lua", 'whatis("Description: read")')
    tree.age()
    tree.file("../lmod/spiderT.lua", SAID)
    tree.file("../home/.lmodrc.lua", 'propT = {}\n--[[ a\ncomment ]]\nscDescriptT = { { ["dir"] = "TREE/../lmod", ["timestamp"] = "TREE/../stamp" } }')
    stamp = tree.file("../stamp")
    os.utime(stamp, (time.time() - 20, time.time() - 20))
    return tree


def descriptions(tree, *words, **env):
    done = tree.ask(*words, "--json", "keyword", ".", "-r", **env)
    assert done.returncode == 0, done.stderr
    return {one["full"]: one["description"] for one in json.loads(done.stdout)["modules"]}


def test_a_system_cache_of_lmod(said):
    known = {"gcc/12": "read", "hdf5/1": "read", "tools/one/2": "said", "zlib/1": 'said "so"'}
    for _ in range(2):
        assert descriptions(said) == known
    assert descriptions(said, "--ignore_cache") == dict.fromkeys(known, "read")
    shutil.rmtree(said.home / ".cache")
    zlib = [one for one in json.loads(said.ask("--json", "keyword", "said").stdout)["modules"] if one["name"] == "zlib"][0]
    assert zlib["family"] == "small" and zlib["extensions"] == ["z/1"] and zlib["whatis"][1] == "Two\n]] lines"
    assert said.json("zlib")[0]["description"] == "read", "what is shown is looked at"
    shutil.rmtree(said.home / ".cache")
    said.file("Core/zlib/2.lua", 'whatis("Description: new")')  # its folder is newer than the cache
    assert descriptions(said) == {**known, "zlib/1": "read", "zlib/2": "new"}


@pytest.mark.parametrize("how", ["older than its stamp", "without a stamp, of yesterday", "a program", "cut off"])
def test_a_system_cache_that_is_not_believed(said, how):
    cache = said.folder / "../lmod/spiderT.lua"
    if how == "a program":
        cache.write_text(cache.read_text() + 'x = { os.getenv("HOME") }')
    elif how == "cut off":
        cache.write_text(cache.read_text()[:-30])
    elif how == "older than its stamp":
        os.utime(cache, (time.time() - 40, time.time() - 40))
    else:
        (said.folder / "../stamp").unlink()
        os.utime(cache, (time.time() - 90000, time.time() - 90000))
    assert set(descriptions(said).values()) == {"read"}
    if how == "without a stamp, of yesterday":
        shutil.rmtree(said.home / ".cache")
        os.utime(cache, (time.time() - 50, time.time() - 50))
        (said.home / ".lmodrc.lua").unlink()
        assert set(descriptions(said).values()) == {"read"}
        shutil.rmtree(said.home / ".cache")
        assert descriptions(said, LMOD_SPIDER_CACHE_DIRS=str(cache.parent))["zlib/1"] == 'said "so"'


@pytest.mark.skipif(not UPDATE.exists(), reason="needs Lmod")
def test_a_system_cache_that_lmod_made(tmp_path):
    tree, home = tmp_path / "tree", tmp_path / "home"
    modules.plant(tree, "spider")
    home.mkdir()
    for base, _, files in os.walk(tree, topdown=False):
        for path in [os.path.join(base, name) for name in files] + [base]:
            os.utime(path, (1e9, 1e9))
    subprocess.run([UPDATE, "-d", tmp_path / "cache", "-t", tmp_path / "stamp", tree / "Core"], env=spiders.environment(tree, home), check=True)
    (home / ".lmodrc.lua").write_text('scDescriptT = { { ["dir"] = "%s", ["timestamp"] = "%s" } }' % (tmp_path / "cache", tmp_path / "stamp"))
    golden = spiders.golden()
    for question in spiders.QUESTIONS:
        expected = DIFFERENT.get(question, lambda answer: answer)(golden[question])
        assert spiders.ask(PROGRAM, question, tree, home, False) == expected, question
        shutil.rmtree(home / ".cache", ignore_errors=True)


def test_rings_and_files_without_end(tree):
    tree.file("Core/ring/1.lua", 'prepend_path("MODULEPATH", "TREE/ring2")')
    tree.file("ring2/ring/2.lua", 'prepend_path("MODULEPATH", "TREE/ring3")')
    tree.file("ring3/ring/3.lua", 'prepend_path("MODULEPATH", "TREE/ring2")')
    tree.file("Core/self/1.lua", 'prepend_path("MODULEPATH", "TREE/Core")')
    tree.file("Core/loop/1.lua", 'whatis("Description: loops") while true do end')
    tree.file("Core/after/1.lua", 'whatis("Description: comes after it")')
    (tree.folder / "Core/gone").mkdir()
    (tree.folder / "Core/gone/1.lua").symlink_to("nowhere")
    tree.age()
    found = {one["full"]: one for one in tree.json()}
    assert sorted(found) == ["after/1", "loop/1", "ring/1", "ring/2", "ring/3", "self/1"]
    assert found["ring/3"]["routes"] == [["ring/1", "ring/2"]] and found["self/1"]["routes"] == []
    assert found["loop/1"]["description"] == "loops" and found["after/1"]["description"] == "comes after it"


def test_terse_of_an_extension(tree):
    for name, held in {"py/3": "numpy/1.2,num/1", "py/4": "numpy/1.3", "numbers/1": "numpy/1.2"}.items():
        tree.file("Core/%s.lua" % name, 'extensions("%s")' % held)
    for word, names in {"numpy": "numbers/1 py/3 py/4", "numpy/1.2": "numbers/1 py/3", "numpy@1.3:": "py/4", "numb": "numbers/1", "num": "py/3", "umpy": "numbers/1 py/3 py/4"}.items():
        assert sorted(tree.ask("-t", "spider", word).stdout.split()) == names.split(), word


def test_avail(tree):
    tree.file("Core/py/3.9.lua")
    tree.file("Core/py/3.10.lua")
    tree.file("Core/py/.modulerc.lua", 'module_version("py/3.9", "lts") module_alias("python3", "py/3.10")')
    tree.file("Core/std/1.lua", 'add_property("lmod", "sticky") extensions("numpy/1.26")')
    done = tree.ask("avail")
    assert done.returncode == 0 and done.stderr == ""
    for line in ("py/3.9 (lts)", "py/3.10 (D)", "std/1 (S)", "numpy (E)", "python3 -> py/3.10", "S: sticky", "module spider numpy"):
        assert line in done.stdout
    assert "numpy" not in tree.ask("avail", LMOD_AVAIL_EXTENSIONS="no").stdout and "numpy" not in tree.ask("--nx", "avail").stdout
    assert tree.ask("-t", "-d", "avail").stdout.split()[1:] == [str(tree.folder / "Core") + ":", "py/3.10", "std/1"]
    assert [one["full"] for one in json.loads(tree.ask("--json", "avail", "py").stdout)["modules"]] == ["py/3.9", "py/3.10"]


def test_what_does_not_fit_is_paged(tree):
    """The function of a shell has the lists on standard error, and its code on standard output."""
    for number in range(40):
        tree.file("Core/a-rather-long-name-of-a-module-that-takes-the-whole-line-%02d/1.lua" % number)
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tree.home), "MODULEPATH": str(tree.folder / "Core"), "TERM": "screen",
           "LMOD_PAGER": "sed s/^/P:/", "LMOD_PAGER_OPTS": ""}
    words = ["sh", "-c", 'out=$("$0" module --shell bash "$@"); echo "code:$out"', str(BINARY)]
    written, status = bytes_of([*words, "avail"], env, tree.folder)
    assert status == 0 and b"P:   a-rather-long-name-of-a-module-that-takes-the-whole-line-00/1" in written and written.rstrip().endswith(b"code:")
    assert b"P:" not in bytes_of([*words, "avail"], {**env, "LMOD_PAGER": "none"}, tree.folder)[0]
    assert b"P:" not in bytes_of([*words, "avail", "line-01"], env, tree.folder)[0], "it fits"


def test_completion_of_names(tree):
    small(tree)
    assert tree.ask("complete", "module", "load", "g").stdout.split() == ["gcc", "gcc/12"]
    assert tree.ask("complete", "module", "spider", "hd").stdout.split() == ["hdf5", "hdf5/1"]
    assert tree.ask("complete", "module", "unlo").stdout.split() == ["unload"]
    assert tree.ask("complete", "ml", "g").stdout.split() == ["gcc", "gcc/12"]
    assert tree.ask("complete", "module", "unload", "g", LOADEDMODULES="gcc/12", _LMFILES_=str(tree.folder / "Core/gcc/12.lua")).stdout.split() == ["gcc", "gcc/12"]
    assert "--terse" in tree.ask("complete", "module", "avail", "--t").stdout


@pytest.mark.sanitize
def test_ml_with_options_before_its_verb(tree):
    small(tree)
    code = 'eval "$(%s module init bash --replace)"; ml -t av 2>&1; echo; ml -t 2>&1; ml gcc 2>&1; ml -t; ml -gcc; ml -t; ml --terse spider hdf5' % BINARY
    done = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, check=True,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(tree.home), "MODULEPATH": str(tree.folder / "Core")})
    assert done.stdout.split() == ["%s/Core:" % tree.folder, "gcc/", "gcc/12"] and done.stderr.split() == ["gcc/12", "hdf5/1"]


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")
def test_completion_of_the_function(tree):
    small(tree)
    code = 'eval "$(%s module init bash --replace)"; COMP_WORDS=(module load gc); COMP_CWORD=2; _lopin_module; echo "${COMPREPLY[@]}"' % BINARY
    done = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, check=True,
                          env={"PATH": "/usr/bin:/bin", "HOME": str(tree.home), "MODULEPATH": str(tree.folder / "Core")})
    assert done.stdout == "gcc gcc/12\n" and done.stderr == ""
