// SPDX-License-Identifier: Apache-2.0
#include "sched/limits.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/opt.h"
#include "base/size.h"
#include "base/span.h"
#include "base/str.h"

#define SECOND_US 1000000LL

const char *const partitions_ask[] = {"sinfo", "-h", "-e", "-o", "%P|%l|%c|%m|%D", NULL};

// The value of "Name   = value" of a line; NULL if it is another.
static const char *value_of(const char *line, const char *name)
{
    size_t size = strlen(name);
    if (strncmp(line, name, size) != 0)
        return NULL;
    const char *at = line + size + strspn(line + size, " \t");
    return *at == '=' ? at + 1 + strspn(at + 1, " \t") : NULL;
}

// "2+", "16-32": the first number. 0 if there is none.
static unsigned long first_number(const char *text)
{
    char *end;
    if (!isdigit((unsigned char)*text))
        return 0;
    unsigned long number = strtoul(text, &end, 10);
    return number <= INT_MAX ? number : 0;
}

static void read_line(const char *line, struct slurm_config *ret)
{
    const char *value;
    if ((value = value_of(line, "SLURM_VERSION")))
        snprintf(ret->version, sizeof ret->version, "%s", value);
    else if ((value = value_of(line, "MaxArraySize")))
        ret->array_size = first_number(value);
    else if ((value = value_of(line, "MaxJobCount")))
        ret->most_jobs = first_number(value);
    else if ((value = value_of(line, "KillWait")))
        ret->kill_wait_us = (int64_t)first_number(value) * SECOND_US;
    else if ((value = value_of(line, "LaunchParameters")))
        ret->starts_shell_on_node = strstr(value, "use_interactive_step") != NULL;
}

void slurm_config_read(const char *text, struct slurm_config *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    *ret = (struct slurm_config){0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++)
        read_line(lines.item[i], ret);
}

static struct partition *place(struct partitions *partitions, const char *name)
{
    for (size_t i = 0; i < partitions->count; i++)
        if (strcmp(partitions->item[i].name, name) == 0)
            return &partitions->item[i];
    mem_room(&partitions->item, &partitions->room, partitions->count + 1,
             sizeof *partitions->item);
    struct partition *item = &partitions->item[partitions->count++];
    *item = (struct partition){.name = mem_dup(name)};
    return item;
}

static void add_node(struct partitions *partitions, const struct strv *field)
{
    CLEANUP_FREE char *name = mem_dup(field->item[0]);
    size_t size = strlen(name);
    int is_default = size && name[size - 1] == '*';
    name[size - (size_t)is_default] = '\0';
    if (!*name)
        return;
    struct partition *item = place(partitions, name);
    int64_t time_us = 0;
    // neither "infinite" nor "n/a" is one
    if (span_read(field->item[1], &time_us) == 0)
        item->time_us = time_us;
    unsigned long cpus = first_number(field->item[2]);
    int64_t memory_kb = (int64_t)first_number(field->item[3]) * 1024;
    item->is_default |= is_default;
    item->cpus = cpus > item->cpus ? cpus : item->cpus;
    item->memory_kb = memory_kb > item->memory_kb ? memory_kb : item->memory_kb;
    unsigned long nodes = first_number(field->item[4]);
    item->nodes = item->nodes + nodes <= INT_MAX ? item->nodes + nodes : INT_MAX;
}

void partitions_read(const char *text, struct partitions *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, lines.item[i], '|');
        if (field.count == 5)
            add_node(ret, &field);
    }
}

void partitions_free(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        free(partitions->item[i].name);
    free(partitions->item);
    *partitions = (struct partitions){0};
}

const struct partition *partitions_find(const struct partitions *partitions, const char *name)
{
    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *item = &partitions->item[i];
        if (name ? strcmp(item->name, name) == 0 : item->is_default)
            return item;
    }
    return NULL;
}

