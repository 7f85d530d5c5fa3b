# SPDX-License-Identifier: Apache-2.0
"""Indexes over HTTP: what is asked, kept and refused."""
import gzip
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import BINARY
from index_server import Index, ask, basic, coded, wheel

TAGS = "py3-none-any"


@pytest.fixture
def index():
    server = Index()
    yield server
    server.close()


class Asker:
    def __init__(self, index, folder):
        self.index, self.cache = index, folder / "cache"
        self.vars = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index.url, "HOME": str(folder), "PIP_RETRIES": "0",
                     "PIP_TIMEOUT": "10"}

    def __call__(self, verb, names="a", offline=False, python="3.11.7", **more):
        settings = ["%s=%s" % item for item in {**self.vars, **more}.items()]
        return ask("source", verb, self.cache, python, TAGS, int(offline), names, *settings)


@pytest.fixture
def source(index, tmp_path):
    return Asker(index, tmp_path)


def error(answer, name):
    assert answer[:2] == ["error", name], answer
    return answer[2]


def test_versions_and_what_is_refused(index, source):
    index.add("a", "1.0")
    index.add("a", "2.0", **{"requires-python": ">=3.12"})
    index.add("a", "1.5", yanked="broken")
    answer = source("list")
    label = index.url
    assert answer[:8] == ["1.5", "a-1.5-py3-none-any.whl", label, "broken", "1.0", "a-1.0-py3-none-any.whl", label, "-"]
    assert "2.0 only for Python >=3.12" in answer[9]
    assert "application/vnd.pypi.simple.v1+json" in index.asked[0][1]["Accept"]


def test_html_page_and_gzip(index, source):
    page = b"<html><a href='/files/a-1.0-py3-none-any.whl'>a</a></html>"
    index.answers["/simple/a/"] = lambda handler: handler.give(200, gzip.compress(page), "text/html", Content_Encoding="gzip")
    assert source("list")[0] == "1.0"


def test_unknown_project_is_no_error(index, source):
    assert source("list", "nothing-of-that-name") == ["", "nowhere (%s)" % index.url]


def test_pages_are_kept_and_asked_about(index, source):
    index.add("a", "1.0")
    assert source("list")[0] == "1.0"
    assert source("list")[0] == "1.0"  # no max-age: asked again, unchanged
    assert [headers.get("If-None-Match") is not None for _, headers in index.asked] == [False, True]
    index.add("a", "2.0")
    assert source("list")[0] == "2.0"
    body, kind = index.answers["/simple/a/"]
    index.answers["/simple/a/"] = lambda handler: handler.give(200, body + b" ", kind, Cache_Control="public, max-age=500")
    assert source("list")[0] == "2.0"
    count = len(index.asked)
    assert source("list")[0] == "2.0" and len(index.asked) == count  # it is fresh: not asked at all


def test_offline(index, source):
    index.add("a", "1.0", size=5000, beside=True)
    assert "no index was asked" in source("list", offline=True)[-1] and index.asked == []
    assert error(source("metadata", offline=True), "no-wheel")
    source("metadata")
    path = source("fetch")[0]
    count = len(index.asked)
    index.close()
    assert source("list", offline=True)[0] == "1.0"
    assert source("metadata", offline=True) == ["0"]
    assert source("fetch", offline=True) == [path]
    assert len(index.asked) == count
    pathlib.Path(path).unlink()
    assert "--offline" in error(source("fetch", offline=True), "fetch")


def test_metadata_beside_the_wheel(index, source):
    index.add("a", "1.0", requires=["b>=2", "c; extra == 'x'"], beside=True)
    assert source("metadata") == ["2", "b>=2", 'c; extra == "x"']
    assert index.paths() == ["/simple/a/", "/files/a-1.0-py3-none-any.whl.metadata"]


def test_metadata_beside_that_is_another(index, source):
    index.add("a", "1.0", requires=["b"], beside=True)
    index.answers["/files/a-1.0-py3-none-any.whl.metadata"] += b"Requires-Dist: evil\n"
    assert source("metadata") == ["1", "b"]  # then out of the wheel
    assert index.paths()[-1] == "/files/a-1.0-py3-none-any.whl"


