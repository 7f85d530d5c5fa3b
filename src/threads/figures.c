// SPDX-License-Identifier: Apache-2.0
#include "threads/figures.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/mem.h"

int figures_schedstat(const char *text, struct pace_figures *ret)
{
    char *rest, *end;
    if (!isdigit((unsigned char)*text))
        return -1;
    ret->run_ns = strtoll(text, &rest, 10);
    if (*rest != ' ')
        return -1;
    ret->wait_ns = strtoll(rest, &end, 10);
    return end == rest || ret->run_ns < 0 || ret->wait_ns < 0 ? -1 : 0;
}

// What follows a name at the beginning of a line; NULL if there is none.
static const char *line_of(const char *text, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, name, size) == 0)
            return at + size + strspn(at + size, " \t");
    }
    return NULL;
}

int figures_status(const char *text, struct cpuset *ret_cpus, long *ret_user)
{
    const char *user = line_of(text, "Uid:");
    const char *cpus = line_of(text, "Cpus_allowed_list:");
    *ret_cpus = (struct cpuset){0};
    *ret_user = user && isdigit((unsigned char)*user) ? strtol(user, NULL, 10) : -1;
    if (!cpus)
        return -1;
    CLEANUP_FREE char *list = mem_dupn(cpus, strcspn(cpus, "\n"));
    return cpuset_parse(list, ret_cpus, NULL) < 0 || !cpuset_count(ret_cpus) ? -1 : 0;
}

// "202 0x7f... 0x80 ... 0xSTACK 0xAT", or "running".
int figures_futex(const char *text, uint64_t *ret_word, uint64_t *ret_at)
{
    char *next;
    if (!isdigit((unsigned char)*text) || strtol(text, &next, 10) != SYS_futex)
        return 0;
    uint64_t number[8] = {0};
    for (size_t i = 0; i < COUNT(number); i++) {
        char *end;
        number[i] = strtoull(next, &end, 16);
        if (end == next)
            return 0;
        next = end;
    }
    *ret_word = number[0];
    *ret_at = number[7];
    return 1;
}
