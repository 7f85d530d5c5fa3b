// SPDX-License-Identifier: Apache-2.0
// topo: how the logical CPUs of a machine share cores, caches, memory and sockets.
//
// Read from sys/devices/system below a root, so that tests give saved machines. Only CPUs
// online are there. What /sys does not tell is taken as flat: each CPU a core, one cache, one
// node.
#pragma once

#include "machine/cpuset.h"

struct topo_cpu { // what is the same number is shared
    int core;     // the least logical CPU of its physical core: a name for the core
    int package;  // socket, numbered from 0 in the order of CPUs
    int numa;     // the kernel's number of its memory node
    int cache;    // the least logical CPU below its last-level cache
};
struct topo {
    struct cpuset online;
    struct topo_cpu *cpu; // by the number of the logical CPU; meaningful for those online
    size_t count;         // room of `cpu`: the highest number online + 1
    size_t cores;         // physical cores online
};
// `fallback` are the CPUs taken as online where /sys has no list. Never fails.
void topo_read(const char *root, const struct cpuset *fallback, struct topo *ret);
void topo_free(struct topo *topo);
