// SPDX-License-Identifier: Apache-2.0
// single: the thread pools of loaded libraries, held to one thread in a forked child.
//
// Found before a fork, in the parent: the lock of the loader may be held, in the child, by a thread that does not
// exist there. In the parent nothing is changed. As loaded.h: no Python here.
#pragma once

#include "loaded.h"

struct single { // either a counter, or a function that is called
    int *counter;
    int *size, *running;        // of OpenBLAS: threads of the pool, and whether there is one
    void (*set)(int value);     // NULL if there is a counter
    int value;                  // 1, or what has the effect
    void (*set_long)(long int); // of BLIS, whose numbers have 64 bits
};
struct singles { // begin with zeros
    struct loaded_list list;
    size_t count;
    struct single *item;
};

// Brings it up to date with what is loaded. Without memory what it had stays.
void singles_find(struct singles *singles);
// To be called in the child only. Allocates nothing and takes no lock of the loader.
void singles_hold(const struct singles *singles);
void singles_free(struct singles *singles);
