// SPDX-License-Identifier: Apache-2.0
#include "env/stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "machine/isa.h"
#include "wheel/name.h"
#include "wheel/version.h"

#define HEAD       "lopin-stamp 1"
#define GUARD_PTH  "lopin-guard.pth"
#define GUARD_FILE "_lopin_guard.abi3.so"
enum { STAMP_MAX = 16 << 20, FIELDS = 8 };

extern const unsigned char guard_bytes[]; // python/native
extern const size_t guard_bytes_size;

// Wheels of PyPI whose baseline is above x86-64, from the version that was tried under qemu-user: each
// dies at its import by the highest processor below that level, and works by the lowest of it (core2duo
// and Nehalem; SandyBridge and Haswell). tests/cli/test_guard.py tries numpy.
static const struct {
    const char *name, *from; // normal name, first version
    const char *cpu;
} wheels[] = {
    {"numpy", "2.4.0", "x86-64-v2"},
    {"polars-runtime-32", "2.1.0", "x86-64-v3"},
    {"pyarrow", "26.0.1", "x86-64-v2"},
};

// By name and version, of those built for all (manylinux): a site builds its own for its processors.
static const char *known_cpu(const struct manifest *manifest)
{
    struct arena arena = {0};
    const char *ret = NULL;
    struct piece version_text = {manifest->version, strlen(manifest->version)};
    struct piece normal =
        name_normal(&arena, (struct piece){manifest->name, strlen(manifest->name)});
    struct version *version = version_parse(&arena, version_text, NULL);
    for (size_t i = 0; i < COUNT(wheels) && version; i++) {
        struct version *from =
            version_parse(&arena, (struct piece){wheels[i].from, strlen(wheels[i].from)}, NULL);
        if (piece_is(normal, wheels[i].name) && strstr(manifest->tags, "manylinux") &&
            strstr(manifest->tags, "x86_64") &&
            version_compare(version, from, VERSION_BASE) >= 0)
            ret = wheels[i].cpu;
    }
    arena_free(&arena);
    return ret;
}

static int rank_of(const char *word)
{
    return word ? isa_word(word, strlen(word), NULL, NULL) : -1;
}

static struct stamp_package *new_package(struct stamp *stamp)
{
    mem_room(&stamp->item, &stamp->room, stamp->count + 1, sizeof *stamp->item);
    stamp->item[stamp->count] = (struct stamp_package){.why = ""};
    return &stamp->item[stamp->count++];
}

void stamp_add(struct stamp *stamp, const struct manifest *manifest,
               const struct stamp_origin *origin)
{
    const struct stamp_origin nothing = {0};
    struct stamp_package *ret = new_package(stamp);
    struct arena *arena = &stamp->arena;
    if (!origin)
        origin = &nothing;
    ret->info = arena_dup(arena, manifest->info);
    ret->name = arena_dup(arena, manifest->name);
    ret->version = arena_dup(arena, manifest->version);
    if (!stamp->here)
        stamp->here = isa_level(isa_here()); // under a hypervisor each question is dear
    ret->made = stamp->here;
    ret->glibc = manifest->glibc;
    const char *known = manifest->machine ? known_cpu(manifest) : NULL;
    if (!manifest->machine) {
        ret->cpu = "x86-64";
        ret->why = STAMP_PURE;
    } else if (rank_of(origin->house) >= 0) {
        ret->cpu = arena_dup(arena, origin->house);
        ret->why = arena_dup(arena, origin->where ? origin->where : origin->house);
    } else if (rank_of(origin->site) >= 0) {
        ret->cpu = arena_dup(arena, origin->site);
        ret->why = STAMP_SITE;
    }
    if (known && rank_of(known) > rank_of(ret->cpu)) {
        ret->cpu = known;
        ret->why = STAMP_KNOWN;
    }
}

static void add_word(struct str *into, const char *word)
{
    str_add_char(into, ' ');
    str_add_percent(into, word, strlen(word), "");
}

static void write_package(struct str *into, const struct stamp_package *package)
{
    str_add(into, "package");
    add_word(into, package->info);
    str_print(into, " %s", package->cpu ? package->cpu : "?");
    add_word(into, *package->why ? package->why : "-");
    add_word(into, package->made);
    if (package->glibc.major)
        str_print(into, " %d.%d", package->glibc.major, package->glibc.minor);
    else
        str_add(into, " -");
    add_word(into, package->name);
    add_word(into, package->version);
    str_add_char(into, '\n');
}

static const char *take_word(struct arena *arena, const char *text)
{
    CLEANUP_STR struct str word = {0};
    return str_add_unpercent(&word, text, strlen(text)) < 0 ? NULL
                                                            : arena_dup(arena, str_text(&word));
}

static int read_libc(const char *text, struct libc_version *ret)
{
    char rest;
    *ret = (struct libc_version){0};
    return strcmp(text, "-") == 0 ||
                   (sscanf(text, "%d.%d%c", &ret->major, &ret->minor, &rest) == 2 &&
                    ret->major > 0 && ret->minor >= 0)
               ? 0
               : -1;
}

// Fields behind those we know are of a later lopin.
static int read_package(const struct strv *field, struct stamp *stamp)
{
    if (field->count < FIELDS)
        return -1;
    struct stamp_package *ret = new_package(stamp);
    struct arena *arena = &stamp->arena;
    const char *cpu = field->item[2];
    ret->info = take_word(arena, field->item[1]);
    ret->cpu = strcmp(cpu, "?") == 0 ? NULL : take_word(arena, cpu);
    ret->why = strcmp(field->item[3], "-") == 0 ? "" : take_word(arena, field->item[3]);
    ret->made = take_word(arena, field->item[4]);
    ret->name = take_word(arena, field->item[6]);
    ret->version = take_word(arena, field->item[7]);
    if (!ret->info || !ret->why || !ret->made || !ret->name || !ret->version ||
        strchr(ret->info, '/') || read_libc(field->item[5], &ret->glibc) < 0)
        return -1;
    return strcmp(cpu, "?") == 0 || rank_of(ret->cpu) >= 0 ? 0 : -1;
}

