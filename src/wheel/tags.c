// SPDX-License-Identifier: Apache-2.0
// tags: the tags that an interpreter supports (PEP 425, 600, 656).
#include "wheel/tags.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_GLIBC_MINOR = 50, FIRST_STABLE_ABI = 2 }; // PEP 384: abi3 from CPython 3.2 on

struct maker {
    struct arena *arena;
    const struct tag_facts *facts;
    struct strv platforms;
    const char *archs[TAG_ARCHS];
    size_t arch_count;
};

__attribute__((format(printf, 2, 3))) static void add_platform(struct maker *maker,
                                                               const char *format, ...)
{
    struct str text = {0};
    va_list list;
    va_start(list, format);
    str_vprint(&text, format, list);
    va_end(list);
    strv_take(&maker->platforms, str_take(&text));
}

static int manylinux_allows(const struct manylinux *module, int major, int minor)
{
    if (!module)
        return 1;
    if (module->function) {
        for (size_t i = 0; i < module->refused_count; i++)
            if (module->refused[i].major == major && module->refused[i].minor == minor)
                return 0;
        return !module->refuse_all;
    }
    int said = major != 2    ? -1
               : minor == 5  ? module->one
               : minor == 12 ? module->y2010
               : minor == 17 ? module->y2014
                             : -1;
    return said != 0;
}

static void add_manylinux(struct maker *maker, const char *arch, int major, int minor)
{
    if (!manylinux_allows(maker->facts->manylinux, major, minor))
        return;
    add_platform(maker, "manylinux_%d_%d_%s", major, minor, arch);
    if (major == 2 && minor == 17)
        add_platform(maker, "manylinux2014_%s", arch);
    else if (major == 2 && minor == 12)
        add_platform(maker, "manylinux2010_%s", arch);
    else if (major == 2 && minor == 5)
        add_platform(maker, "manylinux1_%s", arch);
}

static int has_manylinux(const struct maker *maker)
{
    static const char *const all[] = {"x86_64", "aarch64",     "ppc64",  "ppc64le",
                                      "s390x",  "loongarch64", "riscv64"};
    for (size_t i = 0; i < maker->arch_count; i++)
        if (strcmp(maker->archs[i], "armv7l") == 0 || strcmp(maker->archs[i], "i686") == 0)
            return maker->facts->has_abi;
    for (size_t i = 0; i < COUNT(all); i++)
        if (strcmp(maker->archs[0], all[i]) == 0)
            return 1;
    return 0;
}

// From the glibc that is there down to the oldest of PEP 600: 2.5 on x86, else 2.17.
static void add_all_manylinux(struct maker *maker)
{
    struct libc_version glibc = maker->facts->glibc;
    const char *first = maker->archs[0];
    int oldest = strcmp(first, "x86_64") == 0 || strcmp(first, "i686") == 0 ? 5 : 17;
    if (!has_manylinux(maker))
        return;
    for (size_t i = 0; i < maker->arch_count; i++) {
        for (int major = glibc.major; major >= 2; major--) {
            int minor = major == glibc.major ? glibc.minor : LAST_GLIBC_MINOR;
            for (; minor >= (major == 2 ? oldest : 0); minor--)
                add_manylinux(maker, maker->archs[i], major, minor);
        }
    }
}

static void make_platforms(struct maker *maker)
{
    char *platform = arena_dup(maker->arena, maker->facts->platform);
    for (char *at = platform; *at; at++)
        if (*at == '.' || *at == '-' || *at == ' ')
            *at = '_';
    if (!str_starts(platform, "linux_")) {
        add_platform(maker, "%s", platform);
        return;
    }
    const char *arch = platform + strlen("linux_");
    if (maker->facts->is_32bit && strcmp(arch, "x86_64") == 0)
        arch = "i686";
    else if (maker->facts->is_32bit && strcmp(arch, "aarch64") == 0)
        arch = "armv8l";
    maker->archs[maker->arch_count++] = arch;
    if (strcmp(arch, "armv8l") == 0)
        maker->archs[maker->arch_count++] = "armv7l";
    for (size_t i = 0; i < maker->arch_count; i++)
        add_platform(maker, "linux_%s", maker->archs[i]);
    add_all_manylinux(maker);
    struct libc_version musl = maker->facts->musl;
    for (size_t i = 0; musl.major && i < maker->arch_count; i++)
        for (int minor = musl.minor; minor >= 0; minor--)
            add_platform(maker, "musllinux_%d_%d_%s", musl.major, minor, maker->archs[i]);
}

