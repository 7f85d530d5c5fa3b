// SPDX-License-Identifier: Apache-2.0
// limits: texts in, values out.
#include "run/limits.h"

#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/span.h"
#include "base/str.h"

#define DEFAULT_US INT64_C(60000000)

static int bad_signal(const char *text, struct err *err)
{
    err_set(err, ERR_USAGE,
            _("option --signal: '%s' is not a signal and a time before the end"), text);
    return err_hint(err, "try", "--signal USR1@120");
}

int limit_signal_read(const char *text, int64_t time_us, struct limit_signal *ret,
                      struct err *err)
{
    *ret = (struct limit_signal){.number = SIGTERM, .before_us = DEFAULT_US};
    if (!text) {
        if (time_us && ret->before_us > time_us / 10)
            ret->before_us = time_us / 10;
        return 0;
    }
    const char *colon = strchr(text, ':');
    const char *name = colon ? colon + 1 : text;
    for (const char *at = text; colon && at < colon; at++) {
        if (*at != 'R' && *at != 'B') // R: for reservations that overlap, of which we have none
            return bad_signal(text, err);
        ret->first |= *at == 'B';
    }
    const char *mark = strchr(name, '@');
    CLEANUP_FREE char *word = mem_dupn(name, mark ? (size_t)(mark - name) : strlen(name));
    unsigned long seconds = 60;
    ret->number = proc_signal_number(word);
    if (ret->number <= 0 || (mark && str_number(mark + 1, 65535, &seconds) < 0))
        return bad_signal(text, err);
    ret->before_us = (int64_t)seconds * 1000000;
    if (!time_us || ret->before_us < time_us)
        return 0;
    err_set(err, ERR_USAGE, _("--signal %s comes before a run of this -t begins"), text);
    return err_hint(err, "try", _("a time before the end that is shorter than -t"));
}

static int bad_halt(const char *text, struct err *err)
{
    err_set(err, ERR_USAGE, _("option --halt: '%s' does not say when to stop"), text);
    return err_hint(err, "try", "--halt now,fail=1   --halt soon,fail=10%%");
}

int limit_halt_read(const char *text, struct limit_halt *ret, struct err *err)
{
    static const char *const whens[] = {"soon,", "now,"};
    static const char *const kinds[] = {
        [HALT_FAIL] = "fail=", [HALT_SUCCESS] = "success=", [HALT_DONE] = "done="};
    *ret = (struct limit_halt){.what = HALT_NEVER};
    if (!text || strcmp(text, "never") == 0)
        return 0;
    const char *at = text;
    for (int i = 0; i < (int)COUNT(whens) && at == text; i++)
        if (str_starts(at, whens[i])) {
            at += strlen(whens[i]);
            ret->now = i;
        }
    for (int i = HALT_FAIL; i <= HALT_DONE && at != text && !ret->what; i++)
        if (str_starts(at, kinds[i])) {
            at += strlen(kinds[i]);
            ret->what = (enum halt_what)i;
        }
    int part = str_ends(at, "%");
    CLEANUP_FREE char *number = mem_dupn(at, strlen(at) - (size_t)part);
    unsigned long count;
    if (!ret->what || str_number(number, part ? 100 : 1000000000, &count) < 0 || !count)
        return bad_halt(text, err);
    *(part ? &ret->part : &ret->count) = (unsigned)count;
    return 0;
}

int limit_halts(const struct limit_halt *halt, size_t done, size_t failed, size_t total)
{
    const size_t so_far[] = {
        [HALT_FAIL] = failed, [HALT_SUCCESS] = done, [HALT_DONE] = done + failed};
    if (halt->what == HALT_NEVER)
        return 0;
    size_t count = so_far[halt->what];
    return halt->part ? count && count * 100 >= (size_t)halt->part * total
                      : count >= halt->count;
}
