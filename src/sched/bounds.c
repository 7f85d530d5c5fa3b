// SPDX-License-Identifier: Apache-2.0
#include "sched/bounds.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "sched/field.h"

#define MINUTE_US 60000000LL

// What is one limit whoever says it: an earlier one stands in the place of a later.
enum family {
    TIME,
    PER_JOB,
    USER_QUEUED,
    USER_RUNNING,
    USER_TRES,
    ACCOUNT_QUEUED, // of a QOS only
    ACCOUNT_RUNNING,
    ACCOUNT_TRES,
    GROUP_QUEUED,
    GROUP_RUNNING,
    GROUP_TRES,
    FAMILIES
};
struct row {
    const char *key;
    enum family family;
    enum bound_kind kind;
    const char *tres; // NULL: a number
};
#define TRES_ROWS(key, family, of)                                                             \
    {key, family, BOUND_CPUS##of, "cpu"}, {key, family, BOUND_MEMORY##of, "mem"},              \
    {                                                                                          \
        key, family, BOUND_NODES##of, "node"                                                   \
    }
// Of a user's association, and of a QOS.
static const struct row own_rows[] = {{"MaxWallPJ", TIME, BOUND_TIME, NULL},
                                      {"MaxJobs", USER_RUNNING, BOUND_RUNNING, NULL},
                                      {"MaxSubmitJobs", USER_QUEUED, BOUND_QUEUED, NULL},
                                      TRES_ROWS("MaxTRESPJ", PER_JOB, _JOB),
                                      {NULL, FAMILIES, BOUND_KINDS, NULL}};
// Of these, and of the accounts above.
static const struct row group_rows[] = {{"GrpJobs", GROUP_RUNNING, BOUND_RUNNING, NULL},
                                        {"GrpSubmitJobs", GROUP_QUEUED, BOUND_QUEUED, NULL},
                                        TRES_ROWS("GrpTRES", GROUP_TRES, ),
                                        {NULL, FAMILIES, BOUND_KINDS, NULL}};
static const struct row user_rows[] = {{"MaxJobsPU", USER_RUNNING, BOUND_RUNNING, NULL},
                                       {"MaxSubmitJobsPU", USER_QUEUED, BOUND_QUEUED, NULL},
                                       TRES_ROWS("MaxTRESPU", USER_TRES, ),
                                       {NULL, FAMILIES, BOUND_KINDS, NULL}};
static const struct row account_rows[] = {
    {"MaxJobsPA", ACCOUNT_RUNNING, BOUND_RUNNING, NULL},
    {"MaxSubmitJobsPA", ACCOUNT_QUEUED, BOUND_QUEUED, NULL},
    TRES_ROWS("MaxTRESPA", ACCOUNT_TRES, ),
    {NULL, FAMILIES, BOUND_KINDS, NULL}};

struct reading {
    const struct bounds_ask *ask;
    struct strv lines; // of the manager
    struct bounds *ret;
    int said[FAMILIES]; // by who counts more
    int now[FAMILIES];  // by who is being read
};

void bounds_words(const char *user, struct strv *ret)
{
    static const char *const words[] = {"scontrol", "-o", "show", "assoc_mgr",
                                        "flags=assoc,qos"};
    for (size_t i = 0; i < COUNT(words); i++)
        strv_add(ret, words[i]);
    strv_take(ret, mem_print("users=%s", user));
}

void bounds_qos_words(struct strv *ret)
{
    static const char *const words[] = {
        "sacctmgr", "-nP", "show", "qos",
        "format=Name,MaxJobsPU,MaxSubmitPU,MaxTRESPU,MaxJobsPA,MaxSubmitPA,MaxTRESPA"};
    for (size_t i = 0; i < COUNT(words); i++)
        strv_add(ret, words[i]);
}

void bounds_default_words(const char *user, struct strv *ret)
{
    static const char *const words[] = {"sacctmgr", "-nP", "show", "assoc",
                                        "format=Account,Partition,DefaultQOS"};
    for (size_t i = 0; i < COUNT(words); i++)
        strv_add(ret, words[i]);
    strv_add(ret, "where");
    strv_take(ret, mem_print("user=%s", user));
}

static void add(struct reading *reading, const struct row *row, struct field_limit limit,
                const char *whose)
{
    struct bounds *ret = reading->ret;
    if (limit.most < 0 || reading->said[row->family])
        return;
    int64_t most = row->kind == BOUND_TIME ? limit.most * MINUTE_US : limit.most;
    mem_room(&ret->item, &ret->room, ret->count + 1, sizeof *ret->item);
    ret->item[ret->count++] = (struct bound){
        .kind = row->kind, .most = most, .used = limit.used, .whose = mem_dup(whose)};
    reading->now[row->family] = 1;
}

static void add_rows(struct reading *reading, const char *line, const struct row *row,
                     const char *whose)
{
    for (; row->key; row++) {
        struct field_limit limit;
        size_t size;
        const char *value = field_find(line, row->key, &size);
        if (value && (row->tres ? field_tres(value, size, row->tres, &limit)
                                : field_limit(value, size, &limit)))
            add(reading, row, limit, whose);
    }
}

static void settle(struct reading *reading)
{
    for (size_t i = 0; i < FAMILIES; i++)
        reading->said[i] |= reading->now[i];
}

static int is_text(const char *line, const char *key, const char *text)
{
    size_t size;
    const char *value = field_find(line, key, &size);
    return value && strlen(text) == size && strncmp(value, text, size) == 0;
}

// "me(1001)", "QOS=fast(2)": what is before the '('.
static int is_named(const char *line, const char *key, const char *name)
{
    size_t size;
    const char *value = field_find(line, key, &size);
    size_t length = strlen(name);
    return value && size > length && value[length] == '(' && strncmp(value, name, length) == 0;
}

static int is_of_user(const char *line, const struct bounds_ask *ask)
{
    return str_starts(line, "ClusterName=") && is_named(line, "UserName", ask->user);
}

// The user's line of the account: that of the partition, if there is one; without an account the default.
static const char *find_user(const struct reading *reading)
{
    const struct bounds_ask *ask = reading->ask;
    const char *found = NULL;
    const char *last = NULL;
    size_t count = 0;
    for (size_t i = 0; i < reading->lines.count; i++) {
        const char *line = reading->lines.item[i];
        if (!is_of_user(line, ask))
            continue;
        int is_all = is_text(line, "Partition", "");
        int is_here = ask->partition && is_text(line, "Partition", ask->partition);
        if (!is_all && !is_here)
            continue;
        last = line, count++;
        if (ask->account ? !is_text(line, "Account", ask->account)
                         : !is_text(line, "DefAssoc", "Yes"))
            continue;
        if (!found || is_here)
            found = line;
    }
    return found || ask->account || count != 1 ? found : last;
}

static const char *find_account(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->lines.count; i++) {
        const char *line = reading->lines.item[i];
        if (str_starts(line, "ClusterName=") && is_text(line, "UserName", "") &&
            is_text(line, "Account", name))
            return line;
    }
    return NULL;
}

