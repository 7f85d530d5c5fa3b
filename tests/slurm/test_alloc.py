# SPDX-License-Identifier: Apache-2.0
"""lopin alloc through salloc on a real cluster."""
import os
import pathlib
import signal
import sys

import pytest


@pytest.mark.parametrize("words", [[], ["--slurm"]])
def test_a_program_on_the_node(lopin, words):
    done = lopin("alloc", *words, "-c", "1", "-t", "5", "sh", "-c",
                 'echo $SLURMD_NODENAME $OMP_NUM_THREADS $LOPIN_TASK $(nproc) "$1"; echo error >&2; exit 4', "sh", "two words")
    node, *rest = done.out.split()
    assert done.code == 4 and node in ("n1", "n2") and rest == ["1", "alloc", "1", "two", "words"], done.err
    assert "Granted job allocation" in done.err and "error\n" in done.err


def test_a_shell_reads_our_input(lopin):
    done = lopin("alloc", "-Q", "-t", "5", input=b"echo in $SLURMD_NODENAME\nexit 6\n", env={"SHELL": "/bin/sh"})
    assert done.code == 6 and done.out.startswith("in n") and "Granted" not in done.err


def test_lopin_in_it_has_its_cores(lopin, cpus):
    lopin.write("a.py", "import os; print(len(os.sched_getaffinity(0)), os.environ['OMP_NUM_THREADS'])")
    line = "$LOPIN run a.py; $LOPIN alloc -c 1 nproc; $LOPIN map -Q -j %d a.py 1 2; $LOPIN log" % cpus
    done = lopin("alloc", "-n", str(cpus), "-t", "5", "sh", "-c", line, env={"LOPIN": str(lopin.binary)})
    assert done.code == 0, done.err
    assert done.out.splitlines()[:2] == ["%d %d" % (cpus, cpus), "1"]
    assert done.out.splitlines().count("1 1") == 2
    # the shell in it: an allocation is used as it is, whatever is said
    done = lopin("alloc", "-t", "5", "sh", "-c", "$LOPIN alloc --slurm -c 1 sh -c 'echo $SLURM_JOB_ID'; echo $SLURM_JOB_ID",
                 env={"LOPIN": str(lopin.binary)})
    first, second = done.out.split()
    assert first == second


def test_two_nodes(lopin):
    done = lopin("alloc", "-N", "2", "-n", "2", "-t", "5", "sh", "-c", "srun sh -c 'echo $SLURMD_NODENAME'")
    assert sorted(done.out.split()) == ["n1", "n2"], done.err


def test_a_job_from_within(lopin):
    """What the allocation says of itself is not asked of the job: srun would refuse both kinds of memory."""
    lopin.write("b.sh", "#!/bin/sh\nsrun true && echo $SLURM_JOB_ID $SLURM_MEM_PER_NODE, $SLURM_MEM_PER_CPU,$LOPIN_PARCEL\n", mode=0o755)
    done = lopin("alloc", "-c", "1", "--mem-per-cpu", "100M", "-t", "5", "sh", "-c",
                 "echo $SLURM_JOB_ID; $LOPIN run --slurm --wait -c 1 --mem 200M ./b.sh", env={"LOPIN": str(lopin.binary)})
    assert done.code == 0, done.err
    outer, inner, memory, rest = done.out.split()
    assert outer != inner and memory == "200," and rest.startswith(",")


def test_the_account_of_the_shell_s_profile_counts(lopin):
    done = lopin("alloc", "-t", "5", "sh", "-c", "echo $SLURM_JOB_ACCOUNT $SALLOC_PARTITION", env={
        "SALLOC_ACCOUNT": "def-group", "SALLOC_PARTITION": "absent", "SLURM_MEM_PER_CPU": "1"})
    assert done.out.split()[:1] in (["def-group"], []), done.err
    assert done.code == 0 and "absent" not in done.out


def test_what_is_refused(lopin):
    for words, name in ((["-p", "absent"], "refused"), (["-t", "30-0"], "over-limit"), (["--mem", "99G"], "over-limit")):
        done = lopin("alloc", *words, "true")
        assert done.code == 125 and "[%s]" % name in done.err, done.err


def test_a_signal_for_lopin_gives_the_allocation_back(lopin, slurm):
    process = lopin.start("alloc", "-t", "5", "sh", "-c", "echo $SLURM_JOB_ID; exec sleep 600")
    job = process.stdout.readline().decode().strip()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode != 0
    slurm.wait_state(job, "CANCELLED", "FAILED", "COMPLETED")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_given_up_while_it_waits(lopin, slurm, number):
    """Nothing was refused: the status is the signal's, and salloc's own word is all that is said."""
    process = lopin.start("alloc", "-J", "waits", "--sbatch=--begin=now+1hour", "true", start_new_session=True)
    while "waits" not in slurm.slurm("squeue", "-h", "-o", "%j"):
        assert process.poll() is None
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 128 + number and b"[refused]" not in err, err


def test_a_script_is_no_program(lopin):
    lopin.write("a.py", "")
    done = lopin("alloc", "a.py")
    assert done.code == 125 and "lopin alloc lopin run a.py" in done.err and "Granted" not in done.err


def test_in_a_terminal(lopin, terminal):
    """A shell of the node has the terminal: its size, and ^C is for what runs in it."""
    with terminal([lopin.binary, "alloc", "-t", "5", "env", "PS1=ready> ", "sh"], 100, env=lopin.env, cwd=lopin.cwd) as screen:
        screen.wait(lambda text: text.rstrip().endswith("ready>"), 120)
        screen.type("stty size; echo on $SLURMD_NODENAME; sleep 500", "Enter")
        screen.wait(lambda text: "\non n" in text, 120)
        screen.type("", "C-c")
        screen.type("exit 9", "Enter")
        assert screen.wait(lambda text: screen.status() is not None and str(screen.status()), 120) == "9"
        assert "24 100" in screen.screen()


def test_where_there_is_no_slurm(lopin):
    alone = {"PATH": str(pathlib.Path(sys.executable).parent)}
    done = lopin("alloc", "--slurm", "true", env=alone)
    assert done.code == 125 and "[no-slurm]" in done.err
    done = lopin("alloc", "-c", "1", "-p", "c-iq", "-A", "def-a", sys.executable, "-c", "print(7)", env=alone)
    assert (done.code, done.out) == (0, "7\n") and "--partition" in done.err and "--account" in done.err
    done = lopin("alloc", "-N", "2", "true", env=alone)
    assert done.code == 125 and "[over-limit]" in done.err
    done = lopin("alloc", "--local", "-c", "1", "sh", "-c", "echo $SLURM_JOB_ID.")
    assert (done.code, done.out) == (0, ".\n")
    done = lopin("alloc", "-c", "1", "sh", "-c", "echo $SLURM_JOB_ID.", env={"LOPIN_OPT_WHERE": "local"})
    assert (done.code, done.out) == (0, ".\n")
