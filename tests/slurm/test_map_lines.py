# SPDX-License-Identifier: Apache-2.0
"""The lines of map --slurm: what of them reaches sbatch, what is printed, where else it may be said."""
import json
import re
import shlex
import subprocess

import pytest

SHOW = """import json, os, sys
print(json.dumps([sys.argv[1:], os.environ["SLURMD_NODENAME"], len(os.sched_getaffinity(0)), os.environ.get("OMP_NUM_THREADS"), os.getcwd()]))
"""


@pytest.fixture
def project(lopin):
    lopin.write("show it.py", SHOW)
    return lopin


def state(lopin, run="last"):
    return lopin("status", "--json", run).json()


def finished(lopin, run="last"):
    return lambda: state(lopin, run)["done"] + state(lopin, run)["failed"] == state(lopin, run)["datasets"] and lopin.idle()


def printed(lopin, run=1):
    return [json.loads(line) for line in lopin("log", "%s:" % run).out.splitlines() if line.startswith("[")]


def options_of(script):
    return [shlex.split(line[len("#SBATCH "):])[0] for line in script.splitlines() if line.startswith("#SBATCH ")]


def last_words(script):
    return shlex.split(script.splitlines()[-1])


def test_words_with_anything_in_them_arrive(project, until):
    words = ["a b", "it's", "tab\there", "new\nline", "%j \\ \"q\"", "é", "-x"]
    done = project("map", "--slurm", "-J", "my job", "--parcels", "2", "show it.py", "{}", "--tol", "1e-6", ":::", *words)
    assert done.code == 0 and re.fullmatch(r"job \d+\n", done.out), done
    until(finished(project))
    assert sorted(line[0] for line in printed(project)) == sorted([word, "--tol", "1e-6"] for word in words)
    assert {line[4] for line in printed(project)} == {str(project.cwd)}
    assert state(project, "my job")["done"] == len(words)  # -J names the run too


def test_every_letter_reaches_the_script(project):
    words = ["-p", "c-short", "-A", "def-group", "-q", "normal", "-w", "n1,n2", "-x", "n2", "-d", "afterok:1", "-N", "2",
             "-G", "1", "--gres", "gpu:1", "--mail-type", "END", "--mail-user", "me@there", "--reservation", "r", "--begin", "now+1hour",
             "--exclusive", "--sbatch", "licenses=matlab", "-c", "1", "-t", "1", "--mem", "100M", "-J", "name with blanks"]
    shown = project("map", "--slurm", "--dry-run", *words, "show it.py", ":::", "a")
    assert shown.code == 0, shown
    assert {"--partition=c-short", "--account=def-group", "--qos=normal", "--nodelist=n1,n2", "--exclude=n2", "--dependency=afterok:1",
            "--nodes=2", "--gpus=1", "--gres=gpu:1", "--mail-type=END", "--mail-user=me@there", "--reservation=r", "--begin=now+1hour",
            "--exclusive", "--licenses=matlab", "--cpus-per-task=1", "--time=00:01:00", "--mem=100M", "--job-name=name with blanks",
            "--requeue", "--open-mode=append", "--ntasks-per-node=1", "--chdir=%s" % project.cwd} <= set(options_of(shown.out))
    # Most of them are none of this cluster's: refused, and nothing is left behind.
    refused = project("map", "--slurm", *words, "show it.py", ":::", "a")
    assert refused.code in (2, 5) and not (project.cwd / ".lopin/runs/1").exists(), refused


