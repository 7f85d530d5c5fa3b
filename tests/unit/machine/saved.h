// SPDX-License-Identifier: Apache-2.0
// saved: a machine of tests/data/machines unpacked below a temporary folder.
#pragma once

#include "base/vars.h"
#include "machine/cpuset.h"

struct saved {
    char root[64];
    struct cpuset affinity;
    struct vars vars;
};
// Ends the test program if the machine cannot be unpacked. TEST_DATA is the folder tests/data.
void saved_open(const char *machine, struct saved *ret);
void saved_close(struct saved *saved); // removes the folder
