// SPDX-License-Identifier: Apache-2.0
// arch: the names that sites give such folders: GCC's levels, and the Alliance's older ones.
#include "source/arch.h"

#include <string.h>

#include "base/mem.h"
#include "wheel/text.h"

static const struct {
    const char *label;
    int level;
} known[] = {
    {"generic", 0},   {"noarch", 0},         {"any", 0},       {"x86-64", 0},
    {"x86_64", 0},    {"aarch64", 0},        {"arm64", 0},     {"ppc64le", 0},
    {"sse2", 0},      {"sse3", 1},           {"sse4", 1},      {"x86-64-v2", 1},
    {"avx", 2},       {"avx2", 3},           {"x86-64-v3", 3}, {"avx512", 4},
    {"x86-64-v4", 4}, {"skylake_avx512", 4}, {"zen4", 4},
};

const char *arch_label(const char *path)
{
    struct piece rest = piece_of(path);
    while (rest.size && rest.text[rest.size - 1] == '/')
        rest.size--;
    const char *slash = rest.size ? memrchr(rest.text, '/', rest.size) : NULL;
    if (slash)
        rest = (struct piece){slash + 1, rest.size - (size_t)(slash - rest.text) - 1};
    for (size_t i = 0; i < COUNT(known); i++)
        if (piece_is(rest, known[i].label))
            return known[i].label;
    return NULL;
}

int arch_level(const char *label)
{
    for (size_t i = 0; label && i < COUNT(known); i++)
        if (strcmp(known[i].label, label) == 0)
            return known[i].level;
    return -1;
}
