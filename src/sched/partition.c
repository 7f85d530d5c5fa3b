// SPDX-License-Identifier: Apache-2.0
#include "sched/partition.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/span.h"
#include "base/str.h"
#include "sched/field.h"

#define KIB_OF_MIB 1024

const char *const partitions_ask[] = {"sinfo", "-h", "-e", "-o", "%P|%l|%c|%m|%D|%L", NULL};
const char *const partitions_rules_ask[] = {"scontrol", "-o", "show", "partition", NULL};

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

// 0: neither "infinite" nor "n/a" is one.
static int64_t time_of(const char *text)
{
    int64_t us;
    return span_read(text, &us) == 0 ? us : 0;
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
    item->time_us = time_of(field->item[1]);
    item->default_us = time_of(field->item[5]);
    unsigned long cpus = field_number(field->item[2]);
    int64_t memory_kb = (int64_t)field_number(field->item[3]) * KIB_OF_MIB;
    item->is_default |= is_default;
    item->cpus = cpus > item->cpus ? cpus : item->cpus;
    item->memory_kb = memory_kb > item->memory_kb ? memory_kb : item->memory_kb;
    unsigned long nodes = field_number(field->item[4]);
    item->nodes = item->nodes + nodes <= INT_MAX ? item->nodes + nodes : INT_MAX;
    unsigned long all = item->total_cpus + nodes * cpus; // both are ints
    item->total_cpus = all <= INT_MAX ? all : INT_MAX;
}

void partitions_read(const char *text, struct partitions *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, lines.item[i], '|');
        if (field.count == 6)
            add_node(ret, &field);
    }
}

static unsigned long number_in(const char *line, const char *key)
{
    size_t size;
    const char *value = field_find(line, key, &size);
    return value ? field_number(value) : 0; // 0 of "UNLIMITED"
}

static int64_t memory_in(const char *line, const char *key)
{
    return (int64_t)number_in(line, key) * KIB_OF_MIB;
}

static void add_rules(const char *line, struct partitions *partitions)
{
    CLEANUP_FREE char *name = field_text(line, "PartitionName");
    struct partition *item = NULL;
    for (size_t i = 0; name && i < partitions->count && !item; i++)
        if (strcmp(partitions->item[i].name, name) == 0)
            item = &partitions->item[i];
    if (!item)
        return;
    item->least_nodes = number_in(line, "MinNodes");
    item->most_nodes = number_in(line, "MaxNodes");
    item->core_kb = memory_in(line, "DefMemPerCPU");
    item->node_kb = memory_in(line, "DefMemPerNode");
    item->most_core_kb = memory_in(line, "MaxMemPerCPU");
    item->most_node_kb = memory_in(line, "MaxMemPerNode");
    free(item->qos);
    item->qos = field_text(line, "QoS");
}

void partitions_add_rules(const char *text, struct partitions *partitions)
{
    CLEANUP_STRV struct strv lines = {0};
    strv_split(&lines, text, '\n');
    for (size_t i = 0; i < lines.count; i++)
        add_rules(lines.item[i], partitions);
}

void partitions_free(struct partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        free(partitions->item[i].name), free(partitions->item[i].qos);
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