static void add_tag(struct maker *maker, struct tags *tags, const char *interpreter,
                    const char *abi, const char *platform)
{
    size_t size = strlen(interpreter) + strlen(abi) + strlen(platform) + 3;
    char *text = arena_alloc(maker->arena, size);
    int new;
    stpcpy(stpcpy(stpcpy(stpcpy(stpcpy(text, interpreter), "-"), abi), "-"), platform);
    for (char *at = text; *at; at++)
        *at = text_lower(*at);
    mem_room(&tags->item, &tags->room, tags->count + 1, sizeof *tags->item);
    uint64_t *place = table_put(&tags->rank, text, &new);
    tags->item[tags->count++] = text;
    if (new)
        *place = tags->count;
}

static void add_each(struct maker *maker, struct tags *tags, const char *interpreter,
                     const char *abi)
{
    for (size_t i = 0; i < maker->platforms.count; i++)
        add_tag(maker, tags, interpreter, abi, maker->platforms.item[i]);
}

static void add_cpython(struct maker *maker, struct tags *tags, const char *interpreter)
{
    const struct tag_facts *facts = maker->facts;
    int newer = facts->major > 3 || (facts->major == 3 && facts->minor >= 8);
    int threaded = facts->no_gil && (facts->major > 3 || facts->minor >= 13);
    char abi[48];
    const char *stable = threaded ? "abi3t" : "abi3";
    snprintf(abi, sizeof abi, "%s%s%s%s", interpreter, threaded ? "t" : "",
             facts->debug ? "d" : "", !newer && !facts->no_pymalloc ? "m" : "");
    add_each(maker, tags, interpreter, abi);
    if (newer && facts->debug) { // it loads what was built without Py_DEBUG too
        snprintf(abi, sizeof abi, "%s%s", interpreter, threaded ? "t" : "");
        add_each(maker, tags, interpreter, abi);
    }
    int has_stable = facts->major > 3 || facts->minor >= FIRST_STABLE_ABI;
    if (has_stable)
        add_each(maker, tags, interpreter, stable);
    add_each(maker, tags, interpreter, "none");
    for (int minor = facts->minor - 1; has_stable && minor >= FIRST_STABLE_ABI; minor--) {
        snprintf(abi, sizeof abi, "cp%d%d", facts->major, minor);
        add_each(maker, tags, abi, stable);
    }
}

// py311, py3, py310 ... py30
static void add_pure(struct maker *maker, struct tags *tags, int any)
{
    const struct tag_facts *facts = maker->facts;
    char name[32];
    for (int step = -1; step <= facts->minor; step++) {
        if (step == 0)
            snprintf(name, sizeof name, "py%d", facts->major);
        else
            snprintf(name, sizeof name, "py%d%d", facts->major,
                     step < 0 ? facts->minor : facts->minor - step);
        if (any)
            add_tag(maker, tags, name, "none", "any");
        else
            add_each(maker, tags, name, "none");
    }
}

void tags_supported(struct arena *arena, const struct tag_facts *facts, struct tags *ret)
{
    struct maker maker = {.arena = arena, .facts = facts};
    char interpreter[32];
    *ret = (struct tags){0};
    snprintf(interpreter, sizeof interpreter, "cp%d%d", facts->major, facts->minor);
    make_platforms(&maker);
    add_cpython(&maker, ret, interpreter);
    add_pure(&maker, ret, 0);
    add_tag(&maker, ret, interpreter, "none", "any");
    add_pure(&maker, ret, 1);
    strv_free(&maker.platforms);
}

void tags_free(struct tags *tags)
{
    free(tags->item);
    table_free(&tags->rank);
    *tags = (struct tags){0};
}
