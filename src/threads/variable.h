// SPDX-License-Identifier: Apache-2.0
// variable: the variables of the environment that size thread pools, and how a slot holds each.
//
// As family.h: libc only, for what runs inside a Python too.
#pragma once

enum pool_rule {
    POOL_ALWAYS, // set, whatever the number of threads
    POOL_ONE,    // set when there is one thread; else lowered if inherited
    POOL_LOWER,  // only lowered if inherited
};
struct pool_variable {
    const char *name;
    enum pool_rule rule;
    int list; // a list of numbers by nesting level, "4,2"
};

// Ends with one whose name is NULL.
extern const struct pool_variable pool_variables[];

// A number for one part of a library or one loop of it, which beats that library's own
// variable. They multiply or overlap, so they are dropped as soon as one of them is more than
// 1. Ends with NULL.
extern const char *const part_variables[];