def test_metadata_of_another_project(index, source):
    whole, _ = wheel("b", "1.0")
    index.add("a", "1.0", hashes={"sha256": hashlib.sha256(whole).hexdigest()}, size=0)
    entry = json.loads(index.answers["/simple/a/"][0])
    entry["files"][0]["size"] = len(whole)
    index.answers["/simple/a/"] = (json.dumps(entry).encode(), "application/vnd.pypi.simple.v1+json")
    index.answers["/files/a-1.0-py3-none-any.whl"] = whole
    assert "another project" in error(source("metadata"), "bad-wheel")


def test_many_at_once(index, source):
    names = ["p%d" % number for number in range(40)]
    for name in names:
        index.add(name, "1.0", beside=True)
    assert source("metadata", ",".join(names)) == ["0"] * 40
    paths = source("fetch", ",".join(names))
    assert [os.path.basename(path) for path in paths] == [name + "-1.0-py3-none-any.whl" for name in names]
    assert sorted(set(index.paths())) == sorted(index.paths()) or len(index.asked) < 200


def test_fetched_file_is_checked(index, source):
    whole = index.add("a", "1.0", size=3000)
    path = source("fetch")[0]
    assert pathlib.Path(path).read_bytes() == whole and os.path.basename(path) == "a-1.0-py3-none-any.whl"
    count = len(index.asked)
    assert source("fetch") == [path] and not [1 for path, _ in index.asked[count:] if path.startswith("/files/")]
    pathlib.Path(path).write_bytes(whole[:-1] + b"x")  # damaged on our disk: had again
    assert source("fetch") == [path] and pathlib.Path(path).read_bytes() == whole


def test_wrong_hash(index, source):
    whole = index.add("a", "1.0", size=3000)
    index.answers["/files/a-1.0-py3-none-any.whl"] = whole[:-1] + b"x"
    assert "not the file that its index names" in error(source("fetch"), "bad-wheel")
    assert not list(source.cache.rglob("*.whl")) and not list(source.cache.rglob("part-*"))


@pytest.mark.parametrize("more", [b"x", b"x" * 10_000_000])
def test_larger_than_said(index, source, more):
    index.answers["/files/a-1.0-py3-none-any.whl"] = index.add("a", "1.0", size=3000) + more
    error(source("fetch"), "fetch")
    assert not list(source.cache.rglob("*.whl"))


def test_truncated_then_resumed(index, source):
    whole = index.add("a", "1.0", size=200_000)
    file = "/files/a-1.0-py3-none-any.whl"
    index.answers[file] = lambda handler: handler.break_off(whole, 100_000)
    assert "ends too early" in error(source("fetch"), "fetch")
    assert [part.stat().st_size for part in source.cache.rglob("part-*")] == [100_000]
    index.answers[file] = whole
    path = source("fetch")[0]
    assert pathlib.Path(path).read_bytes() == whole
    assert index.asked[-1][1]["Range"] == "bytes=100000-"
    assert not list(source.cache.rglob("part-*"))


def test_truncated_and_tried_again_by_itself(index, source):
    whole = index.add("a", "1.0", size=200_000)
    file = "/files/a-1.0-py3-none-any.whl"
    broken = []

    def answer(handler):
        if len(broken) < 2:
            broken.append(1)
            handler.break_off(whole, 50_000) if "Range" not in handler.headers else handler.break_off(whole, 0)
        else:
            handler.give(200, whole)
    index.answers[file] = answer
    assert pathlib.Path(source("fetch", PIP_RETRIES="3")[0]).read_bytes() == whole


def test_another_file_is_not_mixed_in(index, source):
    """No hash is known, and the file changed between the two halves."""
    old, new = os.urandom(60_000), index.add("a", "1.0", size=50_000, hashes={})
    file = "/files/a-1.0-py3-none-any.whl"
    index.answers["/simple/a/"] = (b"<a href='/files/a-1.0-py3-none-any.whl'>", "text/html")
    index.answers[file] = lambda handler: handler.break_off(old, 20_000)
    error(source("fetch"), "fetch")
    index.answers[file] = new
    assert pathlib.Path(source("fetch")[0]).read_bytes() == new


def test_stalls(index, source):
    index.answers["/simple/a/"] = lambda handler: handler.stall(index.over)
    assert "does not answer" in error(source("list", PIP_TIMEOUT="1"), "fetch")


def test_nobody_is_there(index, source):
    index.close()
    text = error(source("list"), "fetch")
    assert index.root in text


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "/again"])
def test_redirects_that_are_refused(index, source, target):
    index.answers["/simple/a/"] = lambda handler: handler.redirect(target)
    index.answers["/again"] = lambda handler: handler.redirect("/again")
    text = error(source("list"), "fetch")
    assert ("without end" in text) if target == "/again" else ("neither http nor https" in text and target[:4] in text)


