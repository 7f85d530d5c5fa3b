// SPDX-License-Identifier: Apache-2.0
// err: fills the caller's struct err. The names and statuses are those of lopin-errors(7); they
// never change with the language, so that scripts and searches can rely on them.
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

static const struct {
    const char *name;
    int status;
} kinds[ERR_COUNT] = {
    [ERR_NONE] = {"", 0},
    [ERR_USAGE] = {"usage", 2},
    [ERR_CONFIG] = {"config", 2},
    [ERR_UNTRUSTED] = {"untrusted", 2},
    [ERR_NO_PYTHON] = {"no-python", 3},
    [ERR_NO_ENV] = {"no-env", 3},
    [ERR_ENV_BROKEN] = {"env-broken", 3},
    [ERR_CPU_LEVEL] = {"cpu-level", 3},
    [ERR_GLIBC] = {"glibc", 3},
    [ERR_NO_LOCK] = {"no-lock", 3},
    [ERR_BAD_WHEEL] = {"bad-wheel", 3},
    [ERR_BAD_IMAGE] = {"bad-image", 3},
    [ERR_NO_WHEEL] = {"no-wheel", 3},
    [ERR_NO_SOLUTION] = {"no-solution", 3},
    [ERR_BUILD] = {"build-failed", 3},
    [ERR_FETCH] = {"fetch", 3},
    [ERR_NO_DATASET] = {"no-dataset", 4},
    [ERR_SAME_OUTPUT] = {"same-output", 2},
    [ERR_OUTPUT_EXISTS] = {"output-exists", 2},
    [ERR_OVERSUBSCRIBED] = {"oversubscribed", 2},
    [ERR_OVER_LIMIT] = {"over-limit", 2},
    [ERR_NO_PROGRAM] = {"no-program", 4},
    [ERR_NO_RUN] = {"no-run", 4},
    [ERR_NO_PROCESS] = {"no-process", 4},
    [ERR_RUN_BUSY] = {"run-busy", 4},
    [ERR_RUN_DAMAGED] = {"run-damaged", 6},
    [ERR_RUN_FORMAT] = {"run-format", 6},
    [ERR_CHANGED] = {"changed", 2},
    [ERR_DISK_FULL] = {"disk-full", 6},
    [ERR_EXIT_CODE] = {"exit-code", 1},
    [ERR_PYTHON_ERROR] = {"python-error", 1},
    [ERR_SIGNAL] = {"signal", 1},
    [ERR_ILLEGAL] = {"illegal-instruction", 1},
    [ERR_NO_OUTPUT] = {"no-output", 1},
    [ERR_TIME_LIMIT] = {"time-limit", 75},
    [ERR_TASK_TIMEOUT] = {"task-timeout", 1},
    [ERR_MEMORY_LIMIT] = {"memory-limit", 1},
    [ERR_NO_SLURM] = {"no-slurm", 5},
    [ERR_REFUSED] = {"refused", 5},
    [ERR_NEVER_STARTS] = {"would-never-start", 5},
    [ERR_SLURM_SILENT] = {"slurm-silent", 5},
    [ERR_NODE_LOST] = {"node-lost", 1},
    [ERR_CANCELLED] = {"cancelled", 75},
    [ERR_NO_MODULE] = {"no-module", 3},
    [ERR_MODULE] = {"module-failed", 1},
    [ERR_MODULE_STATE] = {"module-state", 6},
    [ERR_SYSTEM] = {"system", 6},
};

__attribute__((format(printf, 3, 0))) static void fill(char *buffer, size_t size,
                                                       const char *format, va_list list)
{
    int length = vsnprintf(buffer, size, format, list);
    if (length >= 0 && (size_t)length >= size)
        memcpy(buffer + size - 4, "...", 4);
}

int err_set(struct err *err, int code, const char *format, ...)
{
    if (!err)
        return -1;
    err->code = code;
    err->errnum = 0;
    err->hint[0] = '\0';
    va_list list;
    va_start(list, format);
    fill(err->text, sizeof err->text, format, list);
    va_end(list);
    return -1;
}

int err_errno(struct err *err, int code, int errnum, const char *format, ...)
{
    if (!err)
        return -1;
    if (errnum == ENOSPC || errnum == EDQUOT || errnum == EROFS)
        code = ERR_DISK_FULL;
    err->code = code;
    err->errnum = errnum;
    err->hint[0] = '\0';
    va_list list;
    va_start(list, format);
    fill(err->text, sizeof err->text, format, list);
    va_end(list);
    size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, _(": %s"), lang_errno(errnum));
    return -1;
}

int err_may_pass(const struct err *err)
{
    static const int passing[] = {ENOSPC, EDQUOT, EROFS, EIO, ESTALE, EREMOTEIO, ETIMEDOUT};
    for (size_t i = 0; i < COUNT(passing); i++)
        if (err->errnum == passing[i])
            return 1;
    return 0;
}

int err_hint(struct err *err, const char *label, const char *format, ...)
{
    if (!err)
        return -1;
    size_t used = strlen(err->hint);
    size_t left = sizeof err->hint - used;
    int length = snprintf(err->hint + used, left, "%s%s\t", used ? "\n" : "", label);
    if (length < 0 || (size_t)length >= left) {
        err->hint[used] = '\0';
        return -1;
    }
    used += (size_t)length;
    va_list list;
    va_start(list, format);
    fill(err->hint + used, sizeof err->hint - used, format, list);
    va_end(list);
    return -1;
}

static int is_inside(char byte) // of a letter in UTF-8
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

int err_wrap(struct err *err, const char *format, ...)
{
    if (!err)
        return -1;
    char whole[2 * sizeof err->text];
    va_list list;
    va_start(list, format);
    fill(whole, sizeof err->text, format, list);
    va_end(list);
    size_t used = strlen(whole), most = sizeof err->text - 1;
    snprintf(whole + used, sizeof whole - used, _(": %s"), err->text);
    used = strlen(whole);
    // What went wrong stands last: what is cut off lies before it.
    size_t begin = used > most ? most / 3 : used;
    while (begin && is_inside(whole[begin]))
        begin--;
    memcpy(err->text, whole, begin);
    err->text[begin] = '\0';
    if (used > most) {
        const char *end = whole + used - (most - begin - strlen("..."));
        while (is_inside(*end))
            end++;
        snprintf(err->text + begin, sizeof err->text - begin, "...%s", end);
    }
    return -1;
}

const char *err_name(int code)
{
    return code > 0 && code < ERR_COUNT ? kinds[code].name : "";
}

int err_status(int code)
{
    return code >= 0 && code < ERR_COUNT ? kinds[code].status : 6;
}

int err_code_of(const char *name)
{
    for (int code = 1; code < ERR_COUNT; code++)
        if (strcmp(kinds[code].name, name) == 0)
            return code;
    return ERR_NONE;
}
