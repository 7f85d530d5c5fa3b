// SPDX-License-Identifier: Apache-2.0
#include "module/rc_when.h"

#include <ctype.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum { DAY = 24 * 60 * 60 };

static int is_in_group(const char *name)
{
    const struct group *group = getgrnam(name);
    if (!group)
        return 0;
    gid_t wanted = group->gr_gid;
    int count = getgroups(0, NULL), found = getegid() == wanted;
    gid_t *groups = mem_zero((size_t)(count > 0 ? count : 1), sizeof *groups);
    count = getgroups(count, groups);
    for (int i = 0; i < count; i++)
        found |= groups[i] == wanted;
    free(groups);
    return found;
}

static int are_we(const char *name, int is_group)
{
    if (is_group)
        return is_in_group(name);
    const struct passwd *user = getpwuid(geteuid());
    return user && strcmp(user->pw_name, name) == 0;
}

void rc_who_us(struct rc_who *ret)
{
    *ret = (struct rc_who){time(NULL), are_we};
}

static int has_shape(const char *text, const char *shape)
{
    for (; *shape && *text; shape++, text++)
        if (*shape == '0' ? !isdigit((unsigned char)*text) : *shape != *text)
            return 0;
    return !*shape && !*text;
}

// A day that is in no calendar is no time; an hour that the summer leaves out is the next one.
static int read_time(const char *text, int64_t *ret)
{
    struct tm tm = {.tm_isdst = -1};
    if (has_shape(text, "0000-00-00T00:00")) {
        tm.tm_hour = atoi(text + 11);
        tm.tm_min = atoi(text + 14);
    } else if (!has_shape(text, "0000-00-00")) {
        return -1;
    }
    tm.tm_year = atoi(text) - 1900;
    tm.tm_mon = atoi(text + 5) - 1;
    tm.tm_mday = atoi(text + 8);
    const int month = tm.tm_mon, day = tm.tm_mday;
    if (tm.tm_hour > 23 || tm.tm_min > 59)
        return -1;
    *ret = mktime(&tm);
    return tm.tm_mon == month && tm.tm_mday == day ? 0 : -1;
}

int rc_when_add(struct str *when, enum rc_condition condition, const char *value)
{
    int64_t time = 0;
    if (condition != RC_BEFORE && condition != RC_AFTER) {
        size_t size = strcspn(value, "\n"); // a name with a line's end is nobody's
        str_print(when, "%c%s\n", condition, value[size] ? "" : value);
        return 0;
    }
    if (read_time(value, &time) < 0)
        return -1;
    str_print(when, "%c%" PRId64 "\n", condition, time);
    return 0;
}

struct parts { // of a condition, as it is for one who asks
    int64_t before, after;
    int has_before, has_after;
    int wants, is_wanted, is_left_out; // by users and groups
};

static void read_line(const char *line, const struct rc_who *who, struct parts *parts)
{
    const char *value = line + 1;
    switch ((enum rc_condition) * line) {
    case RC_BEFORE:
        parts->before = strtoll(value, NULL, 10);
        parts->has_before = 1;
        break;
    case RC_AFTER:
        parts->after = strtoll(value, NULL, 10);
        parts->has_after = 1;
        break;
    case RC_USER:
    case RC_GROUP:
        parts->wants = 1;
        parts->is_wanted |= *value && who->is(value, *line == RC_GROUP);
        break;
    case RC_NOT_USER:
    case RC_NOT_GROUP:
        parts->is_left_out |= *value && who->is(value, *line == RC_NOT_GROUP);
        break;
    }
}

// Returns whether it is for who asks, whatever the time.
static int sum_up(const char *when, const struct rc_who *who, struct parts *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    *ret = (struct parts){0};
    if (!who->is)
        return 0;
    strv_split(&lines, when, '\n');
    for (size_t i = 0; i < lines.count; i++)
        if (*lines.item[i])
            read_line(lines.item[i], who, ret);
    return ret->wants ? ret->is_wanted : !ret->is_left_out;
}

static int is_time(const struct parts *parts, int64_t now)
{
    return (!parts->has_before && !parts->has_after) ||
           (parts->has_before && now < parts->before) ||
           (parts->has_after && now >= parts->after);
}

int rc_when_holds(const char *when, const struct rc_who *who)
{
    struct parts parts;
    return !*when || (sum_up(when, who, &parts) && is_time(&parts, who->now));
}

int64_t rc_when_nears(const char *when, const struct rc_who *who, unsigned long days)
{
    struct parts parts;
    if (!*when || !sum_up(when, who, &parts) || !parts.has_after || is_time(&parts, who->now))
        return 0;
    return who->now >= parts.after - (int64_t)days * DAY ? parts.after : 0;
}
