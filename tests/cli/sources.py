# SPDX-License-Identifier: Apache-2.0
"""Small projects that build without a network: a backend of their own (PEP 517, PEP 660), in twenty lines."""
import io
import subprocess
import tarfile

BACKEND = '''
import base64, hashlib, os, sys, zipfile
NAME, VERSION, REQUIRES = %r, %r, %r

def write(folder, files, extra=()):
    info = "%%s-%%s.dist-info/" %% (NAME.replace("-", "_"), VERSION)
    files[info + "METADATA"] = "Metadata-Version: 2.1\\nName: %%s\\nVersion: %%s\\n" %% (NAME, VERSION) + "".join(
        "Requires-Dist: %%s\\n" %% one for one in REQUIRES)
    files[info + "WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[info + "entry_points.txt"] = "[console_scripts]\\n%%s = %%s:main\\n" %% (NAME, NAME.replace("-", "_"))
    record = ""
    name = "%%s-%%s-py3-none-any.whl" %% (NAME.replace("-", "_"), VERSION)
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            record += "%%s,sha256=%%s,%%d\\n" %% (path, digest, len(text.encode()))
        wheel.writestr(info + "RECORD", record + info + "RECORD,,\\n")
    with open(os.path.join("..", NAME + ".built"), "a") as file:
        file.write("x")
    return name

def build_wheel(folder, config_settings=None, metadata_directory=None):
    %s
    with open(NAME.replace("-", "_") + ".py") as file:
        return write(folder, {NAME.replace("-", "_") + ".py": file.read() + "SETTINGS = %%r\\n" %% (config_settings,)})

def build_editable(folder, config_settings=None, metadata_directory=None):
    return write(folder, {"__editable__%%s.pth" %% NAME: os.getcwd() + "\\n"})

def build_sdist(folder, config_settings=None):
    raise NotImplementedError
'''


def project(folder, name, version="1.0", requires=(), builds="pass", needs=()):
    """A project's folder. `needs`: build requirements; `builds`: a statement for when it is built, which writes a byte to ../NAME.built."""
    folder.mkdir(parents=True, exist_ok=True)
    quoted = ", ".join('"%s"' % need for need in needs)
    (folder / "pyproject.toml").write_text('[build-system]\nrequires = [%s]\nbuild-backend = "backend"\nbackend-path = ["."]\n' % quoted)
    (folder / "backend.py").write_text(BACKEND % (name, version, list(requires), builds))
    module = name.replace("-", "_")
    (folder / (module + ".py")).write_text("VERSION = %r\ndef main():\n    print(%r, VERSION)\n" % (version, name))
    return folder


def archive(into, source, name, version):
    """NAME-VERSION.tar.gz of a project's folder, the same bytes each time."""
    into.mkdir(parents=True, exist_ok=True)
    path = into / ("%s-%s.tar.gz" % (name, version))
    with tarfile.open(path, "w:gz") as tar:
        for file in sorted(source.iterdir()):
            data = file.read_bytes()
            entry = tarfile.TarInfo("%s-%s/%s" % (name, version, file.name))
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path


def repository(folder):
    """Makes the folder a git repository with one commit; its name."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(folder)]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "first"], check=True)
    return subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