static int damaged(struct err *err)
{
    return err_set(err, ERR_ENV_BROKEN, _("the file '%s' is damaged"), STAMP_FILE);
}

int stamp_parse(const char *text, size_t size, struct stamp *ret, struct err *err)
{
    CLEANUP_STRV struct strv lines = {0};
    if (memchr(text, '\0', size))
        return damaged(err);
    strv_split(&lines, text, '\n');
    if (!str_starts(text, "lopin-stamp "))
        return damaged(err);
    if (strcmp(lines.item[0], HEAD) != 0)
        return err_set(err, ERR_RUN_FORMAT, _("'%s' is of another version of lopin: %s"),
                       STAMP_FILE, lines.item[0]);
    if (text[size - 1] != '\n')
        return damaged(err);
    for (size_t i = 1; i < lines.count; i++) {
        CLEANUP_STRV struct strv field = {0};
        strv_split(&field, lines.item[i], ' ');
        if (strcmp(field.item[0], "package") == 0 && read_package(&field, ret) < 0)
            return damaged(err);
    }
    return 0;
}

int stamp_read(int packages, struct stamp *ret, struct err *err)
{
    return stamp_file(packages, STAMP_FILE, ret, err);
}

int stamp_file(int dir, const char *path, struct stamp *ret, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    struct err why = {0};
    if (fs_read(dir, path, STAMP_MAX, &text, &why) < 0) {
        if (why.errnum == ENOENT)
            return 0;
        if (err)
            *err = why;
        return -1;
    }
    return stamp_parse(str_text(&text), text.size, ret, err) < 0 ? -1 : 1;
}

static int is_there(int packages, const char *info)
{
    return faccessat(packages, info, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int is_among(const struct stamp *stamp, const char *info)
{
    for (size_t i = 0; i < stamp->count; i++)
        if (strcmp(stamp->item[i].info, info) == 0)
            return 1;
    return 0;
}

// "x86-64-v2 avx": all words above the baseline, each once.
static void add_cpu(struct strv *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->item[i], word) == 0)
            return;
    strv_add(words, word);
}

static void take(struct str *text, struct strv *words, const struct stamp_package *package)
{
    uint64_t need = 0;
    write_package(text, package);
    if (package->cpu)
        isa_word(package->cpu, strlen(package->cpu), &need, NULL);
    if (need)
        add_cpu(words, package->cpu);
}

// Where the extension cannot be loaded (an interpreter without the stable ABI) nothing is guarded. The
// line is no module of its own: none can be found by its name, and it costs no compiling of a file.
static int put_guard(int packages, const struct strv *words, struct err *err)
{
    CLEANUP_STR struct str line = {0};
    if (!words->count || !guard_bytes_size)
        return (unlinkat(packages, GUARD_PTH, 0) < 0 && errno != ENOENT) ||
                       (unlinkat(packages, GUARD_FILE, 0) < 0 && errno != ENOENT)
                   ? err_errno(err, ERR_SYSTEM, errno, _("cannot remove '%s'"), GUARD_PTH)
                   : 0;
    str_add(&line, "import sys; exec('try:\\n import _lopin_guard\\nexcept ImportError:\\n "
                   "pass\\nelse:\\n _lopin_guard.need(\"");
    for (size_t i = 0; i < words->count; i++)
        str_print(&line, "%s%s", i ? " " : "", words->item[i]);
    str_add(&line, "\")')\n");
    return fs_make_file(packages, GUARD_FILE, guard_bytes, guard_bytes_size, 0555, err) < 0
               ? -1
               : fs_make_file(packages, GUARD_PTH, line.text, line.size, 0444, err);
}

int stamp_put(int packages, const struct stamp *old, const struct stamp *added, int guard,
              struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STRV struct strv words = {0};
    str_add(&text, HEAD "\n");
    for (size_t i = 0; old && i < old->count; i++)
        if (is_there(packages, old->item[i].info) && !is_among(added, old->item[i].info))
            take(&text, &words, &old->item[i]);
    for (size_t i = 0; i < added->count; i++)
        take(&text, &words, &added->item[i]);
    if (fs_make_file(packages, STAMP_FILE, text.text, text.size, 0444, err) < 0)
        return -1;
    return guard ? put_guard(packages, &words, err) : 0;
}

void stamp_free(struct stamp *stamp)
{
    free(stamp->item);
    arena_free(&stamp->arena);
    *stamp = (struct stamp){0};
}

enum stamp_lack stamp_compare(const struct stamp_package *package,
                              const struct stamp_machine *machine)
{
    uint64_t need = 0;
    const char *word = package->cpu ? package->cpu : package->made;
    isa_word(word, strlen(word), &need, NULL);
    int lacks = (need & ~machine->cpu) != 0;
    if (package->cpu && lacks)
        return STAMP_CPU;
    if (machine->glibc.major && package->glibc.major &&
        (package->glibc.major > machine->glibc.major ||
         (package->glibc.major == machine->glibc.major &&
          package->glibc.minor > machine->glibc.minor)))
        return STAMP_GLIBC;
    return lacks ? STAMP_UNKNOWN : STAMP_FITS;
}
