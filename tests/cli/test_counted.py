# SPDX-License-Identifier: Apache-2.0
"""Where the site counts files (files-counted): environments of lines are one file each in the cache, unpacked once a node."""
import os
import pathlib
import shutil

import pytest

import wheels
from test_storage import disk  # noqa: F401

WHERE = "import demo, sys\nprint(sys.prefix, demo.X)\n"


@pytest.fixture
def site(lopin):
    """The options of a line there; lopin.disk: the node's own disk."""
    wheels.make(lopin.cwd / "house", "demo", "1.0", {"demo/__init__.py": "X = 1\n", "demo/never.txt": "x"}, requires=["other"])
    wheels.make(lopin.cwd / "house", "other", "1.0", {"other/a.py": "", "other/b/c.py": ""})
    old = os.stat(lopin.cwd / "house").st_mtime - 100
    os.utime(lopin.cwd / "house", (old, old))
    lopin.disk = lopin.cwd / "node disk"
    lopin.disk.mkdir()
    lopin.cache = pathlib.Path(lopin.env["XDG_CACHE_HOME"]) / "lopin"
    lopin.env["LOPIN_SITE"] = str(lopin.write("site.toml", 'files-counted = true\nlocal-disk = ["%s"]\n' % lopin.disk))
    lopin.write("where.py", WHERE)
    return ["--no-index", "--find-links", "house", "--with", "demo"]


def run(lopin, words, **options):
    done = lopin("run", *words, "where.py", **options)
    assert done.code == 0, done
    return pathlib.Path(done.out.rsplit(" ", 1)[0]), done.err


def files(folder):
    return [path for path in folder.rglob("*") if not path.is_dir()] if folder.exists() else []


def test_one_file(lopin, site):
    prefix, said = run(lopin, site)
    assert prefix.is_relative_to(lopin.disk) and "made in" in said
    image, = (lopin.cache / "images").iterdir()
    assert image.suffix == ".img" and not (lopin.cache / "envs").exists() and not (lopin.cache / "store").exists()
    # The hook and the package of all tasks are there once, whatever environments there are.
    assert len([path for path in files(lopin.cache) if "hook-" not in str(path)]) < 6, files(lopin.cache)
    state, mark = image.stat(), (prefix / ".lopin-image").stat()
    again, said = run(lopin, site)
    assert again == prefix and "made in" not in said and "unpacked in" not in said
    assert image.stat().st_ino == state.st_ino and (prefix / ".lopin-image").stat().st_ino == mark.st_ino
    # another node: nothing but the cache is there
    shutil.rmtree(lopin.disk)
    lopin.disk.mkdir()
    shutil.rmtree(lopin.cache / "asked")
    again, said = run(lopin, site)
    assert again == prefix and "unpacked in" in said and "made in" not in said and image.stat().st_ino == state.st_ino
    # other packages, another image
    other, _ = run(lopin, site[:-1] + ["demo,other"])
    assert len(list((lopin.cache / "images").iterdir())) == 1 and other == prefix  # the same packages are the same environment
    assert sorted(os.listdir(next(lopin.disk.iterdir()))) == ["images", "store"]
    shown = lopin("config", "files-counted")
    assert shown.code == 0 and "true" in shown.out and "site.toml" in shown.out


def test_another_node_asks_nobody(lopin, site):
    prefix, _ = run(lopin, site)
    shutil.rmtree(lopin.disk)
    lopin.disk.mkdir()
    again, said = run(lopin, site)
    assert again == prefix and "unpacked in" in said and "made in" not in said
    assert os.listdir(next(lopin.disk.iterdir())) == ["images"]  # no store: nothing was built


def test_all_at_once(lopin, site):
    started = [lopin.start("run", *site, "where.py") for _ in range(5)]
    said = [process.communicate() for process in started]
    assert {process.returncode for process in started} == {0}, said
    assert len({out for out, _ in said}) == 1
    assert len(list((lopin.cache / "images").iterdir())) == 1
    there = next(lopin.disk.iterdir())
    assert not [name for name in os.listdir(there) + os.listdir(there / "images") if name.startswith((".build-", ".tmp-"))]


