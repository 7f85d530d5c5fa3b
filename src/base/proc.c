// SPDX-License-Identifier: Apache-2.0
// proc: starting programs. Between clone and execve the child runs in our memory on a stack of
// its own: only system calls, nothing that allocates, locks or writes to what we share, but the
// errno that it reports.
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"

// Sanitizers keep a shadow of the stack that they know; the child's they do not.
#define NO_SANITIZE __attribute__((no_sanitize("address", "undefined")))

struct child {
    const struct proc *proc;
    pid_t parent;
    int errnum;
};

NO_SANITIZE void proc_ignored(sigset_t *ret)
{
    sigemptyset(ret);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigaddset(ret, number);
    }
}

NO_SANITIZE static void reset_signals(const sigset_t *ignored)
{
    const struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        if (sigismember(ignored, number) == 1)
            sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// A signal to the group that we have just left is not for the program: one that is ignored for a
// moment is pending no more.
NO_SANITIZE static void forget_signals(void)
{
    static const int sent[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    const struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < COUNT(sent); i++) {
        if (sigismember(&pending, sent[i]) != 1)
            continue;
        sigaction(sent[i], &ignore, NULL);
        sigaction(sent[i], &action, NULL);
    }
}

NO_SANITIZE static int place(int fd, int target)
{
    if (fd < 0)
        return 0;
    if (fd == target) // dup2 would leave O_CLOEXEC on it
        return fcntl(fd, F_SETFD, 0);
    return dup2(fd, target) < 0 ? -1 : 0;
}

NO_SANITIZE int proc_become(const struct proc *proc)
{
    if (proc->own_group && setpgid(0, 0) < 0)
        return -1;
    if (proc->cpus && sched_setaffinity(0, proc->cpus_size, proc->cpus) < 0)
        return -1;
    if (proc->files && setrlimit(RLIMIT_NOFILE, proc->files) < 0)
        return -1;
    if (proc->space && setrlimit(RLIMIT_AS, proc->space) < 0)
        return -1;
    if (proc->folder >= 0 && fchdir(proc->folder) < 0)
        return -1;
    if (place(proc->in, 0) < 0 || place(proc->out, 1) < 0 || place(proc->error, 2) < 0)
        return -1;
    sigset_t ignored;
    if (!proc->ignored)
        proc_ignored(&ignored);
    if (proc->own_group)
        forget_signals();
    reset_signals(proc->ignored ? proc->ignored : &ignored);
    execve(proc->path, proc->argv, proc->envp);
    return -1;
}

NO_SANITIZE static int child_main(void *context)
{
    struct child *child = context;
    if (child->proc->dies_with_us) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != child->parent) // it died before prctl
            _exit(127);
    }
    proc_become(child->proc);
    child->errnum = errno;
    _exit(127);
}

pid_t proc_start(const struct proc *proc)
{
    struct child child = {.proc = proc, .parent = getpid()};
    _Alignas(16) char stack[32768];
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before); // no handler of ours may run on the shared memory
    pid_t pid =
        clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
    int errnum = pid < 0 ? errno : child.errnum;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (!errnum)
        return pid;
    if (pid > 0)
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    errno = errnum;
    return -1;
}

// signal(7); sigabbrev_np is only in glibc 2.32 and later
static const char signal_names[][8] = {
    [SIGHUP] = "HUP",   [SIGINT] = "INT",   [SIGQUIT] = "QUIT",     [SIGILL] = "ILL",
    [SIGTRAP] = "TRAP", [SIGABRT] = "ABRT", [SIGBUS] = "BUS",       [SIGFPE] = "FPE",
    [SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV",     [SIGUSR2] = "USR2",
    [SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM",     [SIGCHLD] = "CHLD",
    [SIGCONT] = "CONT", [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",     [SIGTTIN] = "TTIN",
    [SIGTTOU] = "TTOU", [SIGURG] = "URG",   [SIGXCPU] = "XCPU",     [SIGXFSZ] = "XFSZ",
    [SIGPROF] = "PROF", [SIGIO] = "IO",     [SIGVTALRM] = "VTALRM", [SIGWINCH] = "WINCH",
    [SIGPWR] = "PWR",   [SIGSYS] = "SYS",
};

int proc_exit_status(int status)
{
    return WIFSIGNALED(status) ? PROC_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

const char *proc_signal_name(int number, char buffer[32])
{
    if (number > 0 && (size_t)number < COUNT(signal_names) && signal_names[number][0])
        snprintf(buffer, 32, "SIG%s", signal_names[number]);
    else
        snprintf(buffer, 32, "signal %d", number);
    return buffer;
}

int proc_signal_number(const char *name)
{
    unsigned long number;
    if (str_number(name, 64, &number) == 0)
        return (int)number;
    if (strncasecmp(name, "SIG", 3) == 0)
        name += 3;
    for (size_t i = 1; i < COUNT(signal_names); i++)
        if (signal_names[i][0] && strcasecmp(signal_names[i], name) == 0)
            return (int)i;
    return 0;
}

void proc_raise_files(struct rlimit *ret_before)
{
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most) < 0)
        return;
    if (ret_before)
        *ret_before = most;
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
}

// As the kernel has it (include/uapi/linux/sched/types.h): its header and a later C library's
// both define struct sched_attr.
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

void proc_be_prompt(void)
{
    enum { RESET_ON_FORK = 1, SLICE_NS = 100000 }; // the least that the kernel takes
    struct attributes now = {.size = sizeof now};
    // A child would lose a nice value below 0 too.
    if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0) < 0 || now.policy != SCHED_OTHER ||
        now.nice < 0)
        return;
    now.flags |= RESET_ON_FORK;
    now.runtime = SLICE_NS;
    syscall(SYS_sched_setattr, 0, &now, 0);
}
