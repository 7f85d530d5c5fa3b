// SPDX-License-Identifier: Apache-2.0
// failure: why a task failed, in one line: what a person would have looked for at the end of
// its log.
//
// Follows wait(2), signal(7), the shell's statuses (POSIX XCU 2.8.2: 126, 127, 128 + signal)
// and Python's tracebacks. Invariant: detail is one line of printable text, whole UTF-8
// characters where the log had them.
#include "run/failure.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/err.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "run/traceback.h"

static const struct {
    int number;
    const char *name, *meaning;
} signals[] = {
    {SIGABRT, "SIGABRT", N_("it gave up (abort)")},
    {SIGALRM, "SIGALRM", N_("its own alarm")},
    {SIGBUS, "SIGBUS", N_("memory that is not there: a file cut short, or a full /dev/shm")},
    {SIGFPE, "SIGFPE", N_("division by zero or overflow of integers")},
    {SIGHUP, "SIGHUP", N_("its terminal went away")},
    {SIGILL, "SIGILL", N_("an instruction that this processor does not have")},
    {SIGINT, "SIGINT", N_("interrupted")},
    {SIGKILL, "SIGKILL", N_("killed: often for want of memory")},
    {SIGPIPE, "SIGPIPE", N_("nobody reads what it writes")},
    {SIGQUIT, "SIGQUIT", N_("quit from the terminal")},
    {SIGSEGV, "SIGSEGV", N_("invalid memory access")},
    {SIGSYS, "SIGSYS", N_("a system call that is not allowed here")},
    {SIGTERM, "SIGTERM", N_("asked to end")},
    {SIGTRAP, "SIGTRAP", N_("a breakpoint")},
    {SIGUSR1, "SIGUSR1", N_("a signal that it does not handle")},
    {SIGUSR2, "SIGUSR2", N_("a signal that it does not handle")},
    {SIGXCPU, "SIGXCPU", N_("its limit of processor time")},
    {SIGXFSZ, "SIGXFSZ", N_("its limit of file size")},
};

// Adds bytes to the detail, control bytes as spaces, an escape sequence of colour not at all.
// What does not fit before `limit` is cut at a character and ends in "...".
static void detail_add(struct failure *failure, size_t limit, const char *bytes, size_t size)
{
    size_t put = strlen(failure->detail);

    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (byte == 0x1b && i + 1 < size && bytes[i + 1] == '[') {
            for (i += 2; i < size && (bytes[i] < '@' || bytes[i] > '~'); i++)
                continue;
            continue;
        }
        if (put + 1 >=
            // the last 3 bytes, and the rest of a character that they begin in, become dots
            limit) {
            put -= 3;
            while (put > 0 && (failure->detail[put] & 0xc0) == 0x80)
                put--;
            memcpy(failure->detail + put, "...", 3);
            put += 3;
            break;
        }
        failure->detail[put++] = byte < ' ' || byte == 127 ? ' ' : (char)byte;
    }
    failure->detail[put] = '\0';
}

static void detail_words(struct failure *failure, const char *words)
{
    detail_add(failure, sizeof(failure->detail), words, strlen(words));
}

// The file as a person calls it: within the script's folder, else its last two parts.
static struct slice place_name(const struct traceback *found, const char *folder)
{
    struct slice file = found->file;
    size_t slashes = 0, skip = folder != NULL ? strlen(folder) : 0;

    if (found->ours && file.size > 0 && file.at[0] == '/') {
        while (skip < file.size && file.at[skip] == '/')
            skip++;
        return (struct slice){file.at + skip, file.size - skip};
    }
    if (found->ours)
        return file;
    for (size_t i = file.size; i-- > 0;)
        if (file.at[i] == '/' && ++slashes == 2)
            return (struct slice){file.at + i + 1, file.size - i - 1};
    return file;
}

static void python_error(const struct traceback *found, const char *folder, struct failure *ret)
{
    struct slice place = place_name(found, folder);
    char where[100] = "";

    if (place.size > 60) { // the end of a path says most
        place.at += place.size - 60;
        place.size = 60;
    }
    if (place.size > 0)
        snprintf(where, sizeof(where), "   %.*s:%.*s", (int)place.size, place.at,
                 (int)found->line.size, found->line.at);
    size_t limit = sizeof(ret->detail) - strlen(where);

    ret->code = ERR_PYTHON_ERROR;
    detail_add(ret, limit, found->error.at, found->error.size);
    if (found->message.size > 0) {
        detail_add(ret, limit, ": ", 2);
        detail_add(ret, limit, found->message.at, found->message.size);
    }
    detail_words(ret, where);
}

static const char *signal_name(int number, char *buffer, size_t room)
{
    for (size_t i = 0; i < COUNT(signals); i++)
        if (signals[i].number == number)
            return signals[i].name;
    snprintf(buffer, room, "signal %d", number);
    return buffer;
}

