# SPDX-License-Identifier: Apache-2.0
"""Limits of a real cluster with accounting: what is over one is refused before it is submitted, and the line of the
message, when typed, is taken; the site's [slurm]; processors older than an environment needs."""
import getpass
import os
import re
import signal
import subprocess

import pytest

USER = getpass.getuser()


@pytest.fixture(scope="module", autouse=True)
def limits(limited):
    """An account that may have little, two QOS beside the default one."""
    def manage(*words):
        limited.slurm("sacctmgr", "-iQ", *words)
    manage("add", "account", "phys", "Description=x", "Organization=y", "GrpTRES=node=1")
    manage("add", "qos", "fast", "MaxWall=02:00:00", "MaxSubmitJobsPerUser=2")
    manage("add", "qos", "narrow", "MaxTRESPerUser=cpu=1", "MaxTRESPerJob=mem=300M")
    manage("add", "user", USER, "Account=phys", "MaxWall=12:00:00", "QOS=normal,fast,narrow", "DefaultQOS=normal")
    manage("modify", "user", USER, "set", "DefaultAccount=phys")
    return manage


@pytest.fixture
def lopin(limited, make_lopin_on, tmp_path, until):
    program = make_lopin_on(limited, tmp_path)
    program.write("a.py", "print('here')\n")
    yield program
    limited.slurm("scancel", "--user", USER)
    until(lambda: queued(limited) == 0)  # a job that ends counts as one that runs


@pytest.fixture
def site(lopin):
    def write(text):
        path = lopin.cwd.parent / "site.toml"
        path.write_text(text)
        lopin.env["LOPIN_SITE"] = str(path)
    return write


def queued(cluster):
    return len(cluster.slurm("squeue", "-h", "-r", "-o", "%i").split())


OVER = [
    (["-t", "8-0"], "-t 8-00:00:00 is more than partition 'c-iq' allows: 7-00:00:00", None),
    (["-t", "13:00:00"], "-t 13:00:00 is more than a job of %s in account phys may take: 12:00:00" % USER, "-t 12:00:00"),
    (["-q", "fast", "-t", "3:00:00"], "-t 03:00:00 is more than a job of QOS fast may take: 02:00:00", "-t 02:00:00"),
    (["-q", "narrow", "-c", "2", "--mem", "100M"], "2 cores are more than QOS narrow may have: 1", "-c 1"),
    (["-q", "narrow", "--mem", "400M"], "400M of memory is more than QOS narrow may have: 300M", "--mem 300M"),
    (["-N", "2"], "-N 2 is more than account phys may have: 1", "-N 1"),
    (["-c", "5000"], "-c 5000 is more than a node of partition 'c-iq' has", None),
    (["-p", "c-shrt"], "there is no partition 'c-shrt' for you", "-p c-short"),
]


@pytest.mark.parametrize("words,said,cure", OVER)
def test_over_a_limit(limited, lopin, words, said, cure):
    done = lopin("run", "--slurm", *words, "a.py")
    assert done.code == 125 and said in done.err, done.err
    assert queued(limited) == 0
    if not cure:
        return
    assert re.search(r"^  try +%s$" % re.escape(cure), done.err, re.M), done.err
    option = cure.split()[0]
    at = words.index(option)
    typed = words[:at] + cure.split() + words[at + 2:]
    done = lopin("run", "--slurm", "--wait", *typed, "a.py")
    assert (done.code, done.out) == (0, "here\n"), done.err


def test_as_many_jobs_as_may_be_queued(limited, lopin):
    """Those of an array count each; only what the QOS says counts in its place."""
    for _ in range(2):
        assert lopin("run", "--slurm", "-q", "fast", "-t", "10", "--sbatch=hold", "a.py").code == 0
    done = lopin("run", "--slurm", "-q", "fast", "-t", "10", "a.py")
    assert "QOS fast may have 2 jobs that wait or run, and has 2 [over-limit]" in done.err and queued(limited) == 2
    assert lopin("run", "--slurm", "-t", "10", "--sbatch=hold", "a.py").code == 0


def test_a_limit_that_was_raised_counts_at_once(limited, limits, lopin):
    """What the database said is kept, and nothing is refused by it."""
    limits("add", "qos", "unused", "MaxTRESPerUser=cpu=1")  # what nobody has used only the database knows
    limits("modify", "user", USER, "set", "QOS+=unused")
    words = ["run", "--slurm", "-q", "unused", "--mem", "100M", "--sbatch=hold", "-c"]
    assert "may have: 1 [over-limit]" in lopin(*words, "2", "a.py").err
    assert list((lopin.cwd.parent / "cache/lopin/slurm").iterdir())
    limits("modify", "qos", "unused", "set", "MaxTRESPerUser=cpu=2")
    assert lopin(*words, "2", "a.py").code == 0


