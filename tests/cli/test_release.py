# SPDX-License-Identifier: Apache-2.0
"""The one file, the wheels and the Debian package: what they need of a system, and each installed in an empty place and used."""
import base64
import csv
import email.parser
import hashlib
import io
import os
import pathlib
import subprocess
import sys
import zipfile

import elves
import old_system
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# The first test of a machine installs a compiler and builds with it.
pytestmark = [pytest.mark.timeout(1200), pytest.mark.slow]
SYSTEM = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2"}
OLDEST = (2, 17)
SCRIPT = """
import json, os, sys
with open(sys.argv[1]) as file:
    numbers = json.load(file)
with open(sys.argv[2], "w") as file:
    json.dump({"sum": sum(numbers), "cores": os.cpu_count(), "threads": os.environ["OMP_NUM_THREADS"]}, file)
"""


def command(*words, **options):
    done = subprocess.run(list(map(str, words)), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, (words, done.stdout[-2000:], done.stderr[-2000:])
    return done.stdout


@pytest.fixture(scope="session")
def release():
    """The folder of script/release; what it made before is looked at anew, not made anew."""
    if os.uname().machine != "x86_64" or not os.path.exists("/etc/debian_version"):
        pytest.skip("made on Debian on x86-64 only")
    said = os.environ.get("LOPIN_RELEASE")
    return pathlib.Path(said) if said else pathlib.Path(command("nice", ROOT / "script/release").split()[-1]).parent


@pytest.fixture(scope="session")
def program(release):
    return next(release.glob("lopin-*-linux-x86_64"))


def made_by(script, folder, release, **env):
    lines = command(ROOT / script, folder, env={**os.environ, "LOPIN_RELEASE": str(release), **env}).splitlines()
    return [pathlib.Path(line) for line in lines]


@pytest.fixture(scope="session")
def wheels(release, tmp_path_factory):
    return made_by("script/wheel", tmp_path_factory.mktemp("wheels"), release)


@pytest.fixture(scope="session")
def deb(release, tmp_path_factory):
    return made_by("script/deb", tmp_path_factory.mktemp("deb"), release)[0]


@pytest.fixture(scope="session")
def old_root(tmp_path_factory):
    """An older Debian with its Python; removed with the other temporary folders."""
    root = old_system.make(tmp_path_factory.mktemp("old"), ("buster", "bullseye"), ("python3", "dash", "coreutils", "dpkg", "libc-bin"))
    if isinstance(root, str):
        pytest.skip(root)
    return root


@pytest.fixture(scope="session")
def pythons():
    """Interpreters by X.Y."""
    lines = subprocess.run([ROOT / "script/pythons"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {".".join(version.split(".")[:2]): path for version, path in (line.split(" ", 1) for line in lines)}


def test_file_needs_old_glibc_alone(release, program):
    for path in (program, *sorted((release / "python").glob("*.so"))):
        needs = elves.versions(path)
        assert set(needs) == {"GLIBC"} and needs["GLIBC"] <= OLDEST, path
        assert elves.needed(path) <= SYSTEM, path
        sections = elves.sections(path)
        assert ".dynsym" in sections and not sections & {".symtab", ".debug_info"}, path
        assert str(ROOT).encode() not in path.read_bytes(), path


def test_file_is_hardened(program):
    assert "DYN (Position-Independent Executable" in elves.ask(program, "-h")
    assert "BIND_NOW" in elves.ask(program, "-d")
    segments = elves.ask(program, "-l")
    assert "GNU_RELRO" in segments
    assert next(line for line in segments.splitlines() if "GNU_STACK" in line).split()[-2] == "RW"


def test_file_is_what_the_sources_make(lopin, program):
    """The same words as the ordinary build, and it needs nothing beside itself."""
    for words in (("--version",), ("help",), ("help", "map"), ("--lang", "fr", "help", "env"), ("completion", "bash")):
        ordinary = lopin(*words)
        lopin.binary, kept = program, lopin.binary
        done = lopin(*words)
        lopin.binary = kept
        assert (done.code, done.stdout, done.stderr) == (ordinary.code, ordinary.stdout, ordinary.stderr)


def test_file_runs(lopin, program):
    lopin.binary = program
    lopin.write("sum.py", SCRIPT)
    for number in range(4):
        lopin.write("data/%d.json" % number, "[%d, 1]" % number)
    done = lopin("map", "--out", "out/{/}", "sum.py", "{}", "{out}", ":::", *("data/%d.json" % n for n in range(4)))
    assert done.code == 0, done.err
    assert '"sum": 4' in (lopin.cwd / "out/3.json").read_text()


def test_file_in_an_old_root(old_root, program):
    old_system.copy_in(old_root, program, "/opt/lopin")
    version = old_system.run(old_root, "python3", "-c", "import os; print(os.confstr('CS_GNU_LIBC_VERSION'))").stdout.split()[1]
    assert tuple(map(int, version.split("."))) < (2, 34)  # which an ordinary build needs
    assert old_system.run(old_root, "/opt/lopin", "--version").stdout.startswith("lopin ")

    (old_root / "root/data").mkdir()
    (old_root / "root/sum.py").write_text(SCRIPT)
    for number in range(3):
        (old_root / "root/data" / ("%d.json" % number)).write_text("[%d, 1]" % number)
    line = "cd && exec /opt/lopin map --json --out 'out/{/}' sum.py {} {out} ::: data/*.json"
    old_system.run(old_root, "sh", "-c", line)
    assert '"sum": 3' in (old_root / "root/out/2.json").read_text()
    # started again it finds all done; and one task by itself
    assert "3 of 3 done" in old_system.run(old_root, "sh", "-c", line.replace("map --json", "map --resume")).stderr
    one = old_system.run(old_root, "sh", "-c", "cd && exec /opt/lopin run sum.py data/1.json one.json")
    assert one.returncode == 0 and '"sum": 2' in (old_root / "root/one.json").read_text()


def test_environment_in_an_old_root(old_root, program, wheels):
    """Its own installer puts the wheel of itself into an environment of the old Python, offline."""
    old_system.copy_in(old_root, program, "/opt/lopin")
    for wheel in wheels:
        old_system.copy_in(old_root, wheel, "/opt/wheels/" + wheel.name)
    line = ("cd && /opt/lopin venv env && . env/bin/activate && /opt/lopin pip install --no-index --find-links /opt/wheels lopin"
            " && env/bin/lopin --version && env/bin/python -c 'import lopin; print(lopin.__version__)'")
    done = old_system.run(old_root, "sh", "-c", line)
    word, program_version, package_version = done.stdout.split()[-3:]
    assert word == "lopin" and program_version == package_version


def test_package_in_an_old_root(old_root, deb):
    """By dpkg of that release, which looks at what the package depends on; removed, nothing is left."""
    old_system.copy_in(old_root, deb, "/opt/" + deb.name)
    before = {path.relative_to(old_root) for path in (old_root / "usr").rglob("*")}
    old_system.run(old_root, "dpkg", "--force-bad-path", "-i", "/opt/" + deb.name)
    assert old_system.run(old_root, "dpkg-query", "-W", "-f", "${Status}", "lopin").stdout == "install ok installed"
    assert old_system.run(old_root, "lopin", "--version").stdout.startswith("lopin ")
    assert old_system.run(old_root, "lopin", "exec", "true").returncode == 0
    listed = old_system.run(old_root, "dpkg", "-L", "lopin").stdout.splitlines()
    for path in ("/usr/bin/lopin", "/usr/share/man/man1/lopin-map.1.gz", "/usr/share/man/fr/man1/lopin.1.gz",
                 "/usr/share/bash-completion/completions/lopin", "/usr/share/zsh/vendor-completions/_lopin",
                 "/usr/share/fish/vendor_completions.d/lopin.fish", "/usr/share/doc/lopin/copyright"):
        assert path in listed and (old_root / path.lstrip("/")).is_file()
    old_system.run(old_root, "dpkg", "--force-bad-path", "--purge", "lopin")
    assert {path.relative_to(old_root) for path in (old_root / "usr").rglob("*")} == before


def test_package_contents(deb, release, tmp_path):
    command("dpkg-deb", "-x", deb, tmp_path / "root")
    command("dpkg-deb", "-e", deb, tmp_path / "control")
    command("md5sum", "--quiet", "-c", tmp_path / "control/md5sums", cwd=tmp_path / "root")
    words = (tmp_path / "root/usr/share/doc/lopin/copyright").read_text()
    for name in ("nettle", "jansson", "libdeflate", "zstd", "toml++", "Apache-2.0", "LLVM"):
        assert name in words, name
    again = made_by("script/deb", tmp_path / "again", release)[0]
    assert again.read_bytes() == deb.read_bytes()


def test_wheel_contents(wheels, release, tmp_path):
    big, small = wheels
    assert big.name.split("-", 2)[2] == "cp38-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    for path, name in ((big, "lopin"), (small, "lopin-fast-threadpoolctl")):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            assert len(set(names)) == len(names)
            info = next(entry.split("/")[0] for entry in names if entry.endswith("/METADATA"))
            rows = {row[0]: row for row in csv.reader(io.StringIO(archive.read(info + "/RECORD").decode()))}
            assert set(rows) == set(names)
            for entry, (_, digest, size) in rows.items():
                if not entry.endswith("/RECORD"):
                    content = archive.read(entry)
                    value = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
                    assert digest == "sha256=" + value and int(size) == len(content), entry
            about = email.parser.Parser().parsestr(archive.read(info + "/METADATA").decode())
            assert about["Name"] == name and about["License-Expression"] == "Apache-2.0" and about["Version"] in path.name
            for licence in about.get_all("License-File"):
                assert "%s/licenses/%s" % (info, licence) in names
    sources = {path.relative_to(ROOT / "python").as_posix() for path in (ROOT / "python/lopin").rglob("*")
               if path.is_file() and "__pycache__" not in path.parts}
    with zipfile.ZipFile(big) as archive:
        assert sources <= set(archive.namelist())
    again = made_by("script/wheel", tmp_path, release)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in wheels]


def test_wheel_metadata_as_packaging_reads_it(wheels):
    metadata = pytest.importorskip("packaging.metadata")
    utils = pytest.importorskip("packaging.utils")
    for path in wheels:
        utils.parse_wheel_filename(path.name)
        with zipfile.ZipFile(path) as archive:
            name = next(entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA"))
            metadata.Metadata.from_email(archive.read(name), validate=True)


# What is in an environment is asked of the environment's own program and Python.
ASK = "import importlib.metadata as m, lopin, sys; print(lopin.__file__, lopin.__version__, m.version('lopin'))"


def use(env, tmp_path, lopin):
    """The program and the package of an environment; the package's folder."""
    here = {**lopin.environment({}), "PATH": "%s/bin:%s" % (env, os.environ["PATH"])}
    file, *versions = command(env / "bin/python", "-I", "-c", ASK, env=here).split()
    assert str(env) in file
    assert command("lopin", "--version", env=here).split() == ["lopin", versions[0]] and versions[0] == versions[1]
    work = tmp_path / "use"
    (work / "data").mkdir(parents=True)
    (work / "sum.py").write_text(SCRIPT)
    for number in range(2):
        (work / "data" / ("%d.json" % number)).write_text("[%d, 1]" % number)
    command("lopin", "map", "--python", env / "bin/python", "--out", "out/{/}", "sum.py", "{}", "{out}", ":::", "data/0.json", "data/1.json",
            env=here, cwd=work)
    assert '"sum": 2' in (work / "out/1.json").read_text()
    return pathlib.Path(file).parent


def in_front(env):
    """Whether the folder of the drop-in is in front of the packages; where it has one, it is what is imported."""
    path = command(env / "bin/python", "-I", "-c", "import sys; print('\\n'.join(sys.path))").splitlines()
    fast = [entry for entry in path if entry.endswith(os.path.join("lopin", "fast"))]
    if fast and os.path.exists(os.path.join(fast[0], "threadpoolctl.py")):
        assert fast[0] in command(env / "bin/python", "-I", "-c", "import threadpoolctl; print(threadpoolctl.__file__)")
    return bool(fast) and path.index(fast[0]) < next(n for n, entry in enumerate(path) if entry.endswith("site-packages"))


def files_of(env):
    return {path for path in env.rglob("*") if "__pycache__" not in path.parts and path.is_file()}


@pytest.mark.parametrize("minor", ["3.8", "3.11", "3.13"])
def test_pip_installs_the_wheel(minor, pythons, wheels, lopin, tmp_path):
    if minor not in pythons:
        pytest.skip("no Python " + minor)
    env = tmp_path / "env"
    if minor == "3.8":  # by its own pip, of its time; the others by today's
        command(pythons[minor], "-m", "venv", env)
        pip = [env / "bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    else:
        command(pythons[minor], "-m", "venv", "--without-pip", env)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--python", env / "bin/python"]
    find = ["--no-index", "--find-links", wheels[0].parent]
    if minor == "3.11":  # with all that pip can do about it
        frame = files_of(env)
        command(*pip, "install", *find, "lopin")
        assert not in_front(env)
        command(*pip, "check")
    command(*pip, "install", *find, "lopin[fast-threadpoolctl]")
    use(env, tmp_path, lopin)
    assert in_front(env)
    if minor == "3.11":
        command(*pip, "uninstall", "-y", "lopin", "lopin-fast-threadpoolctl")
        assert files_of(env) == frame


def test_uv_installs_the_wheel(wheels, lopin, tmp_path):
    uv = pathlib.Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip("no uv")
    env = tmp_path / "env"
    where = {**lopin.environment({}), "VIRTUAL_ENV": str(env), "UV_CACHE_DIR": str(tmp_path / "cache-uv")}
    command(uv, "venv", "--offline", "--python", sys.executable, env, env=where)
    command(uv, "pip", "install", "--offline", "--no-index", "--find-links", wheels[0].parent, "lopin[fast-threadpoolctl]", env=where)
    use(env, tmp_path, lopin)
    assert in_front(env)


def test_lopin_installs_the_wheel(wheels, lopin, tmp_path):
    env = tmp_path / "env"
    assert lopin("venv", "--python", sys.executable, env).code == 0
    done = lopin("pip", "install", "--env", env, "--no-index", "--find-links", wheels[0].parent, "lopin[fast-threadpoolctl]")
    assert done.code == 0, done.err
    use(env, tmp_path, lopin)
    assert in_front(env)
    assert lopin("pip", "check", "--env", env).code == 0
    assert lopin("env", "verify", env).code == 0
    for page in ("man1/lopin.1", "fr/man1/lopin.1"):
        assert (env / "share/man" / page).exists()


def test_extensions_are_loaded_by_all_pythons(release, pythons):
    """One file on the stable ABI: the guard by 3.6 and later, those of the package by 3.8 and later."""
    load = ("import importlib.machinery as m, importlib.util as u, sys; l = m.ExtensionFileLoader(sys.argv[1], sys.argv[2]); "
            "s = u.spec_from_loader(sys.argv[1], l); x = u.module_from_spec(s); l.exec_module(x); print(x.__name__)")
    for path in sorted((release / "python").glob("*.abi3.so")):
        name = path.name.split(".")[0]
        for version, python in pythons.items():
            if name == "_lopin_guard" or int(version.split(".")[1]) >= 8:
                assert command(python, "-I", "-c", load, name, path).strip() == name
