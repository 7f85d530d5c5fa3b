// SPDX-License-Identifier: Apache-2.0
// lock_read: from TOML to a lock. Keys that are not known are ignored, as the PEP says.
#include <string.h>

#include "base/lang.h"
#include "wheel/lock.h"
#include "wheel/lock_parts.h"
#include "wheel/name.h"

static int read_version(struct lock_reading *reading, const struct toml_value *table,
                        const char *key, const char **ret_text, const struct version **ret)
{
    if (lock_text(reading, table, key, 0, ret_text) < 0)
        return -1;
    *ret = NULL;
    if (!*ret_text)
        return 0;
    *ret = version_parse(reading->arena, piece_of(*ret_text), reading->err);
    return *ret ? 0 : lock_in_line(reading, toml_get(table, key));
}

static int read_specifiers(struct lock_reading *reading, const struct toml_value *table,
                           struct specifiers *ret, int *ret_has)
{
    const char *text;
    *ret_has = 0;
    if (lock_text(reading, table, "requires-python", 0, &text) < 0)
        return -1;
    if (!text)
        return 0;
    *ret_has = 1;
    return specifiers_parse(reading->arena, piece_of(text), ret, reading->err) < 0
               ? lock_in_line(reading, toml_get(table, "requires-python"))
               : 0;
}

static const struct marker *read_marker(struct lock_reading *reading,
                                        const struct toml_value *value)
{
    struct marker *marker =
        marker_parse(reading->arena, (struct piece){value->text, value->size}, reading->err);
    if (!marker)
        lock_in_line(reading, value);
    return marker;
}

static int check_name(struct lock_reading *reading, const struct toml_value *value,
                      const char *name)
{
    struct piece piece = piece_of(name);
    if (name_valid(piece) && piece_is(name_normal(reading->arena, piece), name))
        return 0;
    return lock_bad(reading, value, _("'%s' is no name in normal form"), name);
}

static int read_vcs(struct lock_reading *reading, const struct toml_value *table,
                    struct lock_vcs *ret)
{
    return lock_text(reading, table, "type", 1, &ret->type) < 0 ||
                   lock_text(reading, table, "url", 0, &ret->url) < 0 ||
                   lock_text(reading, table, "path", 0, &ret->path) < 0 ||
                   lock_text(reading, table, "requested-revision", 0,
                             &ret->requested_revision) < 0 ||
                   lock_text(reading, table, "commit-id", 1, &ret->commit_id) < 0 ||
                   lock_text(reading, table, "subdirectory", 0, &ret->subdirectory) < 0 ||
                   lock_need_place(reading, table, ret->path, ret->url) < 0
               ? -1
               : 0;
}

static int read_folder(struct lock_reading *reading, const struct toml_value *table,
                       struct lock_folder *ret)
{
    const struct toml_value *editable;
    ret->editable = -1;
    if (lock_text(reading, table, "path", 1, &ret->path) < 0 ||
        lock_get(reading, table, "editable", TOML_BOOLEAN, &editable) < 0 ||
        lock_text(reading, table, "subdirectory", 0, &ret->subdirectory) < 0)
        return -1;
    if (editable)
        ret->editable = editable->integer != 0;
    return 0;
}

