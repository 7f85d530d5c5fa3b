// SPDX-License-Identifier: Apache-2.0
#include "cli/explain_lines.h"

#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "cli/say.h"
#include "sched/reason.h"

#define SECOND_US INT64_C(1000000)

enum { LINE_MOST = 79 };

void explain_add_duration(struct str *into, int64_t seconds)
{
    human_duration(into, (seconds > 0 ? seconds : 0) * SECOND_US);
}

void explain_add_time(struct str *into, int64_t at_s, int64_t now_s)
{
    CLEANUP_STR struct str span = {0};
    human_time(into, at_s * SECOND_US);
    explain_add_duration(&span, at_s > now_s ? at_s - now_s : now_s - at_s);
    str_print(into, at_s > now_s ? _(" (in %s)") : _(" (%s ago)"), span.text);
}

// Columns of the line that is being written.
static size_t line_columns(const struct str *into)
{
    const char *text = str_text(into);
    const char *newline = strrchr(text, '\n');
    return str_columns(newline ? newline + 1 : text);
}

void explain_add_further(struct str *into, const char *joint, const char *words)
{
    if (line_columns(into) + str_columns(joint) + str_columns(words) <= LINE_MOST) {
        str_print(into, "%s%s", joint, words);
        return;
    }
    str_add_char(into, '\n');
    say_add_label(into, "");
    str_add(into, words);
}

void explain_add_reason(struct str *into, const char *said)
{
    struct reason reason;
    CLEANUP_STR struct str words = {0};
    if (reason_look(said, &reason) < 0 || !*said) {
        reason_add(into, said);
        return;
    }
    reason_add(&words, said);
    str_add(into, said);
    if (reason.never)
        str_print(into, " [%s]", err_name(ERR_NEVER_STARTS));
    explain_add_further(into, _(": "), words.text);
}

void explain_add_cure(struct str *into, const char *said, const char *job)
{
    CLEANUP_STR struct str cure = {0};
    if (!reason_add_cure(&cure, said, job))
        return;
    say_add_label(into, _("try"));
    str_print(into, "%s\n", cure.text);
}