def test_redirect(index, source):
    index.add("a", "1.0")
    index.answers["/elsewhere/a/"] = index.answers["/simple/a/"]
    index.answers["/simple/a/"] = lambda handler: handler.redirect("/elsewhere/a/")
    whole = index.answers["/files/a-1.0-py3-none-any.whl"]
    assert pathlib.Path(source("fetch")[0]).read_bytes() == whole


def test_links_to_files_of_this_machine_are_not_followed(index, source):
    index.answers["/simple/a/"] = (b"<a href='file:///etc/a-1.0-py3-none-any.whl'>", "text/html")
    assert source("list") == ["", "nowhere (%s)" % index.url]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_error_that_passes(index, source, status):
    index.add("a", "1.0")
    page, kind = index.answers["/simple/a/"]
    index.answers["/simple/a/"] = lambda handler: handler.give(200, page, kind) if len(index.asked) > 2 else handler.give(status, b"later")
    assert "HTTP %d" % status in error(source("list"), "fetch")
    assert source("list", PIP_RETRIES="3")[0] == "1.0"


def test_no_page_of_an_index(index, source):
    index.answers["/simple/a/"] = (b"<html>login</html>", "application/vnd.pypi.simple.v1+json")
    assert "no page of a simple index" in error(source("list"), "fetch")


def protect(index, user, password):
    page = index.answers["/simple/a/"]
    file = index.answers["/files/a-1.0-py3-none-any.whl"]

    def guard(answer):
        def checked(handler):
            if handler.headers.get("Authorization") == basic(user, password):
                handler.give(200, *answer) if isinstance(answer, tuple) else handler.give(200, answer)
            else:
                handler.give(401, b"who?", WWW_Authenticate="Basic realm=x")
        return checked
    index.answers["/simple/a/"], index.answers["/files/a-1.0-py3-none-any.whl"] = guard(page), guard(file)


def test_login_of_the_url(index, source):
    index.add("a", "1.0")
    protect(index, "me@site", "s3:cret")
    url = index.url.replace("://", "://me%40site:s3%3Acret@")
    assert error(source("list"), "fetch")
    assert os.path.basename(source("fetch", PIP_INDEX_URL=url)[0]) == "a-1.0-py3-none-any.whl"
    index.answers.clear()
    index.answers["/simple/a/"] = lambda handler: handler.give(500, b"")
    assert "s3" not in " ".join(source("list", PIP_INDEX_URL=url))
    assert not [path for path in source.cache.rglob("*") if path.is_file() and b"s3" in path.read_bytes()]


def test_login_of_netrc(index, source, tmp_path):
    index.add("a", "1.0")
    protect(index, "me", "secret")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    assert os.path.basename(source("fetch")[0]) == "a-1.0-py3-none-any.whl"


def test_login_stays_with_its_server(index, source):
    other = Index()
    try:
        other.add("a", "1.0")
        index.answers["/simple/a/"] = lambda handler: handler.redirect(other.url + "a/")
        url = index.url.replace("://", "://me:secret@")
        source("fetch", PIP_INDEX_URL=url)
        assert index.asked[0][1]["Authorization"] == basic("me", "secret")
        assert other.asked and not [1 for _, headers in other.asked if "Authorization" in headers]
    finally:
        other.close()


def test_proxies(index, source):
    index.add("a", "1.0")
    away = {"PIP_INDEX_URL": "http://index.invalid/simple/"}
    assert source("list", http_proxy=index.root, **away)[0] == "1.0"
    assert source("list", HTTP_PROXY=index.root, **away)[0] == "1.0"
    assert source("list", PIP_PROXY=index.root, http_proxy="http://127.0.0.1:1", **away)[0] == "1.0"
    index.answers["/simple/a/"] = index.answers["/simple/a/"][0] + b" ", index.answers["/simple/a/"][1]
    assert source("list", http_proxy="http://127.0.0.1:1", no_proxy="127.0.0.1")[0] == "1.0"


