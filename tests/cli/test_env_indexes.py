# SPDX-License-Identifier: Apache-2.0
"""Indexes that stall, lie or fail, through `lopin pip install` and `map --with`: a clear error, nothing of it installed."""
import hashlib
import json
import os
import signal
import time

import pytest

import wheels
from index_server import Index, basic
from test_venv import tree


class Site:
    """An environment, and an index whose wheels are whole."""

    def __init__(self, lopin, folder):
        self.lopin, self.folder = lopin, folder
        self.index = Index()
        lopin.env.update(PIP_RETRIES="0", PIP_TIMEOUT="1")
        done = lopin("venv", "env")
        assert done.code == 0, done.err
        self.before = tree(lopin.cwd / "env")

    def add(self, name="demo", version="1.0", body=None, index=None, **said):
        """Publishes a wheel; `body`: what is sent in its place, bytes or a function. Returns its path on the index."""
        index = index or self.index
        path = wheels.make(self.folder / "wheels", name, version, requires=said.pop("requires", ()))
        whole = path.read_bytes()
        entry = {"filename": path.name, "url": "../../files/" + path.name, "size": len(whole),
                 "hashes": {"sha256": hashlib.sha256(whole).hexdigest()}}
        entry.update(said)
        entry = {key: value for key, value in entry.items() if value is not None}
        index.answers.setdefault("entries", {}).setdefault(name, []).append(entry)
        page = {"meta": {"api-version": "1.0"}, "name": name, "files": index.answers["entries"][name]}
        index.answers["/simple/%s/" % name] = (json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
        where = "/files/" + path.name
        index.answers[where] = whole if body is None else body
        return where

    def install(self, *words, url=None, **options):
        return self.lopin("pip", "--env", "env", "install", "--index-url", url or self.index.url, *words, **options)

    def refused(self, done, name):
        """It failed by that name, in the environment as it was."""
        assert done.code in (3, 4) and done.err.splitlines()[0].endswith("[%s]" % name), done.err
        assert "Successfully" not in done.out
        assert tree(self.lopin.cwd / "env") == self.before
        assert not [path for path in (self.folder / "cache").rglob("demo.py")]
        return done.err


@pytest.fixture
def site(lopin, tmp_path):
    site = Site(lopin, tmp_path)
    yield site
    site.index.close()


def test_good(site):
    site.add(requires=["other"])
    site.add("other", "2.0")
    done = site.install("demo")
    assert done.code == 0 and done.out == "Successfully installed demo-1.0 other-2.0\n" and done.err == ""


def test_stall(site):
    where = site.add()
    site.index.answers[where] = lambda handler: handler.stall(site.index.over)
    assert "demo-1.0-py3-none-any.whl does not answer any more" in site.refused(site.install("demo"), "fetch")

def test_truncated(site):
    where = site.add()
    whole = site.index.answers[where]
    site.index.answers[where] = lambda handler: handler.break_off(whole, len(whole) // 2)
    assert "ends too early" in site.refused(site.install("demo"), "fetch")
    site.index.answers[where] = whole
    assert site.install("demo").code == 0  # and what came is no obstacle


def test_half_a_wheel_said_to_be_whole(site):
    where = site.add(hashes=None, size=None)
    site.index.answers[where] = site.index.answers[where][:300]
    assert "demo 1.0: '" in site.refused(site.install("demo"), "no-wheel")  # it has no METADATA that can be read


def test_redirect_to_a_file(site):
    secret = site.lopin.write("secret-1.0-py3-none-any.whl", "secret")
    site.add(body=lambda handler: handler.redirect(secret.as_uri()))
    assert "neither http nor https" in site.refused(site.install("demo"), "fetch")
    site.index.answers["/simple/demo/"] = lambda handler: handler.redirect("file:///etc/passwd")
    assert "neither http nor https" in site.refused(site.install("demo"), "fetch")


def test_wrong_hash(site):
    site.add(version="0.9")
    where = site.add(size=None)
    site.index.answers[where] = wheels.make(site.folder / "evil", "demo", "1.0", {"demo.py": "evil = 1\n"}).read_bytes()
    said = site.refused(site.install("demo"), "bad-wheel")
    assert "is not the file that its index names" in said and "found   sha256" in said


def test_name_that_lies(site):
    other = wheels.make(site.folder / "evil", "other", "1.0").read_bytes()
    site.add(body=other, hashes=None, size=None)
    done = site.install("demo")
    assert "another project" in site.refused(done, "no-wheel")


@pytest.mark.parametrize("status", [403, 404, 410, 500, 503])
def test_status_of_a_file(site, status):
    site.add(body=lambda handler: handler.give(status, b"<h1>sorry</h1>"))
    assert "answers HTTP %d" % status in site.refused(site.install("demo"), "fetch")


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_status_of_a_page(site, status):
    site.add()
    site.index.answers["/simple/demo/"] = lambda handler: handler.give(status, b"<h1>sorry</h1>")
    assert "HTTP %d" % status in site.refused(site.install("demo"), "fetch")


def test_no_such_project(site):
    assert "found   demo nowhere (%s)" % site.index.url in site.refused(site.install("demo"), "no-wheel")


def test_yanked(site):
    site.add("demo", "1.0")
    site.add("demo", "2.0", yanked="it eats data")
    done = site.install("demo")
    assert done.out == "Successfully installed demo-1.0\n"
    done = site.install("demo==2.0")
    assert done.out == "Successfully installed demo-2.0\n"


def test_only_yanked(site):
    site.add("demo", "2.0", yanked="it eats data")
    assert "demo 2.0: withdrawn: it eats data" in site.refused(site.install("demo"), "no-wheel")


def test_indexes_are_one_pool(site):
    """As with pip: the highest version wins, whichever index has it (so a private name is not safe from the public index)."""
    public = Index()
    try:
        site.add("demo", "1.0")
        site.add("demo", "9.0", index=public)
        done = site.install("--extra-index-url", public.url, "--dry-run", "demo")
        assert done.out == "Would install demo-9.0\n", done.err
        done = site.install("--extra-index-url", site.index.url, "--dry-run", "demo", url=public.url)
        assert done.out == "Would install demo-9.0\n", done.err
        public.answers["/simple/demo/"] = lambda handler: handler.give(500, b"")
        site.refused(site.install("--extra-index-url", public.url, "demo"), "fetch")  # not the other one, silently
    finally:
        public.close()


def test_credentials_are_not_shown(site):
    url = site.index.url.replace("//", "//alice:s3cret@")
    site.add()
    whole = dict(site.index.answers)

    def guarded(path):
        def answer(handler):
            if handler.headers.get("Authorization") != basic("alice", "s3cret"):
                handler.give(401, b"")
            elif isinstance(whole[path], tuple):
                handler.give(200, *whole[path])
            else:
                handler.give(200, whole[path])
        return answer
    for path in [path for path in whole if path.startswith("/")]:
        site.index.answers[path] = guarded(path)
    done = site.install("-v", "demo", url=url)
    assert done.code == 0, done.err
    said = done.out + done.err
    for file in (site.lopin.cwd / "env").rglob("*"):
        if file.is_file():
            said += file.read_bytes().decode(errors="replace")
    for words in (["absent"], ["demo>2"], ["-r", "missing.txt"]):
        done = site.install("-v", *words, url=url)
        assert done.code != 0
        said += done.out + done.err
    site.index.answers["/simple/demo/"] = lambda handler: handler.give(500, b"")
    site.index.answers["/simple/other/"] = lambda handler: handler.redirect(site.index.url.replace("//", "//bob:hush@"))
    for name in ("demo", "other"):
        done = site.install("-v", "--force-reinstall", name, url=url)
        assert done.code != 0
        said += done.out + done.err
    assert "s3cret" not in said and "hush" not in said


def test_killed_in_a_download(site):
    where = site.add("demo", "1.0", requires=())
    path = wheels.make(site.folder / "large", "demo", "1.0", {"demo.py": "VERSION = 1\n", "demo.bin": os.urandom(600000)})
    whole = path.read_bytes()
    entry = site.index.answers["entries"]["demo"][0]
    entry.update(size=len(whole), hashes={"sha256": hashlib.sha256(whole).hexdigest()})
    page = {"meta": {"api-version": "1.0"}, "name": "demo", "files": [entry]}
    site.index.answers["/simple/demo/"] = (json.dumps(page).encode(), "application/vnd.pypi.simple.v1+json")
    site.lopin.env["PIP_TIMEOUT"] = "60"
    half = len(whole) // 2

    def slow(handler):
        handler.send_response(200)
        handler.send_header("ETag", '"%s"' % hashlib.sha256(whole).hexdigest()[:12])
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        handler.wfile.write(whole[:half])
        handler.wfile.flush()
        site.index.over.wait(60)
        handler.close_connection = True
    site.index.answers[where] = slow
    process = site.lopin.start("pip", "--env", "env", "install", "--index-url", site.index.url, "demo")
    downloads = site.folder / "cache" / "lopin" / "downloads"
    while not any(part.stat().st_size == half for part in downloads.glob("*/part-*")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert tree(site.lopin.cwd / "env") == site.before
    site.index.answers[where] = whole
    site.index.asked.clear()
    done = site.install("demo")
    assert done.out == "Successfully installed demo-1.0\n", done.err
    starts = [headers.get("Range") for path, headers in site.index.asked if path == where]
    assert starts == ["bytes=%d-" % half]
    assert not list(downloads.glob("*/part-*"))


def test_map_begins_nothing(site):
    """Without its environment no task starts, and no run is there afterwards."""
    site.lopin.write("a.py", "open('touched', 'w')\n")
    where = site.add(size=None)
    site.index.answers[where] = b"no wheel at all"
    line = ["map", "--with", "demo", "--index-url", site.index.url, "a.py", ":::", "a", "b"]
    done = site.lopin(*line)
    assert done.code in (3, 4) and "[bad-wheel]" in done.err.splitlines()[0], done.err
    site.index.answers[where] = lambda handler: handler.give(500, b"")
    done = site.lopin(*line)
    assert done.code == 3 and "[fetch]" in done.err.splitlines()[0], done.err
    assert not (site.lopin.cwd / "touched").exists() and site.lopin("list").out.count("a.py") == 0