def test_damaged_image(lopin, site):
    prefix, _ = run(lopin, site)
    image, = (lopin.cache / "images").iterdir()
    image.write_bytes(image.read_bytes()[:-100])
    shutil.rmtree(lopin.disk)
    lopin.disk.mkdir()
    again, said = run(lopin, site)
    assert again == prefix, said
    assert "is made anew" in said or "made in" in said, said


def test_map_and_resume(lopin, site):
    lopin.write("where.py", WHERE + "import os\nsys.exit(os.path.exists('fail'))\n")
    lopin.write("fail", "")
    assert lopin("map", *site, "where.py", "a", "b").code == 1
    (lopin.cwd / "fail").unlink()
    done = lopin("retry")
    assert done.code == 0, done


def test_resume_in_another_job(lopin, site):
    """Its disk has another name, and the environment is the same."""
    lopin.write("where.py", WHERE + "import os\nsys.exit(75 if sys.argv[1] == 'b' and os.path.exists('again') else 0)\n")
    lopin.write("again", "")
    job = {"LOPIN_SITE": str(lopin.write("job.toml", 'files-counted = true\nlocal-disk = ["$JOB"]\n'))}
    for name in ("job1", "job2"):
        (lopin.cwd / name).mkdir()
    done = lopin("map", *site, "--resume", "--max-continue", "1", "where.py", "a", "b", env=dict(job, JOB=str(lopin.cwd / "job1")))
    assert done.code in (1, 75), done
    (lopin.cwd / "again").unlink()
    shutil.rmtree(lopin.cwd / "job1")
    done = lopin("map", *site, "--resume", "--json", "where.py", "a", "b", "c", env=dict(job, JOB=str(lopin.cwd / "job2")))
    assert "[changed]" not in done.err and "unpacked in" in done.err, done
    started = [event["dataset"] for event in done.events() if event["event"] == "start"]
    assert 1 not in started and 3 in started, done.out


def test_no_room(lopin, site, disk):  # noqa: F811
    """The node's own disk is full, or not there: as everywhere else, and it is said."""
    small = disk(lopin.cwd / "small", 40).path
    site_file = lopin.write("site.toml", 'files-counted = true\nlocal-disk = ["%s"]\n' % small)
    assert site_file
    prefix, said = run(lopin, site)
    assert prefix.is_relative_to(lopin.cache / "envs") and "files are counted" in said, (prefix, said)
    assert not [path for path in files(small) if ".build-" in str(path)]


def test_a_cleaner_took_files(lopin, site):
    """What goes by age takes the file that nobody reads first; then it is unpacked anew."""
    prefix, _ = run(lopin, site)
    ages = {path: max(path.lstat().st_atime_ns, path.lstat().st_ctime_ns) for path in files(prefix)}
    oldest = min(ages, key=ages.get)
    assert ages[prefix / ".lopin-oldest"] <= ages[oldest]
    for path in prefix.rglob("never.txt"):
        path.unlink()
    (prefix / ".lopin-oldest").unlink()
    again, said = run(lopin, site)
    assert again == prefix and "unpacked in" in said and list(prefix.rglob("never.txt"))


def test_gc(lopin, site):
    prefix, _ = run(lopin, site)
    image, = (lopin.cache / "images").iterdir()
    assert lopin("env", "gc").code == 0 and prefix.exists() and image.exists()
    for path in (prefix / ".lopin-image", image):
        os.utime(path, (1, 1))
    run(lopin, site)  # used now
    done = lopin("env", "gc")
    assert done.code == 0 and prefix.exists() and image.exists(), done
    for path in (prefix / ".lopin-image", image, *next(lopin.disk.iterdir()).glob("store/1/*")):
        os.utime(path, (1, 1))
    done = lopin("env", "gc", "--dry-run", "--json")
    assert done.json()["removed"]["environments"] == 2 and prefix.exists() and image.exists(), done
    done = lopin("env", "gc")
    assert done.code == 0 and not prefix.exists() and not image.exists(), done
    assert [name for name in os.listdir(prefix.parent) if not name.startswith(".gc")] == []
    assert run(lopin, site)[0] == prefix
