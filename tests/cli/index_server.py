# SPDX-License-Identifier: Apache-2.0
"""A simple index on this machine that behaves, or misbehaves, as a test wants; small wheels; the debug verbs that ask."""
import base64
import hashlib
import http.server
import io
import json
import ssl
import subprocess
import threading
import urllib.parse
import zipfile

from conftest import BINARY


def wheel(name, version, requires=(), size=0):
    """The bytes of NAME-VERSION-py3-none-any.whl."""
    folder = "%s-%s.dist-info" % (name, version)
    text = "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version)
    text += "".join("Requires-Dist: %s\n" % one for one in requires)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("%s/__init__.py" % name, b"# " + bytes(size % 251 for size in range(size)))
        archive.writestr(folder + "/METADATA", text)
        archive.writestr(folder + "/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(folder + "/RECORD", "")
    return buffer.getvalue(), text.encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *words):
        pass

    def do_GET(self):
        index = self.server.index
        path = self.path.split("?")[0]
        if path.startswith("http://"):  # asked as a proxy
            path = "/" + path.split("/", 3)[3]
        with index.lock:
            index.asked.append((path, dict(self.headers)))
            answer = index.answers.get(path)
        if callable(answer):
            answer(self)
        elif answer is None:
            self.give(404, b"no such page")
        else:
            self.give(200, *answer) if isinstance(answer, tuple) else self.give(200, answer)

    def give(self, status, body, kind="application/octet-stream", **headers):
        """A whole answer, with ETag and Range."""
        etag = '"%s"' % hashlib.sha256(body).hexdigest()[:12]
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if status == 200 and self.headers.get("If-None-Match") == etag:
            status, body = 304, b""
        start = self.headers.get("Range")
        if status == 200 and start:
            start = int(start[len("bytes="):].split("-")[0])
            if start >= len(body):
                status, headers["Content-Range"], body = 416, "bytes */%d" % len(body), b""
            else:
                status, headers["Content-Range"] = 206, "bytes %d-%d/%d" % (start, len(body) - 1, len(body))
                body = body[start:]
        self.send_response(status)
        for name, value in {"Content-Type": kind, "ETag": etag, **headers}.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def break_off(self, body, sent):
        """Says that all of it comes, and ends before."""
        self.send_response(200)
        self.send_header("ETag", '"%s"' % hashlib.sha256(body).hexdigest()[:12])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])
        self.wfile.flush()
        self.close_connection = True

    def stall(self, until):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"<html>")
        self.wfile.flush()
        until.wait(60)
        self.close_connection = True

    def redirect(self, target):
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is what tests do."""

    request_queue_size = 128


class Index:
    """`answers`: path -> bytes, (bytes, type) or a function of the handler. `asked`: what came."""

    def __init__(self, certificate=None):
        self.answers, self.asked, self.lock, self.over = {}, [], threading.Lock(), threading.Event()
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.index = self
        self.port = self.server.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.root = "%s://127.0.0.1:%d" % ("https" if certificate else "http", self.port)
        self.url = self.root + "/simple/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def add(self, name, version, *, requires=(), size=0, beside=False, page=True, **said):
        """A wheel, and the project's page anew."""
        whole, metadata = wheel(name, version, requires, size)
        file = "%s-%s-py3-none-any.whl" % (name, version)
        self.answers["/files/" + file] = whole
        entry = {"filename": file, "url": "../../files/" + file, "size": len(whole),
                 "hashes": {"sha256": hashlib.sha256(whole).hexdigest()}}
        if beside:
            self.answers["/files/" + file + ".metadata"] = metadata
            entry["core-metadata"] = {"sha256": hashlib.sha256(metadata).hexdigest()}
        entry.update(said)
        self.answers.setdefault("entries", {}).setdefault(name, []).append(entry)
        if page:
            text = json.dumps({"meta": {"api-version": "1.0"}, "name": name, "files": self.answers["entries"][name]})
            self.answers["/simple/%s/" % name] = (text.encode(), "application/vnd.pypi.simple.v1+json")
        return whole

    def paths(self):
        return [path for path, _ in self.asked]


def basic(user, password):
    return "Basic " + base64.b64encode(("%s:%s" % (user, password)).encode()).decode()


def coded(text):
    return urllib.parse.quote(str(text), safe="/:=,.-_+[]<>@?&;*!~'\"(){}|^$#")


def ask_lines(verb, lines):
    done = subprocess.run([BINARY, "x-wheel", "-v", verb], input="".join(line + "\n" for line in lines).encode(),
                          capture_output=True, check=True, timeout=120)
    return [["" if part == "%" else urllib.parse.unquote(part) for part in line.split("\t")]
            for line in done.stdout.decode().splitlines()]


def ask(verb, *fields):
    """The answer of a debug verb, decoded; 'error', its name and its text if it is one."""
    answer = ask_lines(verb, ["\t".join(coded(field) for field in fields)])[0]
    assert answer != ["invalid"], fields
    return answer