void limits_add_time(struct str *into, int64_t us)
{
    long long seconds = (us + SECOND_US - 1) / SECOND_US;
    if (seconds >= 86400)
        str_print(into, "%lld-", seconds / 86400);
    str_print(into, "%02lld:%02lld:%02lld", seconds / 3600 % 24, seconds / 60 % 60,
              seconds % 60);
}

static int no_partition(const char *name, const struct partitions *partitions, struct err *err)
{
    CLEANUP_STR struct str list = {0};
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; i < partitions->count; i++) {
        str_print(&list, "%s%s%s", i ? ", " : "", partitions->item[i].name,
                  partitions->item[i].is_default ? "*" : "");
        if (count < COUNT(names) - 1)
            names[count++] = partitions->item[i].name;
    }
    names[count] = NULL;
    err_set(err, ERR_REFUSED, _("there is no partition '%s' for you"), name);
    err_hint(err, "found", "%s", str_text(&list));
    const char *near = opt_nearest(name, names);
    return near ? err_hint(err, "try", "-p %s", near) : -1;
}

static int too_long(const struct limits_ask *ask, const struct partition *partition,
                    const struct partitions *partitions, struct err *err)
{
    CLEANUP_STR struct str asked = {0};
    CLEANUP_STR struct str most = {0};
    limits_add_time(&asked, ask->time_us);
    limits_add_time(&most, partition->time_us);
    err_set(err, ERR_OVER_LIMIT, _("-t %s is more than partition '%s' allows: %s"), asked.text,
            partition->name, most.text);
    err_hint(err, "try", "-t %s", most.text);
    for (size_t i = 0; i < partitions->count; i++) {
        const struct partition *other = &partitions->item[i];
        if (!other->time_us || other->time_us >= ask->time_us)
            return err_hint(err, "try", "-p %s", other->name);
    }
    return -1;
}

static int too_much_memory(const struct limits_ask *ask, const struct partition *partition,
                           struct err *err)
{
    CLEANUP_STR struct str asked = {0};
    CLEANUP_STR struct str there = {0};
    CLEANUP_STR struct str fits = {0};
    unsigned long cores = ask->cores ? ask->cores : 1;
    int64_t most = ask->memory_kb ? partition->memory_kb
                                  : partition->memory_kb / (int64_t)cores / 1024 * 1024;
    human_memory(&asked, ask->memory_kb ? ask->memory_kb : ask->core_kb * (int64_t)cores);
    human_memory(&there, partition->memory_kb);
    size_add(&fits, most);
    err_set(err, ERR_OVER_LIMIT,
            _("%s of memory asked for, and no node of partition '%s' has more than %s"),
            asked.text, partition->name, there.text);
    return err_hint(err, "try", "%s %s", ask->memory_kb ? "--mem" : "--mem-per-cpu", fits.text);
}

int limits_check(const struct limits_ask *ask, const struct partitions *partitions,
                 struct err *err)
{
    const struct partition *partition = partitions_find(partitions, ask->partition);
    if (!partition && ask->partition && partitions->count && !strchr(ask->partition, ','))
        return no_partition(ask->partition, partitions, err);
    if (!partition)
        return 0;
    if (partition->time_us && ask->time_us > partition->time_us)
        return too_long(ask, partition, partitions, err);
    int64_t memory_kb =
        ask->memory_kb ? ask->memory_kb : ask->core_kb * (int64_t)(ask->cores ? ask->cores : 1);
    if (partition->memory_kb && memory_kb > partition->memory_kb)
        return too_much_memory(ask, partition, err);
    if (partition->cpus && ask->cores > partition->cpus) {
        err_set(err, ERR_OVER_LIMIT, _("-c %lu is more than a node of partition '%s' has: %lu"),
                ask->cores, partition->name, partition->cpus);
        return err_hint(err, "try", "-c %lu", partition->cpus);
    }
    if (partition->nodes && ask->nodes > partition->nodes) {
        err_set(err, ERR_OVER_LIMIT, _("-N %lu is more than partition '%s' has: %lu"),
                ask->nodes, partition->name, partition->nodes);
        return err_hint(err, "try", "-N %lu", partition->nodes);
    }
    return 0;
}