def test_the_script_can_be_seen_before(project, until, slurm):
    line = ["map", "--slurm", "-c", "1", "-t", "10", "--mem", "50M", "--parcels", "2", "show it.py", ":::", "a", "b", "c"]
    shown = project(*line[:2], "--dry-run", *line[2:])
    assert shown.code == 0 and not (project.cwd / ".lopin/runs").exists()
    assert project(*line).code == 0
    until(finished(project))
    folder = project.cwd / ".lopin/runs/1"
    script = (folder / "job.sh").read_text()
    assert [option for option in options_of(script) if not option.startswith("--output=")] == options_of(shown.out)
    assert last_words(script)[-1] == str(folder) and last_words(shown.out)[:-1] == last_words(script)[:-1]
    assert project("show", "--sbatch", "1").out == script
    for text in (script, shown.out):
        assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0
    # By hand, as anybody may: the run has nothing left, so that it ends at once.
    job = slurm.slurm("sbatch", "--parsable", str(folder / "job.sh")).strip()
    until(project.idle)
    assert {slurm.state(job)} <= {"COMPLETED", "COMPLETED\nCOMPLETED"} and state(project)["done"] == 3


def sbatch(project, slurm, *line):
    """The script that the line prints, submitted by hand from elsewhere. Returns the number of the job."""
    shown = project(*line[:2], "--dry-run", *line[2:])
    assert shown.code == 0, shown
    return slurm.slurm("sbatch", "--parsable", str(project.write("my job.sh", shown.out, mode=0o755))).strip()


@pytest.mark.parametrize("parcels", [1, 3])
def test_the_dry_run_runs_by_hand(project, until, slurm, parcels):
    """The job makes the run, one for all its elements."""
    words = ["a b", "new\nline", "--dry-run", "it's", "e", "f"]
    line = ["map", "--slurm", "-c", "1", "--parcels", str(parcels), "--wait", "show it.py", "--dry-run", "{}", ":::", *words]
    job = sbatch(project, slurm, *line[:2], "--resume", *line[2:])
    until(lambda: (project.cwd / ".lopin/runs/1/run.json").exists())
    until(finished(project))
    assert sorted(row[0] for row in printed(project)) == sorted(["--dry-run", word] for word in words)
    assert not (project.cwd / ".lopin/runs/2").exists()
    jobs = state(project)["jobs"]
    assert [(row["job"], row["parcels"]) for row in jobs] == [(job, parcels)]
    # what would go on has its own script; without --resume it is another run
    going = project("map", "--slurm", "--resume", "--dry-run", *line[2:]).out
    assert last_words(going)[-1] == str(project.cwd / ".lopin/runs/1")
    assert sbatch(project, slurm, *line) != job
    until(lambda: (project.cwd / ".lopin/runs/2/run.json").exists())
    until(finished(project, "2"))
    assert sorted(row[0] for row in printed(project, 2)) == sorted(["--dry-run", word] for word in words)


def test_by_hand_with_outputs_and_a_folder(project, until, slurm):
    """Elements that start at the same time hold each other up for no longer than one needs to make the run."""
    (project.cwd / "sub").mkdir()
    project.write("sub/one.sh", "#!/bin/sh\necho $1 >$2\n", mode=0o755)
    sbatch(project, slurm, "map", "--slurm", "-D", "sub", "-c", "1", "--parcels", "4", "--out", "out/{}", "./one.sh", "{}", "{out}",
           ":::", *map(str, range(12)))
    runs = project.cwd / "sub/.lopin/runs"
    until(lambda: (runs / "1/run.json").exists())
    until(lambda: project("status", "--json", cwd=project.cwd / "sub").json()["done"] == 12 and project.idle())
    assert {path.name: path.read_text() for path in (project.cwd / "sub/out").iterdir()} == {
        str(number): "%d\n" % number for number in range(12)}
    assert sorted(path.name for path in runs.iterdir()) == ["1"], list(runs.iterdir())