def test_certificates(index, source, tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("needs openssl to make a certificate")
    pem = tmp_path / "site.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=site", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", str(tmp_path / "key.pem"), "-out", str(pem)],
                   check=True, capture_output=True)
    other = Index(certificate=(pem, tmp_path / "key.pem"))
    try:
        other.add("a", "1.0")
        away = {"PIP_INDEX_URL": other.url}
        text = error(source("list", **away), "fetch")
        assert "certificate" in text.lower() and other.asked == []
        assert source("list", PIP_CERT=str(pem), **away)[0] == "1.0"
        other.add("a", "2.0")
        assert source("list", REQUESTS_CA_BUNDLE=str(pem), **away)[0] == "2.0"
        other.add("a", "3.0")
        assert source("list", SSL_CERT_FILE=str(pem), **away)[0] == "3.0"
        other.add("a", "4.0")
        assert source("list", PIP_TRUSTED_HOST="127.0.0.1", **away)[0] == "4.0"
        assert source("list", PIP_TRUSTED_HOST="127.0.0.1:%d" % other.port, **away)[0] == "4.0"
        error(source("list", PIP_TRUSTED_HOST="127.0.0.1:1", **away), "fetch")
        error(source("list", PIP_CERT=str(tmp_path / "absent.pem"), **away), "fetch")
    finally:
        other.close()


def test_two_indexes_and_a_wheelhouse(index, source, tmp_path):
    """The wheelhouse wins a tie; a newer version of an index is newer all the same."""
    other = Index()
    try:
        index.add("a", "1.0")
        other.add("a", "1.0")
        other.add("a", "2.0")
        house = tmp_path / "generic"
        house.mkdir()
        (house / "a-1.0-py3-none-any.whl").write_bytes(wheel("a", "1.0")[0])
        answer = source("list", PIP_FIND_LINKS=str(house), PIP_EXTRA_INDEX_URL=other.url)
        assert answer[:8:2] == ["2.0", other.url, "1.0", "generic"]
    finally:
        other.close()


def test_page_of_links(index, source):
    index.add("a", "1.0")
    index.answers["/links.html"] = (b"<a href='files/a-1.0-py3-none-any.whl'>", "text/html")
    answer = source("fetch", PIP_NO_INDEX="1", PIP_FIND_LINKS=index.root + "/links.html")
    assert os.path.basename(answer[0]) == "a-1.0-py3-none-any.whl"
    assert "/simple/a/" not in index.paths()


def test_index_in_a_folder(index, source, tmp_path):
    page = tmp_path / "simple" / "a"
    page.mkdir(parents=True)
    (page / "index.html").write_text("<a href='a-1.0-py3-none-any.whl'>")
    (page / "a-1.0-py3-none-any.whl").write_bytes(wheel("a", "1.0", ["b"])[0])
    assert source("metadata", PIP_INDEX_URL=(tmp_path / "simple").as_uri()) == ["1", "b"]
    assert index.asked == []


def test_kill_in_a_download_leaves_what_came(index, source, tmp_path):
    whole = index.add("a", "1.0", size=300_000)
    file = "/files/a-1.0-py3-none-any.whl"

    def half(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        handler.wfile.write(whole[:150_000])
        handler.wfile.flush()
        index.over.wait(60)
    index.answers[file] = half
    line = "\t".join(map(coded, ["fetch", source.cache, "3.11.7", TAGS, 0, "a"]
                         + ["%s=%s" % item for item in source.vars.items()])) + "\n"
    with subprocess.Popen([BINARY, "x-wheel", "source"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.write(line.encode())
        process.stdin.close()
        while not [1 for part in source.cache.rglob("part-*") if part.stat().st_size == 150_000]:
            assert process.poll() is None
        process.kill()
    index.answers[file] = whole
    assert pathlib.Path(source("fetch")[0]).read_bytes() == whole
    assert index.asked[-1][1]["Range"] == "bytes=150000-"


def test_real_index(tmp_path):
    """The index that pip is set up with on this machine."""
    settings = {name: value for name, value in os.environ.items()
                if name.startswith("PIP_") or name.lower().endswith("_proxy") or name.endswith(("_BUNDLE", "_CERT_FILE", "NETRC"))}
    settings.update(HOME=os.environ.get("HOME", "/"), PIP_FIND_LINKS="", PIP_RETRIES="1", PIP_TIMEOUT="20")
    fields = ["", "3.11.7", TAGS, 0, "six,idna"] + ["%s=%s" % item for item in settings.items()]
    answer = ask("source", "metadata", tmp_path, *fields[1:])
    if answer[0] == "error":
        pytest.skip("no index can be reached: " + answer[2])
    assert answer[0] == "0"
    paths = ask("source", "fetch", tmp_path, *fields[1:])
    assert [os.path.basename(path).split("-")[0] for path in paths] == ["six", "idna"]
