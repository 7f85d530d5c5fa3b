// SPDX-License-Identifier: Apache-2.0
// partition: the partitions of a cluster, by sinfo(1), which knows their nodes, and by `scontrol show
// partition`, which knows the rest. Their text is not to be trusted; nothing here fails by it.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct partition { // 0, NULL: without limit, or not said
    char *name;
    int is_default;
    int64_t time_us, default_us; // the longest of a job; of one that says none
    unsigned long cpus, nodes;   // the most of a node; how many nodes
    unsigned long total_cpus;
    int64_t memory_kb; // the most of a node
    // By partitions_add_rules.
    unsigned long least_nodes, most_nodes; // of a job
    int64_t core_kb, node_kb;              // of a job that says none, a core and a node
    int64_t most_core_kb, most_node_kb;
    char *qos; // whose limits every job here has
};
struct partitions { // zero-initialise to begin; free with partitions_free
    struct partition *item;
    size_t count, room;
};
// The words of sinfo whose output partitions_read reads: a line for each kind of node of a partition.
extern const char *const partitions_ask[];
void partitions_read(const char *text, struct partitions *ret);
// The words of scontrol, and what it says of partitions that are in the list already.
extern const char *const partitions_rules_ask[];
void partitions_add_rules(const char *text, struct partitions *partitions);
void partitions_free(struct partitions *partitions);
#define CLEANUP_PARTITIONS CLEANUP(partitions_free)
// The one of that name; NULL: the default one. NULL if there is none.
const struct partition *partitions_find(const struct partitions *partitions, const char *name);