// What a package is made from.
static int read_sources(struct lock_reading *reading, const struct toml_value *table,
                        struct lock_package *package)
{
    const struct toml_value *vcs, *folder, *archive, *sdist;
    if (lock_get(reading, table, "vcs", TOML_TABLE, &vcs) < 0 ||
        lock_get(reading, table, "directory", TOML_TABLE, &folder) < 0 ||
        lock_get(reading, table, "archive", TOML_TABLE, &archive) < 0 ||
        lock_get(reading, table, "sdist", TOML_TABLE, &sdist) < 0 ||
        lock_files(reading, table, "wheels", &package->wheel, &package->wheel_count) < 0)
        return -1;
    if (vcs) {
        struct lock_vcs *made = arena_alloc(reading->arena, sizeof *made);
        package->vcs = made;
        if (read_vcs(reading, vcs, made) < 0)
            return -1;
    }
    if (folder) {
        struct lock_folder *made = arena_alloc(reading->arena, sizeof *made);
        package->directory = made;
        if (read_folder(reading, folder, made) < 0)
            return -1;
    }
    if ((archive && !(package->archive = lock_one_file(reading, archive, 0))) ||
        (sdist && !(package->sdist = lock_one_file(reading, sdist, 1))))
        return -1;
    size_t files = package->wheel_count + (sdist != NULL);
    size_t direct = (size_t)(vcs != NULL) + (folder != NULL) + (archive != NULL);
    if (files ? direct > 0 : direct != 1)
        return lock_bad(reading, table,
                        _("'%s' must have wheels and sdist, or one of vcs, directory, archive"),
                        package->name);
    return 0;
}

static int differs(struct lock_reading *reading, const struct lock_package *package,
                   const char *file, struct piece name, const struct version *version,
                   unsigned line)
{
    if (!piece_is(name, package->name) ||
        (package->version && version_compare(version, package->version, VERSION_WHOLE) != 0))
        return err_set(reading->err, ERR_USAGE, _("line %u: '%s' is not of %s %s"), line, file,
                       package->name, package->version_text ? package->version_text : "");
    return 0;
}

// Names of files are those of the package and its version.
static int check_files(struct lock_reading *reading, struct lock_package *package)
{
    struct lock_file *wheel = (struct lock_file *)(uintptr_t)package->wheel; // made by us
    for (size_t i = 0; i < package->wheel_count; i++) {
        if (!wheel[i].name ||
            wheelname_parse(reading->arena, piece_of(wheel[i].name), &wheel[i].wheel, NULL) < 0)
            return err_set(reading->err, ERR_USAGE, _("line %u: '%s' is no name of a wheel"),
                           wheel[i].line, wheel[i].name ? wheel[i].name : "");
        if (differs(reading, package, wheel[i].name, wheel[i].wheel.normal,
                    wheel[i].wheel.version, wheel[i].line) < 0)
            return -1;
    }
    struct sdistname sdist;
    if (!package->sdist)
        return 0;
    if (!package->sdist->name ||
        sdistname_parse(reading->arena, piece_of(package->sdist->name), &sdist, NULL) < 0)
        return err_set(reading->err, ERR_USAGE,
                       _("line %u: '%s' is no name of a source archive"), package->sdist->line,
                       package->sdist->name ? package->sdist->name : "");
    return differs(reading, package, package->sdist->name, sdist.normal, sdist.version,
                   package->sdist->line);
}

// Lists of tables that are kept as they are.
static int read_kept(struct lock_reading *reading, const struct toml_value *table,
                     struct lock_package *package)
{
    const char *kind;
    if (lock_list(reading, table, "dependencies", TOML_TABLE, &package->dependencies) < 0 ||
        lock_list(reading, table, "attestation-identities", TOML_TABLE,
                  &package->attestation_identities) < 0 ||
        lock_get(reading, table, "tool", TOML_TABLE, &package->tool) < 0)
        return -1;
    const struct toml_value *list = package->attestation_identities;
    for (size_t i = 0; list && i < list->count; i++)
        if (lock_text(reading, &list->item[i], "kind", 1, &kind) < 0)
            return -1;
    return 0;
}

static int read_package(struct lock_reading *reading, const struct toml_value *table,
                        struct lock_package *package)
{
    const struct toml_value *marker;
    *package = (struct lock_package){.line = table->line};
    if (lock_text(reading, table, "name", 1, &package->name) < 0 ||
        check_name(reading, toml_get(table, "name"), package->name) < 0 ||
        read_version(reading, table, "version", &package->version_text, &package->version) <
            0 ||
        read_specifiers(reading, table, &package->requires_python,
                        &package->has_requires_python) < 0 ||
        lock_text(reading, table, "index", 0, &package->index) < 0 ||
        lock_get(reading, table, "marker", TOML_TEXT, &marker) < 0)
        return -1;
    if (marker && !(package->marker = read_marker(reading, marker)))
        return -1;
    return read_kept(reading, table, package) < 0 ||
                   read_sources(reading, table, package) < 0 ||
                   check_files(reading, package) < 0 || lock_read_variants(reading, package) < 0
               ? -1
               : 0;
}

