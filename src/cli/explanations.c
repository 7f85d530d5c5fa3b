// SPDX-License-Identifier: Apache-2.0
// explanations: a text for each name of base/err.c (tests/cli/test_explain.py finds a missing
// one). First what it means, then why it happens, then what to type.
#include <stddef.h>

#include "base/lang.h"
#include "cli/explain.h"
#include "cli/explanations_module.h"

const struct explanation explanations[ERR_COUNT] = {
    [ERR_USAGE] =
        {N_("the command line is not one that lopin understands"),
         N_("An option, a value or a word is wrong, or two of them exclude each other.\n"
            "Nothing was started and nothing was written.\n"
            "\n"
            "Options of lopin stand before the script; what follows the script belongs\n"
            "to it, as with env(1) and sbatch:\n"
            "\n"
            "    lopin map -c 8 analyse.py data/*.npz\n"
            "    lopin map fit.py --tol 1e-6 {} {out} ::: data/*.npz\n"
            "\n"
            "The options of a command:   lopin COMMAND --help\n"
            "All of them, explained:     lopin help map\n")},
    [ERR_CONFIG] =
        {N_("a file or a variable of the configuration is wrong"),
         N_("lopin.toml, [tool.lopin] of pyproject.toml, the user's config.toml, the site's\n"
            "site.toml, or a variable LOPIN_OPT_... says what lopin does not understand: no\n"
            "TOML, an unknown key, a value of another kind, a variable in a path that is\n"
            "not set. The first line names file, line and key. Nothing was started.\n"
            "\n"
            "    lopin config                    each value and where it stands\n"
            "    lopin help lopin.toml           keys of projects and users\n"
            "    lopin help site.toml            keys of a site\n"
            "    LOPIN_SITE= lopin ...           once without the site's file\n")},
    [ERR_UNTRUSTED] =
        {N_("a file of the configuration may have been written by others"),
         N_("It may name an interpreter, an index or wheels, so it is read only if it, the\n"
            "link to it and its folder belong to you or to root, and nobody else may write\n"
            "it. Of a project's or user's file a line says so, and lopin goes on without\n"
            "it; the site's file must be right.\n"
            "\n"
            "    ls -l lopin.toml\n"
            "    chmod go-w lopin.toml           if it is yours\n"
            "    cp lopin.toml ~/project/        a copy of your own, once you have read it\n")},
    [ERR_NO_PYTHON] =
        {N_("no Python interpreter fits"),
         N_("The script needs an interpreter, and none is there, works, or has the\n"
            "version asked for. lopin takes, in this order: --env, --python, the active\n"
            "environment, python3 on PATH. \"found\" lists what it saw.\n"
            "\n"
            "    lopin map --python 3.11 ...              another version\n"
            "    lopin map --python /opt/py/bin/python3   a path\n"
            "    module load python/3.11                  on a cluster, before lopin\n"
            "\n"
            "A script that is no Python is run as it is, if it may be executed:\n"
            "\n"
            "    chmod +x analyse.sh\n")},
    [ERR_NO_ENV] =
        {N_("the environment asked for is not there"),
         N_("--env, or VIRTUAL_ENV of the shell, names a folder that is no Python\n"
            "environment, or one whose interpreter was removed or updated since.\n"
            "\n"
            "    ls -l DIR/bin/python3               where its interpreter should be\n"
            "    python3 -m venv --clear DIR         makes it again (then pip install ...)\n"
            "    lopin map --env none ...            without it: the bare interpreter\n"
            "    deactivate                          if the shell still holds a dead one\n")},
    [ERR_ENV_BROKEN] =
        {N_("what an environment needs is gone, or another one"),
         N_("An environment is links: to its interpreter, and to packages in the store. One\n"
            "of them leads nowhere: the interpreter was removed, or its module is not\n"
            "loaded, or the cache was emptied or is on a disk of another node; or there is\n"
            "now another Python in its place than the packages were installed for.\n"
            "\n"
            "    lopin env check ENV                 what is missing\n"
            "    module load python/3.11             if the interpreter is a module's\n"
            "    lopin venv --upgrade ENV            links to the interpreter as it is now\n"
            "    lopin venv --clear -r requirements.txt ENV      makes it again\n"
            "    lopin env verify -v ENV             which files differ from their wheels\n"
            "    lopin pip install --force-reinstall NAME        installs a package again\n")},
    [ERR_CPU_LEVEL] =
        {N_("a package needs a newer processor than this one"),
         N_("A package's machine code uses instructions that this processor does not have:\n"
            "its first call would be an illegal instruction. That is known from the folder\n"
            "that its wheel came from (x86-64-v3, avx2, ...), of some wheels of PyPI, or\n"
            "from importing it once. Nothing of it was loaded.\n"
            "\n"
            "    lopin env check --cpu x86-64-v2 ENV     the same for another machine\n"
            "    lopin wheels NAME --all-archs           which levels there are of it\n"
            "    lopin pip install --force-reinstall -f GENERIC NAME     a wheel for all\n"
            "    sbatch -C FEATURE ...                   newer nodes (sinfo -o %f)\n"
            "    LOPIN_GUARD=off lopin ...               nothing is checked\n")},
    [ERR_GLIBC] =
        {N_("a package needs a newer C library than this system's"),
         N_("Its libraries name symbols of a version of glibc that the interpreter's system\n"
            "does not have, so that they cannot be loaded: the wheel was chosen on a newer\n"
            "one. An older version of the package often needs less (manylinux in its name).\n"
            "\n"
            "    lopin env check --glibc 2.28 ENV        the same for another machine\n"
            "    lopin wheels NAME --all-versions --column name,version,platform\n"
            "    lopin pip install --upgrade NAME        typed here, takes what fits here\n")},
    [ERR_NO_LOCK] =
        {N_("there is no lock file"),
         N_("--frozen takes lopin.lock as it is, and env sync installs from a lock; there is\n"
            "none beside lopin.toml, nor in this folder.\n"
            "\n"
            "    lopin env lock --with numpy,scipy   writes one for these\n"
            "    lopin env lock -r requirements.txt\n"
            "    lopin env sync DIR/pylock.toml      from another one\n")},
    [ERR_BAD_WHEEL] =
        {N_("a wheel is damaged, or not what it says"),
         N_("The file is no whole archive, or its content does not agree with its own\n"
            "list of files (RECORD) or with its name; or it holds what no wheel may:\n"
            "a file that would leave its folder, a link, two files of one name.\n"
            "Nothing of it was installed. The line says which file and what is wrong.\n"
            "\n"
            "    sha256sum FILE.whl            is it the file that was published?\n"
            "    python3 -m zipfile -t FILE.whl    was it cut short by a download?\n"
            "    pip download --no-deps NAME==VERSION     fetches it again\n"
            "\n"
            "If it is so where it was published, only its author can cure it. pip and uv\n"
            "install many such wheels: they do not compare files with RECORD.\n")},
    [ERR_BAD_IMAGE] =
        {N_("an image is damaged, or holds what none may"),
         N_("The file of `lopin env pack` is not whole, a part of it has another hash than\n"
            "its index says, or it holds what no image may: a file that would leave its\n"
            "folder, a link that leads out, two files of one name. Nothing of it stays.\n"
            "\n"
            "    ls -l FILE                    was it cut short by a copy or a full disk?\n"
            "    sha256sum FILE                is it the file that was packed?\n"
            "    lopin env pack FILE           in the environment: packs it again\n"
            "    mkdir DIR && tar -C DIR --zstd -xf FILE     what can still be read of it\n"
            "\n"
            "Take no image from somebody whose programs you would not run.\n")},
    [ERR_NO_WHEEL] =
        {N_("no wheel of it fits this Python and this machine"),
         N_("A wheel's name says for which Python and which machine it is. Wheels are\n"
            "looked for in wheelhouses (--find-links, pip's configuration) and then in\n"
            "indexes; a source archive is built only where no wheel fits.\n"
            "\n"
            "    lopin wheels numpy                  the newest that fits\n"
            "    lopin wheels numpy --all-versions --all-pythons\n"
            "    lopin map --python 3.11 ...         another Python\n"
            "    lopin pip install --no-binary NAME NAME    builds it from its source\n")},
    [ERR_NO_SOLUTION] =
        {N_("no set of versions satisfies all requirements"),
         N_("Each package requires others, often certain versions of them. What was asked\n"
            "for, and what that requires, leaves no version of some project: the lines say\n"
            "which requirements of whom exclude each other, what was found and where. \"try\"\n"
            "names changes that were tried and have a solution.\n"
            "\n"
            "    lopin pip install --verbose ...     each step of the proof\n"
            "    lopin wheels NAME --all-versions    which versions there are\n"
            "    lopin pip install --pre ...         takes pre-releases too\n"
            "\n"
            "The search is given up after many steps; naming some versions exactly makes it\n"
            "short.\n")},
    [ERR_BUILD] =
        {N_("a source could not be made a wheel"),
         N_("Folders, repositories and source archives are built by pip, in an environment\n"
            "of its own that holds what the project's pyproject.toml requires for it. That\n"
            "needs these wheels, and often a compiler, headers and libraries. The log,\n"
            "whose path is shown, has all that pip and the compiler said.\n"
            "\n"
            "    module load gcc                     a newer compiler\n"
            "    lopin wheels NAME --all-versions    which versions have a wheel\n"
            "    lopin pip install --only-binary :all: NAME    never builds\n"
            "    lopin pip install --no-build-isolation .      with what is installed\n"
            "\n"
            "With --no-index the requirements of the build must be in the wheelhouse too.\n")},
    [ERR_FETCH] =
        {N_("an index, or a file that it names, cannot be had"),
         N_("The network, a proxy or the index did not answer, stalled, ended too early\n"
            "or answered with an error. That is tried again (pip's \"retries\" and "
            "\"timeout\"\n"
            "hold), and what came of a file is kept: the next start goes on there.\n"
            "\n"
            "    lopin wheels --offline ...          with what is in the cache\n"
            "    pip config list                     index-url, proxy, cert, timeout\n"
            "    env | grep -i proxy                 proxies of the environment\n"
            "    PIP_CERT=FILE lopin ...             certificates of the site\n"
            "\n"
            "Nodes of clusters often have no network: fetch on a login node, or with\n"
            "pip download -d DIR, and say --no-index --find-links DIR.\n")},
    [ERR_NO_DATASET] =
        {N_("a pattern, a list or a file gives no dataset"),
         N_("There is nothing to run the script on: no file matches a quoted pattern,\n"
            "the list behind ::: is empty, or the file of --from or :::: has no line.\n"
            "Often it is the current folder that is not the one meant.\n"
            "\n"
            "    pwd; ls data/                       is this the folder, is this the name?\n"
            "    lopin map --dry-run analyse.py 'data/*.npz'     shows what would run\n"
            "    lopin map analyse.py ::: '*'        a text with * that is no pattern\n"
            "\n"
            "A file that is not there yet can be a dataset: texts are not looked up.\n")},
    [ERR_SAME_OUTPUT] =
        {N_("two outputs would be one file, or replace a dataset"),
         N_("The pattern of --out gives the same file for two datasets, or a file that\n"
            "is a dataset, the script, or inside another output. One result would have\n"
            "overwritten the other, so nothing was started.\n"
            "\n"
            "    lopin map --out 'out/{/}' ...       base name: a/d1.npz and b/d1.npz clash\n"
            "    lopin map --out 'out/{}' ...        keeps the folders\n"
            "    lopin map --out 'out/{#}.npz' ...   the number, never twice\n"
            "    lopin map --out 'out/{1/.}-{2}.npz' ...   with several lists: all columns\n")},
    [ERR_OUTPUT_EXISTS] =
        {N_("an output is there that no run made"),
         N_("A file or folder stands where {out} goes, and no run of lopin in this folder\n"
            "wrote it: it may be work of yours. Nothing was started.\n"
            "\n"
            "    lopin map --overwrite ...           replaces them, each when it is whole\n"
            "    lopin map --out 'new/{/}' ...       puts the outputs elsewhere\n"
            "\n"
            "What runs of lopin made is replaced without asking.\n")},
    [ERR_OVERSUBSCRIBED] =
        {N_("more tasks times threads than cores"),
         N_("-j tasks side by side with -T cores each need -j x -T cores, and the run\n"
            "has fewer. Tasks that share cores wait for each other: all of them would be\n"
            "slower, often by far. So it is an error and not a slow run.\n"
            "\n"
            "    lopin map -T 2 ...                  as many side by side as there is room\n"
            "    lopin map -j 4 -T 2 -c 8 ...        8 cores: 4 side by side, 2 each\n"
            "    lopin map --dry-run ...             shows cores and slots, starts nothing\n")},
    [ERR_OVER_LIMIT] =
        {N_("more cores or memory than this machine or job gives"),
         N_("-c asks for more cores than this process may use. What it may use is the\n"
            "least of its affinity, the quota of its container, and what Slurm gave to\n"
            "the job; physical cores count, not hardware threads. --mem asks for more\n"
            "memory than its control groups, Slurm and the machine give.\n"
            "Through Slurm, -c, -t, --mem, -N, --parcels or --chunk are more than the\n"
            "partition, the account or the QOS allows: what they allow stands in the line.\n"
            "\n"
            "    nproc; lopin map --dry-run ...      what is there\n"
            "    lopin map ...                       without -c and --mem: all of it\n"
            "    sbatch -c 16 --mem 64G ...          asks Slurm for more\n")},
    [ERR_NO_PROGRAM] =
        {N_("the script is not there or cannot be executed"),
         N_("A file that ends in .py needs to exist and to be readable. Anything else is\n"
            "a program: a name without / is looked for on PATH, a path is taken as it\n"
            "is and must be executable.\n"
            "\n"
            "    ls -l analyse.sh; head -1 analyse.sh     there? and #! at its start?\n"
            "    chmod +x analyse.sh\n"
            "    lopin map ./analyse.sh ...               a program of the current folder\n"
            "    lopin map --shell 'gzip -dc {} | wc -l' ::: *.gz     a line of shell\n")},
    [ERR_NO_RUN] =
        {N_("there is no such run, or no such dataset in it"),
         N_("Runs are kept in .lopin of the folder where `lopin map` was typed, and found\n"
            "only from there. A run is a number, a name given by -J, or \"last\"; a dataset\n"
            "of it is 5:17, and a bare number is a dataset of the last run.\n"
            "\n"
            "    lopin list                          the runs of this folder\n"
            "    cd FOLDER                           to where the run was started\n"
            "    lopin status last\n"
            "    lopin log 5:17                      dataset 17 of run 5\n"
            "    lopin log 5:                        all of run 5\n")},
    [ERR_NO_PROCESS] =
        {N_("there is no process to look at"),
         N_("`lopin threads` looks at processes of this machine that run now: one by its\n"
            "number, the tasks of a run that is being computed here, or what a Slurm job\n"
            "has on this node. A thread of the kernel has no libraries; a process of\n"
            "another user may be hidden.\n"
            "\n"
            "    ps -u \"$USER\" -o pid,pcpu,args      one's own\n"
            "    lopin threads 4242                  that process, and what it started\n"
            "    lopin threads run:7                 the tasks of run 7\n"
            "    lopin threads job:8124              on a node of that job\n"
            "    squeue --me -o '%i %N'              which nodes these are\n")},
    [ERR_RUN_BUSY] =
        {N_("another lopin computes this run"),
         N_("A run has one owner at a time; two would do tasks twice. The message names\n"
            "the host and the process. If that process was killed, its run is free again\n"
            "at once on the same host, and 90 seconds later from other hosts and\n"
            "containers. A map whose outputs such a run is writing does not begin.\n"
            "\n"
            "    lopin status                        how far it is\n"
            "    lopin wait                          stays until it ends\n"
            "    ps -p PID -o pid,etime,args         on that host: is it alive?\n"
            "    kill PID                            stops it; its tasks may finish\n"
            "    lopin cancel                        on that host: ends it and its tasks\n"
            "    lopin resume                        goes on afterwards\n")},
    [ERR_RUN_DAMAGED] =
        {N_("the files of a run do not hold what they should"),
         N_("A file in .lopin/runs/N was changed, cut off or lost: by hand, by a copy\n"
            "that was not whole, or by the disk. Lines of a journal are each checked, and\n"
            "a bad one is skipped; without run.json or the list of datasets there is no\n"
            "going on. Outputs that were published are whole and stay.\n"
            "\n"
            "    ls -l .lopin/runs/N                 is a file empty or missing?\n"
            "    df -h .; dmesg | tail               a full or failing disk?\n"
            "    lopin map --overwrite ...           the same line again, as a new run\n")},
    [ERR_RUN_FORMAT] =
        {
            N_("the run was written by another version of lopin"),
            N_("Each file of a run begins with the version of its format, and one that is not\n"
               "known is neither read nor written: a guess could lose results.\n"
               "\n"
               "    lopin --version                     this one\n"
               "    type -a lopin                       is there another on PATH?\n"
               "\n"
               "Finish the run with the version that began it, or start it anew with this\n"
               "one: outputs that were published are whole and stay where they are.\n")},
    [ERR_CHANGED] =
        {N_("script or environment changed since the done results"),
         N_(
             "The run has results of another script or another Python, and going on would\n"
             "mix them with new ones. lopin does not decide that.\n"
             "\n"
             "    lopin resume --keep-done            the change does not touch the results:\n"
             "                                        only what is left is run\n"
             "    lopin resume --redo                 runs again what was done before it\n"
             "    git diff analyse.py                 what changed?\n")},
    [ERR_DISK_FULL] =
        {N_("no room on the disk, a quota is reached, or it is read-only"),
         N_(
             "A file of the run or an output could not be written. No task is recorded as\n"
             "done whose output is not whole on the disk. Some quotas count files, not\n"
             "bytes, and both can be reached.\n"
             "\n"
             "A run begins no task then, keeps what its tasks have done, and tries again each\n"
             "second: make room and it goes on. It gives up half a minute after its last task\n"
             "has ended, or when it is stopped. A task that failed meanwhile runs again, "
             "once.\n"
             "\n"
             "    df -h .; df -i .                    room and files of this disk\n"
             "    quota -s                            yours (or: diskusage_report)\n"
             "    du -sh .lopin                       what runs and their logs take\n"
             "    lopin resume                        once there is room\n")},
    [ERR_EXIT_CODE] =
        {
            N_("a task ended with another status than 0"),
            N_("The program itself said that it failed. What it printed says why; the last\n"
               "line of it is shown with the failure. 126 means that a program could not be\n"
               "executed, 127 that it was not found, 128+N that signal N ended one in it.\n"
               "\n"
               "    lopin log 17                        what task 17 printed\n"
               "    lopin log --failed                  of all failed ones\n"
               "    lopin run analyse.py data/d17.npz   that dataset alone, in the terminal\n"
               "    lopin retry                         once the cause is cured\n")},
    [ERR_PYTHON_ERROR] =
        {
            N_("a task ended by an exception of Python"),
            N_("The script raised an exception that nothing caught. The line names it, and\n"
               "the last place in your own script that led to it: analyse.py:41 is line 41.\n"
               "\n"
               "    lopin log 17                        the whole traceback of task 17\n"
               "    lopin run analyse.py data/d17.npz   that dataset alone, in the terminal\n"
               "    lopin retry                         once the script or the data are cured\n"
               "\n"
               "ModuleNotFoundError: the package is not in the interpreter that lopin took;\n"
               "user packages and PYTHONPATH are kept out. --env, --python or\n"
               "--keep-env PYTHONPATH brings it back.\n")},
    [ERR_SIGNAL] =
        {
            N_("a task was killed by a signal"),
            N_("SIGKILL that nobody sent is mostly the kernel, short of memory: fewer tasks\n"
               "side by side have more room each. SIGSEGV and SIGBUS are errors in compiled\n"
               "code, often of a package built for another machine or a full /dev/shm.\n"
               "\n"
               "    lopin report                        memory of the largest task\n"
               "    lopin map -j 4 ...                  fewer side by side\n"
               "    lopin log 17                        what it printed before\n"
               "    lopin run analyse.py data/d17.npz   that dataset alone: does it die too?\n"
               "    lopin retry\n")},
    [ERR_ILLEGAL] =
        {
            N_("a task met an instruction that this processor does not have"),
            N_("A compiled package was built for a newer processor than this one: on another\n"
               "machine, or with -march=native. It runs there and dies here.\n"
               "\n"
               "    lscpu | grep -E 'Model name|avx'    what this processor has\n"
               "    lopin log 17                        which import it was in\n"
               "    pip install --force-reinstall --no-binary :all: PACKAGE\n"
               "                                        builds the package for this machine\n"
               "    sbatch -C FEATURE ...               nodes of the newer kind (sinfo -o %f)\n"
               "    lopin retry\n")},
    [ERR_NO_OUTPUT] =
        {
            N_("a task ended well but did not write its {out}"),
            N_("With --out a task is done when its output is there. The script ended with\n"
               "status 0 and wrote nothing at the path that {out} stands for; often it makes\n"
               "up a name of its own, or writes only under a condition.\n"
               "\n"
               "    lopin map --out 'out/{/}' fit.py {} {out} ::: data/*.npz\n"
               "                                        {out} among the words of the script\n"
               "    out = os.environ[\"LOPIN_TASK_OUT\"]  the same path, in the script\n"
               "    lopin log 17                        what it printed\n"
               "    lopin retry\n")},
    [ERR_TIME_LIMIT] =
        {
            N_("the time of the run was over"),
            N_("-t is the time that a run may take. Before its end no new task begins; then\n"
               "running ones get SIGTERM (--signal says which signal, and when), and at the\n"
               "end SIGKILL. What was done is kept, and the run can go on:\n"
               "\n"
               "    lopin resume                        with the same -t\n"
               "    lopin resume -t 4:00:00             with another\n"
               "\n"
               "A script that saves what it has when the signal comes, and ends with exit\n"
               "code 75, is run again from there. LOPIN_TASK_DEADLINE says in its environment\n"
               "when that will be (Unix time).\n")},
    [ERR_TASK_TIMEOUT] =
        {
            N_("a task took longer than --timeout"),
            N_("Each task has that time. Then it gets SIGTERM, and 10 seconds later SIGKILL,\n"
               "with all that it started.\n"
               "\n"
               "    lopin log --failed                  how far it came\n"
               "    lopin retry --timeout 30m           again, with more time\n"
               "    lopin report                        how long the others took\n"
               "\n"
               "If only some tasks hang, --retries 1 runs them a second time by itself.\n")},
    [ERR_MEMORY_LIMIT] =
        {
            N_("a task needed more memory than it may have"),
            N_("The limit is the run's own: the least of --mem, what Slurm gave to the job,\n"
               "the control groups that it is in, and the machine. Near it, the newest large\n"
               "task is put back and runs again with fewer beside it; what the kernel killed\n"
               "runs again with more room. What fails needs more than there is even when it\n"
               "runs alone, or more than --mem-each.\n"
               "\n"
               "    lopin report                        the peaks of those that were done\n"
               "    sbatch --mem=16G ...                asks Slurm for more\n"
               "    lopin retry --mem-each 8G           again, with more for each task\n"
               "    lopin retry -j 2                    again, two side by side\n"
               "\n"
               "In Python, data that is read in parts (numpy.load(..., mmap_mode=\"r\"),\n"
               "pandas.read_csv(..., chunksize=...)) needs less.\n")},
    [ERR_NO_SLURM] =
        {
            N_("there is no Slurm here"),
            N_("--slurm needs Slurm's commands (sbatch, squeue, salloc) on PATH and a cluster\n"
               "that they find: a login node has both.\n"
               "\n"
               "    lopin run --local ...               on this machine\n"
               "    scontrol ping                       what Slurm itself says\n")},
    [ERR_REFUSED] =
        {
            N_("Slurm does not take the job as it was asked for"),
            N_("The line has Slurm's own words. Nothing was submitted.\n"
               "\n"
               "    sinfo -s                            which partitions there are\n"
               "    sacctmgr show assoc user=$USER      which accounts are yours\n"
               "    lopin run --slurm --dry-run ...     the script that was to be sent\n")},
    [ERR_NEVER_STARTS] =
        {N_("a job waits for what will not come"),
         N_(
             "Slurm keeps it in the queue, and it never starts as it stands: it asks for more\n"
             "than its partition, account or QOS allows a job, or depends on a job that did\n"
             "not end as it had to. `lopin explain JOB` says which, and what to type.\n"
             "\n"
             "    lopin explain 8124                  why that job waits\n"
             "    scancel 8124                        out of the queue with it\n"
             "    scontrol update jobid=8124 ...      less time, another partition or "
             "account\n")},
    [ERR_SLURM_SILENT] =
        {N_("the controller of Slurm does not answer"),
         N_(
             "A command of Slurm had no answer, or none in half a minute, after which lopin\n"
             "ends it. Jobs that run are not touched by that.\n"
             "\n"
             "    scontrol ping                       whether it is up again\n"
             "    squeue --me                         whether a job was taken all the same\n")},
    [ERR_NODE_LOST] =
        {N_("the node of a job failed"),
         N_(
             "It lost power, its disk or its network. Slurm begins the job again where the\n"
             "site or --sbatch=--requeue says so; else the same line submits it again.\n"
             "\n"
             "    sinfo -R                            what is known of nodes that are down\n")},
    [ERR_CANCELLED] =
        {N_("a job was cancelled"),
         N_(
             "By scancel, by who keeps the cluster, or to make room for another (preemption).\n"
             "What it printed until then is in its log.\n"
             "\n"
             "    cat .lopin/jobs/8123.log\n")},
    [ERR_NO_MODULE] = EXPLAIN_NO_MODULE,
    [ERR_MODULE] = EXPLAIN_MODULE,
    [ERR_MODULE_STATE] = EXPLAIN_MODULE_STATE,
    [ERR_SYSTEM] =
        {
            N_("the system refused something that lopin needs"),
            N_("A file could not be opened or written, a process not started, a folder not\n"
               "made. The words after the last colon are the system's own reason.\n"
               "\n"
               "    ls -ld . .lopin; id                 \"permission denied\": whose folder?\n"
               "    ulimit -a                           \"too many open files\", \"resource\n"
               "                                        temporarily unavailable\": a limit\n"
               "    ps -u $USER | wc -l                 processes of yours on this machine\n"
               "    lopin resume                        what was recorded is kept\n")},
};