static const char *find_qos(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->lines.count; i++)
        if (is_named(reading->lines.item[i], "QOS", name) &&
            str_starts(reading->lines.item[i], "QOS="))
            return reading->lines.item[i];
    return NULL;
}

// "KEY={...}" behind "User Limits=" or "Account Limits="; by the number too where it is "me(1001)={...}".
// Yours; NULL: it is not there.
static char *inner(const char *line, const char *section, const char *key)
{
    const char *at = strstr(line, section);
    size_t size = strlen(key);
    while (at && (at = strstr(at, key))) {
        size_t close = at[size] == ')';
        int begins = at[-1] == ' ' || at[-1] == '=' || at[-1] == '(';
        if (begins && strncmp(at + size + close, "={", 2) == 0)
            return mem_dupn(at + size + close + 1, strcspn(at + size + close, "}"));
        at += size;
    }
    return NULL;
}

static char *user_part(const char *line, const struct bounds_ask *ask)
{
    CLEANUP_FREE char *number = mem_print("%lu", (unsigned long)ask->uid);
    return inner(line, "User Limits=", number);
}

// The line of sacctmgr of a QOS, as if the manager had said it.
static void add_said(struct reading *reading, const char *qos, const char *whose)
{
    static const char *const keys[] = {"MaxJobsPU", "MaxSubmitJobsPU", "MaxTRESPU",
                                       "MaxJobsPA", "MaxSubmitJobsPA", "MaxTRESPA"};
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, reading->ask->qos_text ? reading->ask->qos_text : "", '\n');
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        CLEANUP_STR struct str line = {0};
        strv_split(&field, lines.item[i], '|');
        if (field.count != COUNT(keys) + 1 || strcmp(field.item[0], qos) != 0)
            continue;
        for (size_t k = 0; k < COUNT(keys); k++)
            str_print(&line, "%s=%s ", keys[k], field.item[k + 1]);
        add_rows(reading, line.text, user_rows, whose);
        add_rows(reading, line.text, account_rows, whose);
    }
}

static void add_qos(struct reading *reading, const char *name)
{
    const char *line = name ? find_qos(reading, name) : NULL;
    CLEANUP_FREE char *whose = mem_print(_("QOS %s"), name ? name : "");
    if (!line)
        return;
    const char *account = reading->ret->account;
    CLEANUP_FREE char *own = user_part(line, reading->ask);
    CLEANUP_FREE char *paid = account ? inner(line, "Account Limits=", account) : NULL;
    add_rows(reading, line, own_rows, whose);
    add_rows(reading, line, group_rows, whose);
    if (own)
        add_rows(reading, own, user_rows, whose);
    if (paid)
        add_rows(reading, paid, account_rows, whose);
    settle(reading); // what the manager shows has its use beside it
    add_said(reading, name, whose);
    settle(reading);
}

