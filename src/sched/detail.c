// SPDX-License-Identifier: Apache-2.0
// detail: without -o each name of a file has a line to itself, whatever it holds.
#include "sched/detail.h"

#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "base/str.h"

const char *const detail_ask[] = {"scontrol", "show", "job", NULL};

static void take(char **value, const char *line, const char *key)
{
    if (*value || !str_starts(line, key))
        return;
    const char *text = line + strlen(key);
    if (*text && strcmp(text, "(null)") != 0)
        *value = mem_dup(text);
}

// "TRES=cpu=2,mem=512M,node=1,billing=2", "ReqTRES=..." in later versions
static void take_memory(struct detail *detail, const char *line)
{
    const char *at = strstr(line, "TRES=");
    at = at ? strstr(at, "mem=") : NULL;
    if (!at || detail->paid_kb)
        return;
    at += strlen("mem=");
    CLEANUP_FREE char *text = mem_dupn(at, strcspn(at, ", "));
    if (size_parse(text, &detail->paid_kb) < 0)
        detail->paid_kb = 0;
}

void detail_read(const char *text, struct detail *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = lines.item[i] + strspn(lines.item[i], " ");
        if (i && str_starts(line, "JobId="))
            return;
        take(&ret->work, line, "WorkDir=");
        take(&ret->out, line, "StdOut=");
        take(&ret->error, line, "StdErr=");
        take_memory(ret, line);
    }
}

void detail_free(struct detail *detail)
{
    free(detail->work);
    free(detail->out);
    free(detail->error);
    *detail = (struct detail){0};
}
