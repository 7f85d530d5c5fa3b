// SPDX-License-Identifier: Apache-2.0
#include "cli/options_pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/option.h"
#include "wheel/name.h"

void options_pack_cut(const char *list, struct strv *into)
{
    int depth = 0;
    const char *from = list;
    for (const char *at = list;; at++) {
        depth += (*at == '[' || *at == '(') - (*at == ']' || *at == ')');
        const char *next = *at ? at + 1 + strspn(at + 1, " ") : at;
        int ends = *at == ',' && depth <= 0 && !(*next && strchr("<>=!~", *next));
        if (*at && !ends)
            continue;
        CLEANUP_FREE char *part = mem_dupn(from, (size_t)(at - from));
        if (part[strspn(part, " ")])
            strv_add(into, part);
        if (!*at)
            return;
        from = at + 1;
    }
}

static int take_resolution(struct pack_options *pack, const struct opt_scan *scan,
                           const char *value, struct err *err)
{
    static const char *const words[] = {"highest", "lowest", "lowest-direct", NULL};
    int choice;
    if (opt_choice(scan, value, words, &choice, err) < 0)
        return -1;
    pack->resolution = (enum resolution)choice;
    return 0;
}

static int take_link(struct pack_options *pack, const struct opt_scan *scan, const char *value,
                     struct err *err)
{
    static const char *const words[] = {"auto", "sym", "hard", "copy", "whole", NULL};
    int choice;
    if (opt_choice(scan, value, words, &choice, err) < 0)
        return -1;
    pack->link = (enum link_mode)choice;
    return 0;
}

static void take_flag(struct pack_options *pack, int id)
{
    int *const flags[] = {
        [OPTION_NO_INDEX] = &pack->no_index,
        [OPTION_OFFLINE] = &pack->offline,
        [OPTION_PRE] = &pack->pre,
        [OPTION_PREFER_BINARY] = &pack->prefer_binary,
        [OPTION_REQUIRE_HASHES] = &pack->require_hashes,
        [OPTION_NO_DEPS] = &pack->no_deps,
        [OPTION_NO_ISOLATION] = &pack->no_isolation,
        [OPTION_UPGRADE] = &pack->upgrade,
        [OPTION_REINSTALL] = &pack->reinstall,
        [OPTION_NO_COMPILE] = &pack->no_compile,
        [OPTION_SYSTEM_SITE] = &pack->system_site,
        [OPTION_CLEAR] = &pack->clear,
        [OPTION_REFRESH] = &pack->refresh,
        [OPTION_NO_PIP] = &pack->no_pip,
        [OPTION_SEED] = &pack->seed,
        [OPTION_YES] = &pack->yes,
        [OPTION_PUBLIC] = &pack->public,
        [OPTION_ALL] = &pack->all,
        [OPTION_LOCAL_ONLY] = &pack->local,
        [OPTION_FILES] = &pack->files,
        [OPTION_NOT_REQUIRED] = &pack->not_required,
        [OPTION_ALL_VERSIONS] = &pack->all_versions,
        [OPTION_ALL_PYTHONS] = &pack->all_pythons,
        [OPTION_ALL_ARCHS] = &pack->all_archs,
        [OPTION_NOT_AVAILABLE] = &pack->not_available,
        [OPTION_EXACT] = &pack->exact,
        [OPTION_FROZEN] = &pack->frozen,
    };
    if ((size_t)id < COUNT(flags) && flags[id])
        *flags[id] = 1;
}

int options_pack_take(struct pack_options *pack, int id, const char *value,
                      const struct opt_scan *scan, struct err *err)
{
    switch (id) {
    case OPTION_WITH: options_pack_cut(value, &pack->with); return 0;
    case OPTION_REQUIREMENT: strv_add(&pack->requirements, value); return 0;
    case OPTION_GROUP: strv_add(&pack->groups, value); return 0;
    case OPTION_EDITABLE: strv_add(&pack->editables, value); return 0;
    case OPTION_CONFIG_SETTINGS: strv_add(&pack->config_settings, value); return 0;
    case OPTION_CONSTRAINT: strv_add(&pack->constraints, value); return 0;
    case OPTION_OVERRIDE: strv_add(&pack->overrides, value); return 0;
    case OPTION_FIND_LINKS: strv_add(&pack->find_links, value); return 0;
    case OPTION_EXTRA_INDEX: strv_add(&pack->extra_index, value); return 0;
    case OPTION_ONLY_BINARY: strv_add(&pack->only_binary, value); return 0;
    case OPTION_NO_BINARY: strv_add(&pack->no_binary, value); return 0;
    case OPTION_EXCLUDE: strv_add(&pack->exclude, value); return 0;
    case OPTION_UPGRADE_PACKAGE: options_pack_cut(value, &pack->upgrade_packages); return 0;
    case OPTION_LOCK_FILE: pack->output = value; return 0;
    case OPTION_PYTHONS: options_pack_cut(value, &pack->pythons); return 0;
    case OPTION_INDEX_URL: pack->index_url = value; return 0;
    case OPTION_PROMPT: pack->prompt = value; return 0;
    case OPTION_FORMAT: pack->format = value; return 0;
    case OPTION_ARCH: pack->arch = value; return 0;
    case OPTION_CPU: pack->cpu = value; return 0;
    case OPTION_PARTITION: pack->partition = value; return 0;
    case OPTION_LIBC: pack->glibc = value; return 0;
    case OPTION_COLUMN: pack->column = value; return 0;
    case OPTION_RESOLUTION: return take_resolution(pack, scan, value, err);
    case OPTION_LINK_MODE: return take_link(pack, scan, value, err);
    default: take_flag(pack, id); return 0;
    }
}

int options_pack_names(const struct strv *names, const char *normal)
{
    for (size_t i = 0; i < names->count; i++) {
        CLEANUP_STR struct str name = {0};
        name_add_normal(&name, piece_of(names->item[i]));
        if (strcmp(str_text(&name), normal) == 0)
            return 1;
    }
    return 0;
}

int options_pack_any(const struct pack_options *pack)
{
    return pack->with.count || pack->requirements.count || pack->groups.count;
}

void options_pack_free(struct pack_options *pack)
{
    struct strv *const lists[] = {
        &pack->with,       &pack->requirements,    &pack->constraints, &pack->overrides,
        &pack->find_links, &pack->extra_index,     &pack->only_binary, &pack->no_binary,
        &pack->exclude,    &pack->groups,          &pack->editables,   &pack->config_settings,
        &pack->pythons,    &pack->upgrade_packages};
    for (size_t i = 0; i < COUNT(lists); i++)
        strv_free(lists[i]);
}
