# SPDX-License-Identifier: Apache-2.0
"""Made-up lock files of PEP 751 beside packaging.pylock: what it takes, writes back, and selects."""
import json
import tomllib

from lines import a_marker, mutate
from packaging.markers import UndefinedComparison, UndefinedEnvironmentName, default_environment
from packaging.pylock import Pylock, PylockSelectError, PylockUnsupportedVersionError, PylockValidationError
from packaging.tags import Tag

INVALID = (tomllib.TOMLDecodeError, PylockValidationError, PylockUnsupportedVersionError, PylockSelectError, UndefinedComparison,
           UndefinedEnvironmentName, UnicodeDecodeError)
NAMES = ["a", "b", "numpy", "my-pkg", "zope-interface"]
TAGS = ["cp311-cp311-linux_x86_64", "cp311-cp311-manylinux_2_17_x86_64", "cp311-abi3-linux_x86_64", "py3-none-any", "py2.py3-none-any",
        "cp312-cp312-linux_x86_64"]
SUPPORTED = ["cp311-cp311-linux_x86_64", "cp311-cp311-manylinux_2_17_x86_64", "cp311-abi3-linux_x86_64", "cp310-abi3-linux_x86_64",
             "py311-none-any", "py3-none-any", "py2-none-any"]
MARKERS = ["python_version >= '3.11'", "python_version < '3.11'", "sys_platform == 'linux'", "'dev' in dependency_groups",
           "'dev' not in dependency_groups", "'my-extra' in extras", "'My_Extra' in extras or 'docs' in dependency_groups",
           "python_version == '3.11' and 'my-extra' not in extras", "platform_machine != 'x86_64'"]
# python_full_version of a development build and of a pre-release too
PYTHONS = ["3.11.7", "3.12.1", "3.11.0rc1", "3.11.7+"]
ENVIRONMENT = dict(default_environment(), implementation_name="cpython", implementation_version="3.11.7", os_name="posix",
                   platform_machine="x86_64", platform_python_implementation="CPython", platform_release="6.1.0",
                   platform_system="Linux", platform_version="#1", sys_platform="linux")
VARIABLES = ["implementation_name", "implementation_version", "os_name", "platform_machine", "platform_python_implementation",
             "platform_release", "platform_system", "platform_version", "python_full_version", "python_version", "sys_platform"]


def text(value):
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def inline(table):
    return "{ %s }" % ", ".join("%s = %s" % item for item in table.items())


def a_file(rng, name, with_name=True, with_hash=True):
    fields = {}
    place = rng.choice(["url", "path", "both", "name", "other"] if with_name else ["url", "path", "both"])
    folder = rng.choice(["", "wheels/", "../", "/site/x86-64-v3/", "c:\\wheels\\"])
    if place == "name":
        fields["name"], fields["path"] = text(name), text("elsewhere")
    if place in ("url", "both"):
        shown = name.replace("+", "%2B") if rng.random() < 0.7 else name
        fields["url"] = text(rng.choice(["https://example.org/p/", "file:///site/", "https://u:p@example.org:8443/a;b/"]) + shown
                             + rng.choice(["", "#sha256=00", "?x=1/2", ";v=1"] if rng.random() < 0.2 else [""]))
    if place in ("path", "both"):
        fields["path"] = text(folder + name)
    if place == "other":
        fields["name"], fields["url"] = text(name), text("https://example.org/blob/1")
    if rng.random() < 0.4:
        fields["size"] = rng.choice(["0", "17", "1000000"] if rng.random() < 0.95 else ["'1'", "true", "1.5"])
    if rng.random() < 0.2:
        fields["upload-time"] = rng.choice(["2025-01-02T03:04:05Z", "2025-01-02 03:04:05.25"] if rng.random() < 0.9 else ["2025-01-02", "'x'"])
    if with_hash or rng.random() < 0.5:
        hashes = {"sha256": text("0" * 64)} if rng.random() < 0.8 else {"md5": text("1"), "sha256": text("2"), "'a b'": text("3")}
        fields["hashes"] = inline(hashes) if rng.random() < 0.97 else rng.choice(["{}", "'x'", "{ sha256 = 1 }"])
    if not with_name and rng.random() < 0.3:
        fields["subdirectory"] = text("sub")
    if rng.random() < 0.1:
        fields["unknown"] = "[1, { a = 2 }]"
    return inline(fields)


