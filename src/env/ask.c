// SPDX-License-Identifier: Apache-2.0
#include "env/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/capture.h"
#include "base/lang.h"
#include "base/mem.h"

#define TIMEOUT_US                                                                             \
    (20 * INT64_C(1000000)) // a first start from a cold network disk takes seconds
enum { MOST = 1 << 16, MOST_SAID = 400 }; // what is no Python may repeat the whole program

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
    CLEANUP_VARS struct vars clean = {0};
    char *none[] = {NULL};
    int status;
    for (size_t i = 0; vars && i < vars->list.count; i++)
        if (!str_starts(vars->list.item[i], "PYTHON"))
            strv_add(&clean.list, vars->list.item[i]);
    const struct capture capture = {.path = path,
                                    .argv = argv,
                                    .envp = clean.list.count ? clean.list.item : none,
                                    .time_us = TIMEOUT_US,
                                    .most = MOST};
    int in_time = capture_run(&capture, ret, &error, &status);
    if (in_time < 0)
        return err_errno(err, ERR_NO_PYTHON, errno, _("cannot start '%s'"), path);
    if (!in_time)
        return err_set(err, ERR_NO_PYTHON, _("'%s' does not answer"), path);
    if (!WIFEXITED(status) || WEXITSTATUS(status) || !ret->size) {
        CLEANUP_STR struct str line = {0};
        const char *last = last_line(&error);
        if (strlen(last) <= MOST_SAID)
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