def test_the_database_is_away(limited, lopin):
    """What the controller knows still counts, and no line waits long for the rest."""
    pid = int((limited.conf.parent.parent / "run/slurmdbd.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        assert "may take: 12:00:00 [over-limit]" in lopin("run", "--slurm", "-t", "13:00:00", "a.py").err
        done = lopin("run", "--slurm", "-q", "narrow", "--mem", "100M", "--wait", "a.py")
        assert (done.code, done.out) == (0, "here\n"), done.err
    finally:
        os.kill(pid, signal.SIGCONT)


def test_partition_and_account_of_the_site(limited, limits, lopin, site, number):
    limits("add", "account", "chem", "Description=x", "Organization=y")
    limits("add", "user", USER, "Account=chem")

    def job(*words, **env):
        done = lopin("run", "--slurm", "--sbatch=hold", *words, "a.py", env=env)
        assert done.code == 0, done.err
        return limited.slurm("squeue", "-h", "-j", number(done.out), "-o", "%P %a").strip()
    site("[slurm]\npartition = 'c-short'\naccount = 'chem'\n")
    assert job() == "c-short chem"
    assert job("-p", "c-iq", "-A", "phys") == "c-iq phys"
    assert job(SBATCH_ACCOUNT="phys") == "c-short phys"
    assert job("-A", "chem", SBATCH_ACCOUNT="phys") == "c-short chem"
    lopin.write("lopin.toml", "[slurm]\npartition = 'c-iq'\n")
    assert job() == "c-iq chem"
    site("\n[slurm]\npartition = ''\n")
    done = lopin("run", "--slurm", "a.py")
    assert "-p c-iq: jobs of this site name no partition [usage]" in done.err
    assert "site.toml:3: partition = \"\"" in done.err and "the line without -p" in done.err
    assert lopin("run", "a.py").out == "here\n"  # none of Slurm's


def test_what_it_may_cost(limited, lopin, site):
    """--dry-run: hours of all cores, what memory makes of them, and the queue that the time falls into."""
    site("[slurm]\ncore-equivalent = '128M'\ntime-steps = ['3:00:00', '12:00:00']\n")

    def plan(*words):
        done = lopin("run", "--slurm", "--dry-run", *words, "a.py")
        assert done.code == 0 and "#SBATCH --job-name=a.py" in done.out, done.err
        return done.err
    assert "at most 2.5 core-hours, billed as 5.0 for their memory" in plan("-c", "1", "-t", "2:30:00")  # DefMemPerCPU
    said = plan("-c", "1", "-t", "3:10:00", "--mem", "100M")
    assert "at most 3.2 core-hours\n" in said
    assert "-t 03:10:00 falls into the queue of jobs up to 12:00:00; -t 03:00:00 would be in a shorter one" in said
    assert "falls" not in plan("-t", "3:00:00")
    assert "at most 1.0 core-hours, billed as 2.0" in plan() and "-t 01:00:00 falls" in plan()  # the partition's time
    assert queued(limited) == 0


@pytest.fixture
def six(limits):
    """Jobs that may be queued."""
    limits("modify", "user", USER, "where", "account=phys", "set", "MaxSubmitJobs=6")
    yield
    limits("modify", "user", USER, "where", "account=phys", "set", "MaxSubmitJobs=-1")


def test_max_queued_without_accounting(slurm, make_lopin, tmp_path):
    """Elements of an array count each."""
    lopin = make_lopin(tmp_path)
    lopin.write("a.py", "print('here')\n")
    lopin.write("site.toml", "[slurm]\nmax-queued = 3\n")
    lopin.env["LOPIN_SITE"] = str(lopin.cwd / "site.toml")
    job = slurm.slurm("sbatch", "--parsable", "--hold", "-a", "1-2", "-o", os.devnull, "--wrap", "true").strip()
    done = lopin("map", "--slurm", "--parcels", "2", "a.py", "1", "2")
    assert "--parcels 2 is more than may be submitted: 1" in done.err, done.err
    assert "max-queued of the site: 3, and 2 wait or run" in done.err
    held = lopin("run", "--slurm", "--sbatch=hold", "a.py")
    assert held.code == 0, held.err
    for words in (["run", "--slurm", "a.py"], ["map", "--slurm", "a.py", "1", "2"]):
        done = lopin(*words)
        assert "the site lets a user have 3 jobs that wait or run [over-limit]" in done.err, done.err
    slurm.slurm("scancel", job, held.out.split()[1])


PARCELS = [
    (["--parcels", "9"], "--parcels 9 is more than may be submitted: 6", "--parcels 6"),
    (["--chunk", "3"], "--chunk 3 makes 14 parcels, more than may be submitted: 6", "--chunk 7"),
    (["-t", "13:00:00"], "-t 13:00:00 is more than a job of", "-t 12:00:00"),
]


@pytest.mark.parametrize("words,said,cure", PARCELS)
def test_parcels_over_a_limit(limited, six, lopin, words, said, cure):
    datasets = [str(i) for i in range(40)]
    done = lopin("map", "--slurm", *words, "a.py", *datasets)
    assert done.code == 2 and said in done.err and "[over-limit]" in done.err, done.err
    assert not list(lopin.cwd.glob(".lopin/runs/[0-9]*")) and queued(limited) == 0
    assert re.search(r"^  try +%s$" % re.escape(cure), done.err, re.M), done.err
    done = lopin("map", "--slurm", "--wait", *cure.split(), "a.py", *datasets)
    assert done.code == 0, done.err


def test_as_many_parcels_as_there_is_room_for(limited, limits, lopin, site, cpus):
    """Where nothing is said: by the nodes, by what the account may use at once, by the site."""
    datasets = [str(i) for i in range(40)]

    def plan(*words):
        done = lopin("map", "--slurm", "--dry-run", *words, "a.py", *datasets)
        assert done.code == 0, done.err
        return next(line for line in done.err.splitlines() if line.startswith("plan"))
    assert plan() == "plan    %d parcels (partition c-iq has room for %d at once)" % (2 * cpus, 2 * cpus)
    limits("modify", "user", USER, "where", "account=phys", "set", "GrpTRES=cpu=1")
    assert "1 parcel (%s in account phys may use 1 core at once)" % USER in plan()
    limits("modify", "user", USER, "where", "account=phys", "set", "GrpTRES=cpu=-1")
    assert "40 parcels" in plan("--parcels", "40") and "40 parcels, 3 at once" in plan("--parcels", "3", "--chunk", "1")
    site("[slurm]\narray-size = 1\n")
    assert "1 parcel (array-size of the site: 1)" in plan()
    lopin.env["SLURM_CONF"] = os.devnull  # nothing is known, and nothing of it is needed
    site("[slurm]\nmin-job = '1h'\n")
    assert plan().startswith("plan    18 parcels (about 2 datasets a slot; how long one takes is not known)")


def test_over_the_time_of_the_site_s_partition(lopin, site):
    site("[slurm]\npartition = 'c-short'\n")
    done = lopin("run", "--slurm", "-t", "10", "a.py")
    assert "-t 00:10:00 is more than partition 'c-short' allows: 00:02:00 [over-limit]" in done.err


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="levels are of x86-64")
def test_processors_of_a_partition(limited, lopin, site, wheels):
    """The environment is looked at before anything is submitted."""
    levels = "[cpu]\nalpha = 'x86-64-v2'\n[partition.c-iq]\ncpu = '%s'\n[partition.c-short]\ncpu = 'x86-64-v2'\n"
    site(levels % "x86-64")
    library = lopin.cwd / "alpha.so"
    subprocess.run(["cc", "-shared", "-nostdlib", "-x", "c", os.devnull, "-o", library], check=True)
    wheels.make(lopin.cwd / "w", "alpha", "1.0", {"alpha.abi3.so": library.read_bytes()}, tag="py3-none-linux_x86_64", pure=False)
    assert lopin("venv", "--no-download", "env").code == 0
    done = lopin("pip", "install", "--env", "env", "--no-index", "-f", "w", "alpha")
    assert done.code == 0, done.err
    words = ["run", "--slurm", "-t", "1", "--env", "env"]
    said = "alpha 1.0 needs a processor with x86-64-v2, and partition 'c-iq' has x86-64 (no SSE3"
    for which in ([], ["-p", "c-iq"], ["-p", "c-short,c-iq"]):
        done = lopin(*words, *which, "a.py")
        assert done.code == 125 and said in done.err and "[cpu-level]" in done.err, done.err
        assert "the site says so" in done.err and re.search(r"^  try +-p c-short$", done.err, re.M)
    assert queued(limited) == 0
    assert lopin(*words, "-p", "c-short", "--wait", "a.py").out == "here\n"
    done = lopin("map", "--slurm", "--env", "env", "a.py", "1", "2")
    assert done.code == 3 and said in done.err and not list(lopin.cwd.glob(".lopin/runs/[0-9]*")), done.err
    assert lopin(*words, "--wait", "a.py", env={"LOPIN_GUARD": "off"}).out == "here\n"
    site(levels % "x86-64-v2")
    assert lopin(*words, "--wait", "a.py").out == "here\n"
