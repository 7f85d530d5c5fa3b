# SPDX-License-Identifier: Apache-2.0
"""A root of an older Debian, of its own packages by apt and dpkg-deb, and programs run in it. This machine's are not touched:
apt is given folders of its own, mounts are in a namespace that ends with the program."""
import os
import pathlib
import shutil
import subprocess

KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
# Mounts for the new root, then the program, which finds nothing else.
INSIDE = """
root=$1; shift
mount --rbind /proc "$root/proc" && mount --rbind /dev "$root/dev" && exec chroot "$root" "$@"
"""


def missing():
    """Why it cannot be done here; None if it can."""
    for program in ("apt-get", "dpkg-deb", "unshare", "chroot"):
        if not shutil.which(program):
            return "no " + program
    if subprocess.run(unshared() + ["true"], capture_output=True, check=False).returncode:
        return "no namespaces for mounts"
    return None if os.path.exists(KEYS) else "no keys of Debian's archive"


def unshared():
    return ["unshare", "--mount"] + ([] if os.getuid() == 0 else ["--map-root-user"])


def mirror():
    """Where this machine's own packages come from; None if it is no Debian."""
    targets = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"],
                             capture_output=True, text=True, check=False).stdout
    for line in targets.splitlines():
        origin, label, uri = line.split(" ", 2)
        if origin == "Debian" and label == "Debian":
            return uri
    return None


def download(folder, uri, suite, packages, source="signed-by=" + KEYS):
    """What the packages need, by apt with an empty list of what is installed. False if there is no such release."""
    for part in ("lists/partial", "cache/archives/partial", "etc"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "etc/sources.list").write_text("deb [%s arch=amd64] %s %s main\n" % (source, uri, suite))
    (folder / "status").write_text("")
    options = {
        "Dir::State::lists": folder / "lists", "Dir::Cache": folder / "cache", "Dir::State::status": folder / "status",
        "Dir::Etc::sourcelist": folder / "etc/sources.list", "Dir::Etc::sourceparts": "/dev/null",
        "APT::Architecture": "amd64", "APT::Architectures": "amd64", "APT::Sandbox::User": "root", "Debug::NoLocking": "1",
        "Acquire::Languages": "none", "Acquire::Check-Valid-Until": "false", "Acquire::Retries": "3",
    }
    apt = ["apt-get", "-qq", "-y", *(word for name, value in options.items() for word in ("-o", "%s=%s" % (name, value)))]
    for words in (["update", "--error-on=any"], ["install", "--no-install-recommends", "--download-only", *packages]):
        if subprocess.run([*apt, *words], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
            return False
    return True


def unpack(folder):
    """FOLDER/root of the archives, which dpkg there takes for installed."""
    root = folder / "root"
    stanzas = []
    for archive in sorted((folder / "cache/archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", archive, root], check=True)
        control = subprocess.run(["dpkg-deb", "-f", archive], capture_output=True, text=True, check=True).stdout
        stanzas.append("%sStatus: install ok installed\n" % control)
    for part in ("proc", "dev", "tmp", "root", "etc", "var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers"):
        (root / part).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").write_text("\n".join(stanzas))
    for name in ("available", "diversions", "statoverride"):
        (root / "var/lib/dpkg" / name).write_text("")
    for stanza, name in zip(stanzas, (stanza.split("\n", 1)[0].split()[1] for stanza in stanzas)):
        if "Multi-Arch: same" in stanza:
            name += ":amd64"
        (root / "var/lib/dpkg/info" / (name + ".list")).write_text("")
    return root


def make(folder, suites, packages):
    """The root of the oldest of the suites that the mirror has; a reason (text) if there is none."""
    why = missing()
    if why:
        return why
    uri = mirror()
    if not uri:
        return "apt knows no Debian"
    for suite in suites:
        if download(folder / suite, uri, suite, packages):
            return unpack(folder / suite)
    return "none of %s at this machine's mirror" % ", ".join(suites)


def run(root, *words, check=True, **env):
    """The program in that root, as root there."""
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "LOPIN_LEDGER": "", **env}
    return subprocess.run([*unshared(), "sh", "-c", INSIDE, "sh", root, *words], env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=240, check=check)


def copy_in(root, path, name):
    goal = root / name.lstrip("/")
    goal.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, goal)
    return pathlib.Path(goal)
