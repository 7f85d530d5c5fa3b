// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_memo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/hash.h"
#include "cli/line_modules.h"
#include "cli/packs_build.h"
#include "cli/path_packages.h"

#define HEAD "lopin-ask 1\n"
enum { INDEX_SECONDS = 600, RACY_SECONDS = 2 };

static void add_list(struct hash *hash, const struct packs_list *list)
{
    hash_part(hash, &list->count, sizeof list->count);
    for (size_t i = 0; i < list->count; i++) {
        CLEANUP_STR struct str text = {0};
        require_add(&text, list->item[i]);
        hash_text(hash, str_text(&text));
    }
}

static void add_words(struct hash *hash, const struct strv *list)
{
    hash_part(hash, &list->count, sizeof list->count);
    for (size_t i = 0; i < list->count; i++)
        hash_text(hash, list->item[i]);
}

// Wheels of sources: what a source is now is in the path of its wheel.
static void add_built(struct hash *hash, const struct packs *packs)
{
    struct stat st;
    for (size_t i = 0; i < packs->built_count; i++) {
        const struct source_file *wheel = packs->built[i]->wheel;
        hash_text(hash, wheel ? wheel->url : packs->built[i]->given);
        if (wheel && stat(wheel->url, &st) == 0) {
            const uint64_t facts[] = {(uint64_t)st.st_ino, (uint64_t)clock_ns(st.st_mtim)};
            hash_part(hash, facts, sizeof facts);
        }
    }
}

static void add_asked(struct hash *hash, const struct packs *packs)
{
    const struct pack_options *options = &packs->cli->options.pack;
    const int flags[] = {packs->no_index,    packs->pre,          packs->require_hashes,
                         packs->no_deps,     options->no_compile, (int)options->resolution,
                         (int)options->link, options->exact,      options->public};
    hash_text(hash, "lopin-ask 3");
    hash_part(hash, flags, sizeof flags);
    line_modules_hash(packs->cli, hash);
    add_list(hash, &packs->wanted);
    add_list(hash, &packs->constraints);
    add_list(hash, &packs->overrides);
    for (size_t i = 0; i < packs->hash_count; i++)
        for (size_t h = 0; h < packs->hashes[i].count; h++)
            hash_text(hash, packs->hashes[i].digest[h]);
    add_built(hash, packs);
    for (size_t i = 0; i < packs->pin_count; i++) {
        const struct lock_package *package = packs->pin[i].choice.package;
        hash_text(hash, package->name);
        hash_text(hash, package->version_text);
        for (size_t w = 0; w < package->wheel_count; w++)
            hash_text(hash, lock_sha256(&package->wheel[w]));
    }
    const struct lock *prefer = packs->prefer;
    for (size_t i = 0; prefer && i < prefer->package_count; i++) {
        hash_text(hash, prefer->package[i].name);
        hash_text(hash, prefer->package[i].version_text);
    }
    add_words(hash, &packs->find_links);
    add_words(hash, &packs->extra_index);
    hash_text(hash, packs->index_url);
    for (size_t i = 0; i < COUNT(packs->formats.list); i++)
        add_words(hash, &packs->formats.list[i]);
    for (size_t i = 0; i < packs->pip.count; i++) {
        hash_text(hash, packs->pip.item[i].key);
        hash_text(hash, packs->pip.item[i].value);
    }
}

static void add_python(struct hash *hash, const struct packs *packs)
{
    const struct facts *facts = &packs->python->facts;
    for (size_t i = 0; i < FACTS_COUNT; i++)
        if (facts->value[i] != facts->prefix)
            hash_text(hash, facts->value[i]);
    for (size_t i = 0; i < MARKER_EXTRA; i++)
        hash_text(hash, packs->profile.markers.value[i]);
    hash_part(hash, &packs->profile.tags.count, sizeof packs->profile.tags.count);
    path_packages_hash(packs->cli, hash);
}

// Each wheelhouse as it was when it was opened. Returns 0, or -1: one changed so lately that a further
// change might not show in its time.
static int add_places(struct hash *hash, const struct packs *packs, int *ret_index)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_index = 0;
    for (size_t i = 0; i < source_places(packs->source); i++) {
        const char *where, *label;
        if (source_place(packs->source, i, &where, &label) != SOURCE_HOUSE) {
            *ret_index = 1;
            continue;
        }
        const struct stat *st = source_house_stat(packs->source, i);
        if (now.tv_sec - st->st_mtim.tv_sec < RACY_SECONDS)
            return -1;
        hash_text(hash, where);
        const uint64_t facts[] = {(uint64_t)st->st_dev, (uint64_t)st->st_ino,
                                  (uint64_t)clock_ns(st->st_mtim)};
        hash_part(hash, facts, sizeof facts);
    }
    return 0;
}

char *packs_memo_name(const struct packs *packs)
{
    struct hash hash;
    int index;
    hash_begin(&hash);
    add_asked(&hash, packs);
    add_python(&hash, packs);
    if (add_places(&hash, packs, &index) < 0)
        return NULL;
    return mem_print("%s/asked/%016llx%s", packs->cache, (unsigned long long)hash_end(&hash),
                     index ? "-index" : "");
}

int packs_memo_read(const char *name, char **ret)
{
    struct stat st;
    CLEANUP_STR struct str text = {0};
    *ret = NULL;
    if (str_ends(name, "-index") &&
        (stat(name, &st) < 0 || time(NULL) - st.st_mtim.tv_sec > INDEX_SECONDS))
        return -1;
    if (fs_read(AT_FDCWD, name, 1 << 16, &text, NULL) < 0 || !str_starts(str_text(&text), HEAD))
        return -1;
    const char *path = text.text + strlen(HEAD);
    size_t size = text.size - strlen(HEAD);
    if (!size || path[size - 1] != '\n')
        return -1;
    *ret = mem_dupn(path, size - 1);
    return 0;
}

int packs_memo_write(const char *name, const char *env, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *folder = fs_folder(name);
    str_print(&text, HEAD "%s\n", env);
    return fs_make_dirs(AT_FDCWD, folder, 0700, err) < 0
               ? -1
               : fs_replace(AT_FDCWD, name, text.text, text.size, 0600, 0, err);
}
