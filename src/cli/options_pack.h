// SPDX-License-Identifier: Apache-2.0
// options_pack: what is said of packages and environments, in pip's, uv's and virtualenv's words.
#pragma once

#include "base/err.h"
#include "base/opt.h"
#include "base/str.h"
#include "source/source.h"

enum resolution { RESOLUTION_HIGHEST, RESOLUTION_LOWEST, RESOLUTION_LOWEST_DIRECT };
enum link_mode { LINK_AUTO, LINK_SYM, LINK_HARD, LINK_COPY, LINK_WHOLE };
struct pack_options { // words are borrowed from argv, lists are copies
    struct strv with; // requirements
    struct strv requirements, constraints, overrides; // files
    struct strv groups;                               // "[PATH:]NAME"
    struct strv editables;                            // folders
    struct strv config_settings;                      // "KEY=VALUE" for who builds
    size_t site_links; // how many of find_links, from the last, are the site's
    enum source_index index;
    struct strv find_links, extra_index, only_binary, no_binary, exclude;
    const char *index_url, *prompt, *format;
    enum resolution resolution;
    enum link_mode link;
    int no_index, offline, pre, prefer_binary, require_hashes, no_deps, no_isolation, upgrade,
        reinstall, no_compile;
    int system_site, clear, refresh, no_pip, seed;
    int yes, public, all, local, files, not_required;
    struct strv pythons, upgrade_packages;
    int exact, frozen, force;
    const char *arch, *column, *output;  // as typed
    const char *cpu, *glibc, *partition; // as typed
    int all_versions, all_pythons, all_archs, not_available;
};
// Returns 0, or -1 with [usage]. `value` is NULL of a flag.
int options_pack_take(struct pack_options *pack, int id, const char *value,
                      const struct opt_scan *scan, struct err *err);
void options_pack_free(struct pack_options *pack);
// Whether one of the names, in any spelling, is that of a project (normal name).
int options_pack_names(const struct strv *names, const char *normal);
// Whether something is said of which packages there shall be.
int options_pack_any(const struct pack_options *pack);
// Adds the requirements of a list "numpy,scipy>=1.13,<2": a comma within [] or before an operator is
// part of one.
void options_pack_cut(const char *list, struct strv *into);