def a_package(rng, count):
    name = rng.choice(NAMES) if count > 3 else NAMES[count]
    if rng.random() < 0.02:
        name = rng.choice(["My_Pkg", "a--b", "-a", "a.b", ""])
    version = rng.choice(["1.0", "2.1.0", "1.0.post1", "1!2.0", "1.26.4+computecanada", "1.0rc1"])
    out = ["[[packages]]", "name = " + text(name)]
    if rng.random() < 0.9:
        out.append("version = " + text(version if rng.random() < 0.95 else rng.choice(["1.0-1", "v1.0", "x", "1.00"])))
    if rng.random() < 0.5:
        out.append("marker = " + text(rng.choice(MARKERS) if rng.random() < 0.9 else a_marker(rng)))
    if rng.random() < 0.2:
        out.append("requires-python = " + text(rng.choice([">=3.8", ">=3.11,<4", "~=3.11", "", "<3.12"] if rng.random() < 0.8 else [">=3.12", "x"])))
    if rng.random() < 0.2:
        out.append("dependencies = " + rng.choice(["[{ name = 'a' }, { name = 'b', version = '1' }]", "[]", "'a'", "['a']"]))
    if rng.random() < 0.2:
        out.append("index = " + rng.choice(["'https://example.org/simple'", "1"] if rng.random() < 0.1 else ["'https://example.org/simple'"]))
    stem = "%s-%s" % (name.replace("-", "_"), version.replace("-", "_"))
    chance = rng.random()
    if chance < 0.8:
        wheels = [a_file(rng, "%s-%s%s.whl" % (stem if rng.random() < 0.98 else "c-1.0", "1a-" if rng.random() < 0.1 else "", rng.choice(TAGS)),
                         with_hash=rng.random() < 0.98)
                  for _ in range(rng.choice([0, 1, 1, 2, 3, 4]))]
        out.append("wheels = [%s]" % ", ".join(wheels))
    if 0.7 < chance < 0.9:
        out.append("sdist = " + a_file(rng, stem + rng.choice([".tar.gz", ".zip"] if rng.random() < 0.9 else [".whl", ".tgz"])))
    if 0.9 < chance < 0.94 or rng.random() < 0.01:
        out.append("archive = " + a_file(rng, stem + ".zip", with_name=False))
    if 0.94 < chance < 0.97 or rng.random() < 0.01:
        out.append("directory = " + rng.choice(["{ path = '.' }", "{ path = '../x', editable = true }", "{ path = 'x', subdirectory = 'y' }",
                                                "{ editable = false }", "{ path = '.', editable = 1 }"]))
    if chance > 0.97 or rng.random() < 0.01:
        out.append("vcs = " + rng.choice(["{ type = 'git', url = 'https://example.org/a.git', commit-id = 'abc' }",
                                          "{ type = 'git', path = 'a', commit-id = 'abc', requested-revision = 'v1', subdirectory = 's' }",
                                          "{ type = 'git', commit-id = 'abc' }", "{ type = 'git', url = 'x' }"]))
    if rng.random() < 0.1:
        out.append("attestation-identities = " + rng.choice(["[{ kind = 'GitHub', repository = 'a/b' }]", "[{ repository = 'a' }]", "[]"]))
    if rng.random() < 0.2:
        out.append(rng.choice(["[packages.tool.other]\nx = [1.5, 1e300, inf, -0.0, 2025-01-01, { 'a b' = \"\\u0001\\n\" }]", "tool = {}",
                               "[packages.tool.lopin]\nwheels = []"] + (["tool = 1"] if rng.random() < 0.1 else [])))
    return "\n".join(out)


