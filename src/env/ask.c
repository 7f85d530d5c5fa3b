// SPDX-License-Identifier: Apache-2.0
#include "env/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"

#define TIMEOUT_US                                                                             \
    (20 * INT64_C(1000000)) // a first start from a cold network disk takes seconds

// Reads what the program writes to the two pipes until both end. Returns 0, or -1 at the time
// limit.
static int drain(struct pollfd *pipes, struct str **texts)
{
    int64_t end = clock_boot_us() + TIMEOUT_US;
    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        int64_t left = (end - clock_boot_us()) / 1000;
        if (left <= 0)
            return -1;
        if (poll(pipes, 2, (int)left) <= 0)
            continue;
        for (int i = 0; i < 2; i++) {
            char buffer[4096];
            if (pipes[i].fd < 0 || !pipes[i].revents)
                continue;
            ssize_t size = read(pipes[i].fd, buffer, sizeof(buffer));
            if (size > 0 && texts[i]->size < 1 << 16)
                str_add_bytes(texts[i], buffer, (size_t)size);
            else if (size <= 0 && !(size < 0 && errno == EINTR))
                pipes[i].fd = -1;
        }
    }
    return 0;
}

// Starts the program with its output in pipes. Returns its pid and the pipes' ends, or -1 with
// errno.
static pid_t start(const char *path, char *const *argv, const struct vars *vars, int *ret_out,
                   int *ret_error)
{
    CLEANUP_VARS struct vars clean = {0};
    int out[2], error[2] = {-1, -1};
    for (size_t i = 0; vars && i < vars->list.count; i++)
        if (!str_starts(vars->list.item[i], "PYTHON"))
            strv_add(&clean.list, vars->list.item[i]);
    if (pipe2(out, O_CLOEXEC) < 0)
        return -1;
    if (pipe2(error, O_CLOEXEC) < 0) {
        close(out[0]);
        close(out[1]);
        return -1;
    }
    CLEANUP_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *none[] = {NULL};
    struct proc proc = {.path = path,
                        .argv = argv,
                        .envp = clean.list.count ? clean.list.item : none,
                        .folder = -1,
                        .in = null,
                        .out = out[1],
                        .error = error[1],
                        .own_group = 1,
                        .dies_with_us = 1};
    pid_t pid = proc_start(&proc);
    int errnum = errno;
    close(out[1]);
    close(error[1]);
    if (pid < 0) {
        close(out[0]);
        close(error[0]);
        errno = errnum;
        return -1;
    }
    *ret_out = out[0];
    *ret_error = error[0];
    return pid;
}

// The last line of what a program said, borrowed: it changes the text.
static const char *last_line(struct str *text)
{
    while (text->size && strchr("\n\r ", text->text[text->size - 1]))
        text->text[--text->size] = '\0';
    const char *line = text->size ? strrchr(text->text, '\n') : NULL;
    return line ? line + 1 : str_text(text);
}

static int ask_words(const char *path, char *const *argv, const struct vars *vars,
                     struct str *ret, struct err *err)
{
    CLEANUP_STR struct str error = {0};
    CLEANUP_CLOSE int out_fd = -1;
    CLEANUP_CLOSE int error_fd = -1;
    pid_t pid = start(path, argv, vars, &out_fd, &error_fd);
    if (pid < 0)
        return err_errno(err, ERR_NO_PYTHON, errno, _("cannot start '%s'"), path);
    struct pollfd pipes[] = {{.fd = out_fd, .events = POLLIN},
                             {.fd = error_fd, .events = POLLIN}};
    struct str *texts[] = {ret, &error};
    int late = drain(pipes, texts) < 0;
    if (late)
        kill(-pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (late)
        return err_set(err, ERR_NO_PYTHON, _("'%s' does not answer"), path);
    if (!WIFEXITED(status) || WEXITSTATUS(status) || !ret->size) {
        CLEANUP_STR struct str line = {0};
        const char *last = last_line(&error);
        str_add_visible(&line, last, strlen(last));
        return err_set(err, ERR_NO_PYTHON, _("'%s' is not a Python that works%s%s"), path,
                       line.size ? ": " : "", str_text(&line));
    }
    return 0;
}

int ask_python(const char *path, const char *program, const char *const *words,
               const struct vars *vars, struct str *ret, struct err *err)
{
    CLEANUP_STRV struct strv argv = {0};
    const char *const first[] = {path, "-I", "-S", "-c", program};
    for (size_t i = 0; i < COUNT(first); i++)
        strv_add(&argv, first[i]);
    for (; words && *words; words++)
        strv_add(&argv, *words);
    return ask_words(path, argv.item, vars, ret, err);
}

int ask_start(const char *path, const struct vars *vars, struct err *err)
{
    CLEANUP_STR struct str said = {0};
    char *const argv[] = {(char *)path, (char *)"-V", NULL};
    return ask_words(path, argv, vars, &said, err);
}
