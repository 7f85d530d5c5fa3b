# SPDX-License-Identifier: Apache-2.0
"""A real terminal for tests: tmux, which says what a person would see."""
import contextlib
import os
import pty
import select
import shutil
import subprocess
import tempfile
import time

import pytest


class Terminal:
    """A window of its own server. `size` may change while a program runs."""

    def __init__(self, words, width, height=24, env=None, cwd=None):
        if not shutil.which("tmux"):
            pytest.skip("no tmux (script/install test)")
        self.folder = tempfile.mkdtemp(prefix="lt")  # a socket's path must be short
        self.env = dict(env or os.environ)
        self.env.pop("TMUX", None)
        # tmux's own remain-on-exit does not always notice an end.
        self.tmux("-f", "/dev/null", "start-server", ";",
                  "set", "-g", "default-terminal", "screen", ";", "set", "-g", "status", "off", ";",
                  "new-session", "-d", "-x", str(width), "-y", str(height), "--",
                  "sh", "-c", 'trap : INT; "$@"; echo $? >"$0.new"; mv "$0.new" "$0"; exec sleep 1000',
                  self.folder + "/status", *words, cwd=cwd)

    def tmux(self, *words, cwd=None):
        done = subprocess.run(["tmux", "-S", self.folder + "/s", *words], env=self.env, cwd=cwd, capture_output=True,
                              check=False)
        assert done.returncode == 0, (words, done.stderr)
        return done.stdout.decode()

    def lines(self, joined=False, past=True):
        """What stands there, also what scrolled away; `joined`: lines that the terminal wrapped as one."""
        words = ["capture-pane", "-p"] + ["-J"] * joined + ["-S", "-"] * past
        lines = [line.rstrip() for line in self.tmux(*words).splitlines()]
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def screen(self):
        return "\n".join(self.lines(past=False))

    def resize(self, width, height=24):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def type(self, text, *keys):
        if text:
            self.tmux("send-keys", "-l", "--", text)
        for key in keys:
            self.tmux("send-keys", key)

    def status(self):
        """The exit status of what ran, None while it runs."""
        try:
            with open(self.folder + "/status", encoding="ascii") as file:
                return int(file.read())
        except FileNotFoundError:
            return None

    def wait(self, condition, limit=20):
        """condition(screen text) until it is true; gives what it gave."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            result = condition(self.screen())
            if result:
                return result
            time.sleep(0.02)
        pytest.fail("did not come within %d s; the screen:\n%s" % (limit, self.screen()))

    def close(self):
        subprocess.run(["tmux", "-S", self.folder + "/s", "kill-server"], env=self.env, capture_output=True,
                       check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def terminal(words, width=80, **options):
    window = Terminal([str(word) for word in words], width, **options)
    try:
        yield window
    finally:
        window.close()


def bytes_of(words, env, cwd, limit=20):
    """Everything that a program writes to a terminal, byte by byte, and its exit status."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([str(word) for word in words], stdin=theirs, stdout=theirs, stderr=theirs, env=env,
                               cwd=cwd, start_new_session=True)
    os.close(theirs)
    written = b""
    end = time.monotonic() + limit
    try:
        while time.monotonic() < end:
            if not select.select([ours], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # EIO: nobody has the other end
                return written, process.wait()
            written += part
        pytest.fail("did not end within %d s: %r" % (limit, written))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(ours)