static int read_environments(struct lock_reading *reading, const struct toml_value *document,
                             struct lock *lock)
{
    const struct toml_value *list;
    if (lock_list(reading, document, "environments", TOML_TEXT, &list) < 0)
        return -1;
    lock->has_environments = list != NULL;
    lock->environment =
        arena_alloc(reading->arena, (list ? list->count : 0) * sizeof *lock->environment + 1);
    for (size_t i = 0; list && i < list->count; i++)
        if (!(lock->environment[lock->environment_count++] =
                  read_marker(reading, &list->item[i])))
            return -1;
    return 0;
}

// 1 <= lock-version < 2: also 1.5, whose additions are not known; not a pre-release of 1 or 2.
static int read_lock_version(struct lock_reading *reading, const struct toml_value *document,
                             struct lock *lock)
{
    const struct version *version;
    const struct toml_value *value = toml_get(document, "lock-version");
    if (!value)
        return lock_bad(reading, document, _("'%s' is missing"), "lock-version");
    if (read_version(reading, document, "lock-version", &lock->version_text, &version) < 0)
        return -1;
    struct version *first = version_parse(reading->arena, piece_of("1"), NULL);
    struct version *next = version_parse(reading->arena, piece_of("2.dev0"), NULL);
    if (version_compare(version, first, VERSION_WHOLE) < 0 ||
        version_compare(version, next, VERSION_WHOLE) >= 0)
        return lock_bad(reading, value, _("lock files of version %s are not known"),
                        lock->version_text);
    lock->newer = version_compare(version, first, VERSION_WHOLE) > 0;
    return 0;
}

static int read_names(struct lock_reading *reading, const struct toml_value *document,
                      struct lock *lock)
{
    if (lock_texts(reading, document, "extras", &lock->extra, &lock->extra_count) < 0 ||
        lock_texts(reading, document, "dependency-groups", &lock->group, &lock->group_count) <
            0 ||
        lock_texts(reading, document, "default-groups", &lock->default_group,
                   &lock->default_group_count) < 0)
        return -1;
    for (size_t i = 0; i < lock->extra_count; i++)
        if (check_name(reading, toml_get(document, "extras"), lock->extra[i]) < 0)
            return -1;
    return 0;
}

struct lock *lock_read(struct arena *arena, struct piece text, struct err *err)
{
    struct lock_reading reading = {arena, err};
    const struct toml_value *list;
    const struct toml_value *document = toml_parse(arena, text.text, text.size, err);
    struct lock *lock = arena_alloc(arena, sizeof *lock);
    *lock = (struct lock){0};
    if (!document || read_lock_version(&reading, document, lock) < 0 ||
        lock_text(&reading, document, "created-by", 1, &lock->created_by) < 0 ||
        read_environments(&reading, document, lock) < 0 ||
        read_specifiers(&reading, document, &lock->requires_python,
                        &lock->has_requires_python) < 0 ||
        read_names(&reading, document, lock) < 0 ||
        lock_get(&reading, document, "tool", TOML_TABLE, &lock->tool) < 0 ||
        lock_list(&reading, document, "packages", TOML_TABLE, &list) < 0)
        return NULL;
    if (!list) {
        lock_bad(&reading, document, _("'%s' is missing"), "packages");
        return NULL;
    }
    lock->package = arena_alloc(arena, (list->count + 1) * sizeof *lock->package);
    for (size_t i = 0; i < list->count; i++)
        if (read_package(&reading, &list->item[i], &lock->package[lock->package_count++]) < 0)
            return NULL;
    return lock_read_asked(&reading, lock) < 0 ? NULL : lock;
}
