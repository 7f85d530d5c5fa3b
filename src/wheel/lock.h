// SPDX-License-Identifier: Apache-2.0
// lock: lock files of PEP 751 (packaging.python.org, "pylock.toml"): read as `packaging` validates
// them, written, and what of them an interpreter installs.
//
// What a lock is made of lives in the arena that it was read in. What lopin alone knows stands in
// [tool.lopin] and [packages.tool.lopin] (docs/formats.md, "lopin.lock").
#pragma once

#include "base/err.h"
#include "base/toml.h"
#include "wheel/marker.h"
#include "wheel/specifier.h"
#include "wheel/wheelname.h"

struct lock_hash {
    const char *algorithm, *value;
};
struct lock_file {    // of wheels, sdist or archive; NULL: not said
    const char *name; // base name: as written, or the end of path or url; NULL of an archive
    const char *url, *path, *upload_time, *subdirectory;
    const char *level; // of the wheelhouse's folder: only in lock_package.variant
    const struct lock_hash *hash;
    size_t hash_count;
    long long size;         // -1: not said
    struct wheelname wheel; // of a wheel
    unsigned line;
};
struct lock_vcs {
    const char *type, *url, *path, *requested_revision, *commit_id, *subdirectory;
};
struct lock_folder {
    const char *path, *subdirectory;
    int editable; // -1: not said
};
struct lock_package { // exactly one of: wheels or sdist, vcs, directory, archive
    const char *name; // normal form
    const char *version_text;
    const struct version *version; // NULL: not said
    const struct marker *marker;   // NULL: always
    struct specifiers requires_python;
    int has_requires_python;
    const struct toml_value *dependencies, *attestation_identities, *tool; // NULL: none
    const char *index;
    const struct lock_file *sdist, *archive;
    const struct lock_vcs *vcs;
    const struct lock_folder *directory;
    const struct lock_file *wheel;
    size_t wheel_count;
    // Ours: wheels of this version in the folders of a site, for processors of several levels.
    const struct lock_file *variant;
    size_t variant_count;
    unsigned line;
};
struct lock_asked { // ours: what the lock was made for; each sorted
    const char **requirement, **constraint, **override, **python;
    size_t requirement_count, constraint_count, override_count, python_count;
    int known; // the lock says so
};
struct lock {
    const char *version_text; // lock-version
    int newer; // of a minor version that is not known: may be used, with a warning
    const struct marker **environment;
    size_t environment_count;
    int has_environments;
    struct specifiers requires_python;
    int has_requires_python;
    const char **extra, **group, **default_group;
    size_t extra_count, group_count, default_group_count;
    const char *created_by;
    struct lock_package *package;
    size_t package_count;
    const struct toml_value *tool; // NULL: none
    struct lock_asked asked;
};
// NULL with [usage], which names the line.
struct lock *lock_read(struct arena *arena, struct piece text, struct err *err);
// Adds the file's text: the same lock gives the same bytes; packages by name, then version.
void lock_write(struct str *into, const struct lock *lock);
// SHA-256 of a file, hexadecimal; NULL: it has none.
const char *lock_sha256(const struct lock_file *file);
// Whether the base name is one that tools take for a lock: "pylock.toml", "pylock.NAME.toml",
// "lopin.lock".
int lock_is_name(const char *name);

enum lock_source { LOCK_WHEEL, LOCK_SDIST, LOCK_ARCHIVE, LOCK_FOLDER, LOCK_VCS };
struct lock_choice {
    const struct lock_package *package;
    enum lock_source source;
    const struct lock_file *file; // of wheel, sdist, archive; else NULL
};
struct lock_ask {
    const struct marker_env *markers; // without extra, extras and groups
    const struct tags *tags;
    const char *const *extra, *const *group; // NULL-terminated; group NULL: the default groups
};
// What is to be installed, in the file's order. Returns 0, or -1: [no-python] (it is for other
// interpreters or machines), [no-wheel] (a package has no wheel that fits), [usage] (an extra or
// group that it has not; two entries of one package).
int lock_select(struct arena *arena, const struct lock *lock, const struct lock_ask *ask,
                struct lock_choice **ret, size_t *ret_count, struct err *err);
