# SPDX-License-Identifier: Apache-2.0
"""Images of environments beside tar + zstd, venv-pack and uv: packed, unpacked on a node's own disk, found again."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import common
import env

GOALS = {"tar --zstd": "1", "zstd -T0 to tar": "1", "venv-pack": "3", "uv pip sync, warm, copies": "1.5"}
SIZE_GOAL = "at most 1.05"


class Scene(env.Scene):
    """An environment with L and all that its peers unpack; what is unpacked goes to `disk`."""

    def __init__(self, binary, folder, disk, cache):
        super().__init__(binary, folder, disk)
        self.env["UV_CACHE_DIR"] = str(cache)
        self.keep = True  # ext4 avoids inodes freed in the last minute, at a cost

    def prepare(self):
        self.download()
        self.source, self.plain = self.folder / "env", self.folder / "plain"
        self.image, self.tar, self.packed = (self.folder / name for name in ("env.img", "env.tar.zst", "env.tar.gz"))
        self.run([self.binary, "venv", "-q", "--python", self.python, "--no-index", "--find-links", self.wheels, "--with",
                  ",".join(env.L), self.source])
        self.run([self.binary, "env", "pack", "-q", self.image, self.source])
        # the same tree, bytecode included, as real files
        self.run([self.binary, "env", "unpack", "-q", self.image, self.plain])
        self.shell("tar -C {plain} -cf - . | zstd -3 -q -f -o {tar}")
        self.lock = self.folder / "lock.txt"
        self.lock.write_bytes(subprocess.run([self.binary, "pip", "--env", self.source, "freeze"], check=True,
                                             capture_output=True, env=self.env).stdout)
        self.run(*self.sync())
        # venv-pack takes no environment but of venv and virtualenv: a frame of venv around the same packages
        other = self.folder / "of-venv"
        self.run([self.python, "-m", "venv", "--without-pip", other])
        site = "lib/python%d.%d/site-packages" % sys.version_info[:2]
        shutil.rmtree(other / site)
        shutil.copytree(self.plain / site, other / site, symlinks=True)
        self.run([self.python, "-m", "venv_pack", "-q", "-p", other, "-o", self.packed])

    def shell(self, line, **words):
        words = {name: "'%s'" % value for name, value in {**vars(self), **words}.items()}
        return self.run(["bash", "-o", "pipefail", "-c", line.format(**words)])

    def folder_for(self, name):
        path = self.place(name)
        path.mkdir()
        return path

    def place(self, name):
        os.sync()  # what others wrote is not written in this one's time
        return super().place(name)

    def sync(self, *options):
        path = self.place("uv")
        return [[self.uv, "venv", "-q", "--python", self.python, path],
                [self.uv, "pip", "sync", "-q", "--python", path, "--link-mode", "copy", "--no-index", "--find-links", self.wheels,
                 *options, self.lock]]


def unpacked(scene, rows, rounds):
    env.row(rows, "L unpacked, bytecode included", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "env", "unpack", "-q", scene.image, scene.place("lopin")]),
        "tar --zstd": lambda: scene.shell("tar -C {into} --zstd -xf {tar}", into=scene.folder_for("tar")),
        "zstd -T0 to tar": lambda: scene.shell("zstd -q -d -T0 -c {tar} | tar -C {into} -xf -", into=scene.folder_for("zstd")),
        # what venv-pack's manual says, and without its next step (the activate script does the rest)
        "venv-pack": lambda: scene.shell("tar -C {into} -xzf {packed}", into=scene.folder_for("venv-pack")),
        "uv pip sync, warm, copies": lambda: scene.run(*scene.sync()),
    }, rounds), GOALS)
    env.row(rows, "L unpacked, bytecode included", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "env", "unpack", "-q", scene.image, scene.place("lopin")]),
        "uv pip sync --compile-bytecode, warm, copies": lambda: scene.run(*scene.sync("--compile-bytecode")),
    }, max(rounds // 2, 2)), {})
    scene.run([scene.binary, "env", "unpack", "-q", scene.image, scene.place("lopin")])
    path = scene.last["lopin"]
    env.row(rows, "found again", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "env", "unpack", "-q", scene.image, path]),
        "nothing": lambda: scene.run(["true"]),
    }, rounds), {})
    env.row(rows, "L packed", common.interleave({
        "lopin": lambda: scene.run([scene.binary, "env", "pack", "-q", scene.folder / "again.img", scene.source]),
        "tar to zstd -3": lambda: scene.shell("tar -C {plain} -cf - . | zstd -3 -q -f -o {folder}/again.tar.zst"),
    }, max(rounds // 2, 3)), {})


def main():
    options = common.arguments(__doc__)
    rows = []
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR", "/var/tmp")) as name, \
            tempfile.TemporaryDirectory(dir="/dev/shm") as cache:
        folder = pathlib.Path(name)
        (folder / "disk").mkdir()
        scene = Scene(options.binary, folder, folder / "disk", pathlib.Path(cache))
        scene.prepare()
        unpacked(scene, rows, options.rounds or 5)
        sizes = [path.stat().st_size for path in (scene.image, scene.tar)]
        rows.append(["size of the image, bytes", sizes[0], "tar to zstd -3", sizes[1], "%.3f of it" % (sizes[0] / sizes[1]), SIZE_GOAL])
        versions = "; ".join(common.version(words) for words in (
            [scene.binary, "--version"], ["tar", "--version"], ["zstd", "--version"], [scene.uv, "--version"],
            [scene.python, "-m", "venv_pack", "--version"]))
    text = "Milliseconds: median (minimum). L as in \"env\". All unpack on one disk, uv from a cache in memory (another file system);\n" \
        "without --compile-bytecode it leaves 9,431 files less. lopin checks hashes and relocates; tar and venv-pack do neither.\n\n"
    text += common.table(["what", "lopin", "peer", "its", "times faster (by minima)", "goal"], rows)
    text += "\n\nVersions: %s. Command: `script/bench image`." % versions
    common.record("image", "environments as one file", text)


if __name__ == "__main__":
    main()