def test_a_run_without_a_job(project, until, slurm):
    held = project("map", "--no-submit", "-c", "1", "--parcels", "2", "show it.py", ":::", *"abc")
    script = project.cwd / ".lopin/runs/1/job.sh"
    assert (held.code, held.out) == (0, "%s\n" % script) and "sbatch " in held.err
    assert project.idle() and state(project)["state"] == "stopped" and state(project)["left"] == 3
    assert "--resume and --no-submit" in project("map", "--no-submit", "--resume", "show it.py", ":::", "a").err
    script.write_text(script.read_text().replace("#SBATCH --job-name=", "#SBATCH --comment=changed\n#SBATCH --job-name="))
    job = slurm.slurm("sbatch", "--parsable", str(script)).strip()
    until(finished(project))
    assert sorted(line[0][0] for line in printed(project)) == list("abc")
    assert [row["job"] for row in state(project)["jobs"]] == [job]


def hold(project, *words):
    """A run whose tasks do not end by themselves, and no job. Returns its script."""
    project.write("hold.sh", "#!/bin/sh\nsleep 100\n", mode=0o755)
    assert project("map", "--no-submit", "-c", "1", "--parcels", "3", "./hold.sh", ":::", *words).code == 0
    return str(project.cwd / ".lopin/runs/1/job.sh")


@pytest.mark.parametrize("options", [["--array=1"], ["--array=1-3"], ["--array=2-3"]])
def test_what_was_submitted_by_hand_is_cancelled(project, until, slurm, options):
    """A part of the array too, which is no submission of the run's own."""
    slurm.slurm("sbatch", "--parsable", *options, hold(project, *"abc"))
    until(lambda: state(project)["running"] >= 1)
    done = project("cancel")
    assert done.code == 0 and "still end" not in done.err, done
    until(project.idle)
    assert state(project)["state"] == "stopped"


def test_what_waits_by_hand_is_cancelled(project, slurm):
    """It is what resume names, and refuses for."""
    job = slurm.slurm("sbatch", "--parsable", "--hold", hold(project, "a")).strip()
    refused = project("resume")
    assert refused.code == 4 and "by job %s [run-busy]" % job in refused.err and "lopin cancel 1" in refused.err
    assert project("cancel").code == 0 and project.idle()
    assert "nothing to end" in project("cancel").err
    assert project("resume").code == 0 and project("cancel").code == 0


def test_the_line_to_type_is_a_shells(project):
    held = project("map", "--no-submit", "show it.py", ":::", "a")
    line = next(line for line in held.err.splitlines() if line.startswith("then "))
    assert shlex.split(line)[1:] == ["sbatch", str(project.cwd / ".lopin/runs/1/job.sh")]


def test_each_line_of_a_job_has_its_run(project, until, slurm):
    lines = [["map", "--no-submit", "-c", "1", "show it.py", ":::", *words] for words in (["a", "new\nline"], ["b"])]
    script = "#!/bin/bash\n" + "".join(
        'found=$(%s) || exit\nsrun %s parcel "${found%%/*}"\n' % (shlex.join([str(project.binary), *line]), shlex.quote(str(project.binary)))
        for line in lines)
    slurm.slurm("sbatch", "--array=1-2", "-D", str(project.cwd), str(project.write("lines.sh", script, mode=0o755)))
    until(lambda: (project.cwd / ".lopin/runs/2/run.json").exists())
    until(project.idle)
    assert sorted(row[0][0] for row in printed(project, 1)) == ["a", "new\nline"]
    assert [row[0][0] for row in printed(project, 2)] == ["b"] and not (project.cwd / ".lopin/runs/3").exists()


def test_the_job_of_a_person_computes_no_run(project, slurm):
    """In salloc's shell each line is a run, as at the login node; cancel would end the shell."""
    line = shlex.join([str(project.binary), "map", "--no-submit", "-c", "1", "show it.py", ":::", "a"])
    slurm.slurm("salloc", "-c", "1", "-D", str(project.cwd), "sh", "-c", "cd '%s' && %s && %s" % (
        str(project.cwd).replace("'", "'\\''"), line, line))
    for number in ("1", "2"):
        assert state(project, number)["state"] == "stopped" and not state(project, number).get("jobs")