// The library that the handler of python/native names in the log; NULL: none.
static const char *library(const char *tail, size_t size, size_t *ret_size)
{
    static const char mark[] = "lopin: illegal instruction in ";
    const char *found = NULL;
    for (const char *at = tail;
         at && (at = memmem(at, size - (size_t)(at - tail), mark, sizeof mark - 1));)
        found = at += sizeof mark - 1;
    if (!found)
        return NULL;
    const char *end = memchr(found, '\n', size - (size_t)(found - tail));
    *ret_size = (end ? (size_t)(end - tail) : size) - (size_t)(found - tail);
    return found;
}

static void killed(int number, const char *tail, size_t size, struct failure *ret)
{
    char buffer[24];

    ret->code = number == SIGILL ? ERR_ILLEGAL : ERR_SIGNAL;
    detail_words(ret, signal_name(number, buffer, sizeof(buffer)));
    for (size_t i = 0; i < COUNT(signals); i++)
        if (signals[i].number == number) {
            detail_words(ret, ": ");
            detail_words(ret, lang_text(signals[i].meaning));
        }
    size_t length;
    const char *found = number == SIGILL ? library(tail, size, &length) : NULL;
    if (!found)
        return;
    detail_words(ret, "   ");
    size_t room = sizeof ret->detail - strlen(ret->detail) - 1;
    if (length > room) { // the end of a path says most
        found += length - room;
        length = room;
    }
    detail_add(ret, sizeof ret->detail, found, length);
}

// The last line of the log that is not blank: most programs say there why they stop.
static struct slice last_line(const char *tail, size_t size)
{
    while (size > 0 && strchr(" \t\r\n", tail[size - 1]) != NULL)
        size--;
    const char *newline = size > 0 ? memrchr(tail, '\n', size) : NULL;
    struct slice line = {tail, size};

    if (newline != NULL)
        line = (struct slice){newline + 1, (size_t)(tail + size - newline) - 1};
    while (line.size > 0 && (line.at[0] == ' ' || line.at[0] == '\t'))
        line = (struct slice){line.at + 1, line.size - 1};
    return line;
}

static void exited(int status, const char *tail, size_t size, struct failure *ret)
{
    struct slice line = last_line(tail, size);
    char buffer[80], name[24];

    ret->code = ERR_EXIT_CODE;
    snprintf(buffer, sizeof(buffer), _("exit status %d"), status);
    detail_words(ret, buffer);
    if (status == 126)
        detail_words(ret, _(" (a program that cannot be executed)"));
    else if (status == 127)
        detail_words(ret, _(" (a program that is not there)"));
    else if (status > 128 && status <= 128 + SIGSYS) {
        snprintf(buffer, sizeof(buffer), _(" (a program in it ended by %s)"),
                 signal_name(status - 128, name, sizeof(name)));
        detail_words(ret, buffer);
    }
    if (line.size > 0) {
        detail_words(ret, "   ");
        detail_add(ret, sizeof(ret->detail), line.at, line.size);
    }
}

void failure_find(int status, const char *tail, size_t size, const char *folder,
                  struct failure *ret)
{
    struct traceback found;

    *ret = (struct failure){0};
    if (WIFSIGNALED(status))
        killed(WTERMSIG(status), tail, size, ret);
    else if (WIFEXITED(status) && WEXITSTATUS(status) == 1 &&
             traceback_find(tail, size, folder, &found))
        python_error(&found, folder, ret);
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        exited(WEXITSTATUS(status), tail, size, ret);
}

void failure_no_output(const char *out, struct failure *ret)
{
    *ret = (struct failure){.code = ERR_NO_OUTPUT};
    detail_words(ret, _("it ended well but did not write "));
    detail_words(ret, out);
}

void failure_system(const struct err *err, struct failure *ret)
{
    ret->code = err->code;
    snprintf(ret->detail, sizeof ret->detail, "%.*s", (int)sizeof ret->detail - 1, err->text);
}

void failure_timeout(int64_t timeout_us, struct failure *ret)
{
    CLEANUP_STR struct str time = {0};
    human_duration(&time, timeout_us);
    ret->code = ERR_TASK_TIMEOUT;
    snprintf(ret->detail, sizeof ret->detail, _("took longer than %s (--timeout)"), time.text);
}

void failure_hard(struct failure *failure)
{
    static const char name[] = "MemoryError"; // also numpy's _ArrayMemoryError
    size_t word = strcspn(failure->detail, ": ");
    if (failure->code == ERR_PYTHON_ERROR && word >= sizeof name - 1 &&
        memcmp(failure->detail + word - (sizeof name - 1), name, sizeof name - 1) == 0)
        failure->code = ERR_MEMORY_LIMIT;
}