// From the user's up to the root; at most as many steps as there are lines.
static void add_associations(struct reading *reading, const char *line)
{
    CLEANUP_FREE char *account = mem_dup(reading->ret->account);
    CLEANUP_FREE char *whose = mem_print(_("%s in account %s"), reading->ask->user, account);
    add_rows(reading, line, own_rows, whose);
    add_rows(reading, line, group_rows, whose);
    for (size_t i = 0; i < reading->lines.count; i++) {
        const char *above = find_account(reading, account);
        if (!above)
            break;
        CLEANUP_FREE char *words = mem_print(_("account %s"), account);
        CLEANUP_FREE char *parent = field_text(above, "ParentAccount");
        add_rows(reading, above, group_rows, words);
        if (!parent)
            break;
        parent[strcspn(parent, "(")] = '\0';
        free(account);
        account = TAKE(parent);
    }
}

static void count_queued(struct reading *reading)
{
    const struct bounds_ask *ask = reading->ask;
    for (size_t i = 0; i < reading->lines.count; i++) {
        const char *line = reading->lines.item[i];
        struct field_limit limit;
        size_t size;
        const char *value =
            is_of_user(line, ask) ? field_find(line, "GrpSubmitJobs", &size) : NULL;
        if (!value)
            continue;
        reading->ret->queued = reading->ret->queued < 0 ? 0 : reading->ret->queued;
        if (field_limit(value, size, &limit))
            reading->ret->queued += limit.used;
    }
}

void bounds_read(const struct bounds_ask *ask, struct bounds *ret)
{
    struct reading reading = {.ask = ask, .ret = ret};
    ret->queued = -1;
    strv_split(&reading.lines, ask->manager, '\n');
    const char *line = find_user(&reading);
    ret->account = line ? field_text(line, "Account") : NULL;
    add_qos(&reading, ask->partition_qos);
    if (!ask->partition_qos || !ask->qos || strcmp(ask->qos, ask->partition_qos) != 0)
        add_qos(&reading, ask->qos);
    if (ret->account)
        add_associations(&reading, line);
    count_queued(&reading);
    strv_free(&reading.lines);
}

void bounds_free(struct bounds *bounds)
{
    for (size_t i = 0; i < bounds->count; i++)
        free(bounds->item[i].whose);
    free(bounds->item);
    free(bounds->account);
    *bounds = (struct bounds){0};
}

static char *only_qos(const struct reading *reading)
{
    char *found = NULL;
    for (size_t i = 0; i < reading->lines.count; i++) {
        if (!str_starts(reading->lines.item[i], "QOS="))
            continue;
        if (found)
            return free(found), NULL;
        found = field_text(reading->lines.item[i], "QOS");
        if (found)
            found[strcspn(found, "(")] = '\0';
    }
    return found;
}

char *bounds_default_qos(const struct bounds_ask *ask, const char *text)
{
    struct reading reading = {.ask = ask};
    CLEANUP_STRV struct strv answer = {0};
    char *found = NULL;
    strv_split(&reading.lines, ask->manager, '\n');
    const char *line = find_user(&reading);
    CLEANUP_FREE char *account = line ? field_text(line, "Account") : NULL;
    if (!text)
        found = only_qos(&reading);
    strv_split(&answer, text ? text : "", '\n');
    for (size_t i = 0; i < answer.count && account; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, answer.item[i], '|');
        if (field.count != 3 || strcmp(field.item[0], account) != 0 || !*field.item[2])
            continue;
        int is_here = ask->partition && strcmp(field.item[1], ask->partition) == 0;
        if (is_here || (!*field.item[1] && !found)) {
            free(found);
            found = mem_dup(field.item[2]);
        }
    }
    strv_free(&reading.lines);
    return found;
}

int bounds_shows_qos(const struct bounds_ask *ask, const char *qos)
{
    struct reading reading = {.ask = ask};
    strv_split(&reading.lines, ask->manager, '\n');
    const char *line = find_qos(&reading, qos);
    CLEANUP_FREE char *own = line ? user_part(line, ask) : NULL;
    strv_free(&reading.lines);
    return own != NULL;
}

const struct bound *bounds_least(const struct bounds *bounds, enum bound_kind kind, int left)
{
    const struct bound *least = NULL;
    for (size_t i = 0; i < bounds->count; i++) {
        const struct bound *item = &bounds->item[i];
        if (item->kind != kind)
            continue;
        int64_t least_size = least ? least->most - (left ? least->used : 0) : 0;
        if (!least || item->most - (left ? item->used : 0) < least_size)
            least = item;
    }
    return least;
}