def a_lock(rng):
    out = ["lock-version = " + text("1.0" if rng.random() < 0.95 else rng.choice(["1", "1.1", "2.0", "0.9", "2.0.dev1", "1.0rc1", "x"]))]
    if rng.random() < 0.98:
        out.append("created-by = 'test'")
    if rng.random() < 0.3:
        markers = rng.sample(["sys_platform == 'linux'", "sys_platform == 'win32'", "python_version < '3.12'", "python_version >= '3.12'"],
                             rng.choice([0, 1, 2, 2]))
        out.append("environments = [%s]" % ", ".join(map(text, markers)))
    if rng.random() < 0.3:
        out.append("requires-python = " + text(rng.choice([">=3.8", ">=3.11", "<3.12", "", ">=3.11.1"])))
    if rng.random() < 0.7:
        out.append("extras = " + rng.choice(["['my-extra']", "['my-extra', 'b']", "[]"] if rng.random() < 0.9 else ["['My_Extra']", "'x'", "[1]"]))
    if rng.random() < 0.7:
        out.append("dependency-groups = " + rng.choice(["['dev', 'Docs']", "['dev']", "[]"]))
    if rng.random() < 0.4:
        out.append("default-groups = " + rng.choice(["['dev']", "['docs']", "[]"]))
    count = rng.choice([0, 1, 2, 3, 3, 4, 5])
    if not count:
        out.append("packages = []" if rng.random() < 0.9 else "")
    out += [a_package(rng, i) for i in range(count)]
    if rng.random() < 0.2:
        out.append("[tool.other]\nx = 1\ny = { b = [ 'é', \"a\\\"\\\\\\u007f\" ] }\n[tool.lopin]\nrequirements = ['numpy>=2']\npython = ['3.11']")
    whole = "\n".join(out) + "\n"
    return mutate(rng, whole) if rng.random() < 0.1 else whole


def loaded(content):
    return Pylock.from_dict(tomllib.loads(content if isinstance(content, str) else content.decode()))


class Lock:
    """What is read and written again is the same lock."""
    verb = "lock"
    work = 2

    @staticmethod
    def make(rng):
        return (a_lock(rng),)

    @staticmethod
    def expect(content):
        loaded(content)
        return [content]

    @staticmethod
    def settle(answer):
        """What packaging makes of the text; of files, names are written that were told by their places."""
        if answer == ["invalid"]:
            return answer
        lock = loaded(answer[0])
        whole = known(lock)
        for package, shown in zip(lock.packages, whole.get("packages", [])):
            for wheel, table in zip(package.wheels or [], shown.get("wheels", [])):
                table["name"] = wheel.filename
            if package.sdist:
                shown["sdist"]["name"] = package.sdist.filename
        whole["packages"] = sorted(json.dumps(known(package), sort_keys=True, default=str) for package in whole.get("packages", []))
        return [json.dumps(known(whole), sort_keys=True, default=str)]


def known(lock):
    """Without what is empty or lopin's own."""
    whole = dict(lock if isinstance(lock, dict) else lock.to_dict())
    whole["tool"] = {key: value for key, value in (whole.get("tool") or {}).items() if key != "lopin"}
    return {key: value for key, value in whole.items()
            if value or value is False or key in ("environments", "requires-python")}


class Select:
    """What is installed for a Python, extras and groups."""
    verb = "lock-select"
    work = 2

    @staticmethod
    def make(rng):
        python = rng.choice(PYTHONS)
        environment = dict(ENVIRONMENT, python_full_version=python, python_version=".".join(python.split(".")[:2]))
        extras = rng.choice(["-", "", "my-extra", "My.Extra b", "nothing"] if rng.random() < 0.3 else ["", "my-extra"])
        groups = rng.choice(["-", "-", "", "dev", "docs dev", "nothing"])
        supported = SUPPORTED if rng.random() < 0.8 else rng.sample(SUPPORTED, 4)
        return (a_lock(rng), extras, groups, " ".join(supported), *(environment[name] for name in VARIABLES))

    @staticmethod
    def expect(content, extras, groups, supported, *values):
        lock = loaded(content)
        chosen = list(lock.select(environment=dict(zip(VARIABLES, values)), tags=[Tag(*tag.split("-")) for tag in supported.split()],
                                  extras=None if extras == "-" else extras.split(),
                                  dependency_groups=None if groups == "-" else groups.split()))
        out = [len(chosen)]
        for package, source in chosen:
            kind = type(source).__name__.removeprefix("Package").lower()
            out += [package.name, str(package.version) if package.version else "", kind, getattr(source, "filename", "")]
        return out

    @staticmethod
    def settle(answer):
        """Versions are written as the file has them."""
        from packaging.version import InvalidVersion, Version
        out = []
        for i, part in enumerate(answer):
            if answer != ["invalid"] and i % 4 == 2 and part not in (b"", ""):
                try:
                    part = str(Version(part.decode())).encode()
                except InvalidVersion:
                    pass
            out.append(part)
        return out


KINDS = [Lock, Select]