def test_nothing_is_left_while_the_last_job_ends(project, until, slurm):
    assert project("map", "--no-submit", "-c", "1", "--parcels", "1", "show it.py", ":::", "a").code == 0
    script = project.cwd / ".lopin/runs/1/job.sh"
    script.write_text(script.read_text().replace("\nexec ", "\n") + "sleep 100\n")
    job = slurm.slurm("sbatch", "--parsable", str(script)).strip()
    until(lambda: state(project)["done"] == 1)
    for line in (["resume"], ["resume", "--local"], ["retry"]):
        done = project(*line)
        assert done.code == 0 and "nothing left to run: 1 of 1 done" in done.err, done
    slurm.slurm("scancel", job)
    until(project.idle)


def test_by_hand_beside_it(project, until, slurm):
    """A second job of the same script shares the work: nothing is done twice."""
    project.write("slow.sh", "#!/bin/sh\necho x >>count.$1\nsleep 0.4\n", mode=0o755)
    assert project("map", "--slurm", "-c", "1", "--parcels", "1", "./slow.sh", ":::", *map(str, range(12))).code == 0
    slurm.slurm("sbatch", "--parsable", str(project.cwd / ".lopin/runs/1/job.sh"))
    until(finished(project))
    assert [(project.cwd / ("count.%d" % number)).read_text() for number in range(12)] == ["x\n"] * 12
    assert len(list((project.cwd / ".lopin/runs/1").glob("journal.*"))) == 2


def test_from_inside_of_a_job(project, until, slurm, cpus):
    """The job's own variables are not options of the jobs that are submitted from it."""
    line = shlex.join([str(project.binary), "map", "--slurm", "-c", str(cpus), "--parcels", "1", "show it.py", ":::", "a", "b"])
    slurm.slurm("srun", "-c", "1", "--mem-per-cpu", "20M", "-D", str(project.cwd), "sh", "-c", line)
    until(finished(project))
    assert {line[3] for line in printed(project)} == {"1"} and state(project)["done"] == 2
    # without --slurm the same line computes in the job
    slurm.slurm("srun", "-c", "1", "-D", str(project.cwd), "sh", "-c", line.replace("--slurm -c %d --parcels 1" % cpus, "-c 1"))
    assert not (project.cwd / ".lopin/runs/2/job.sh").exists() and state(project, "2")["done"] == 2


def test_where_a_file_says_it(project, until):
    project.write("lopin.toml", 'where = "slurm"\n[slurm]\npartition = "c-short"\ntime = "1"\n[map]\nparcels = 1\n')
    assert project("map", "show it.py", ":::", "a", "b").code == 0
    script = (project.cwd / ".lopin/runs/1/job.sh").read_text()
    assert {"--partition=c-short", "--time=00:01:00"} <= set(options_of(script))
    until(finished(project))
    here = project("map", "--local", "show it.py", ":::", "a")
    assert not (project.cwd / ".lopin/runs/2/job.sh").exists() and "'SLURMD_NODENAME'" in project("log", "2:1").out, here


def test_which_datasets_and_how_many_at_once(project, until):
    done = project("map", "--slurm", "-c", "1", "-a", "2-5,9%1", "--chunk", "2", "show it.py", ":::", *"abcdefghi")
    assert done.code == 0
    assert any(option.startswith("--array=1-3%1") for option in options_of((project.cwd / ".lopin/runs/1/job.sh").read_text()))
    until(finished(project))
    assert sorted(line[0][0] for line in printed(project)) == list("bcdei")


def test_map_resume_by_jobs(project, until):
    """The form for scripts: begins, or goes on with what is new."""
    line = ["map", "--slurm", "--resume", "--parcels", "1", "show it.py", ":::"]
    assert project(*line, "a").code == 0
    until(finished(project))
    assert project(*line, "a", "b").code == 0
    until(finished(project))
    assert sorted(line[0][0] for line in printed(project)) == ["a", "b"] and not (project.cwd / ".lopin/runs/2").exists()
    assert (project.cwd / ".lopin/runs/1/round.2").exists()
