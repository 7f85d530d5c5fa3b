// SPDX-License-Identifier: Apache-2.0
// pick: numbers by chance that are the same each time, for a test program (xorshift).
#pragma once

#include <stdint.h>

static uint64_t seed; // not 0
static unsigned pick(unsigned below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 11) % below;
}
