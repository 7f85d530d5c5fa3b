// SPDX-License-Identifier: Apache-2.0
// packs_lock: packages as a lock has them (-r pylock.toml, lopin.lock): which file each is on this
// machine. In order of preference:
//
//   1. a wheel of a wheelhouse with a hash of the lock: of several the one that the site prefers
//   2. the file at the place that the lock names
//   3. a wheel of the same version of this site, with a line that says so; not with --exact
//   4. with --public, the same without its local version (1.26.4 for 1.26.4+site)
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/packs_build.h"
#include "cli/project.h"
#include "cli/say.h"
#include "source/digest.h"
#include "source/url.h"

enum { LOCK_MAX = 1 << 26 };

// The number of the line where a merge began that met a conflict; 0: none.
static unsigned conflict_line(const char *text)
{
    unsigned line = 1;
    for (; text; line++) {
        if (str_starts(text, "<<<<<<< "))
            return line;
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return 0;
}

// What is wrong with it, and how that of the project is made again.
static void refuse_lock(const char *path, const char *text, struct err *err)
{
    unsigned line = conflict_line(text);
    CLEANUP_STR struct str shown = {0};
    if (line)
        err_set(err, ERR_USAGE, _("line %u: a merge has left its conflict here"), line);
    err_wrap(err, "%s", path);
    str_add_shell(&shown, path);
    if (strcmp(fs_base(path), PROJECT_LOCK) == 0)
        err_hint(err, "try", "rm %s && lopin env lock", shown.text);
}

const struct lock *packs_lock_file(const struct cli *cli, struct arena *arena, const char *path,
                                   struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *whole = fs_absolute(cli->cwd, path);
    if (access(whole, R_OK) < 0) {
        err_errno(err, ERR_USAGE, errno, _("cannot read '%s'"), path);
        return NULL;
    }
    if (fs_read(AT_FDCWD, whole, LOCK_MAX, &text, err) < 0)
        return NULL;
    const struct lock *lock = lock_read(arena, (struct piece){str_text(&text), text.size}, err);
    if (!lock)
        refuse_lock(path, str_text(&text), err);
    return lock;
}

void packs_say_newer(const struct cli *cli, const struct lock *lock, const char *path)
{
    if (lock->newer)
        say(cli, _("%s: version %s of lock files is newer than this lopin, which reads 1.0"),
            path, lock->version_text);
}

struct packs_pin *packs_pin_of(const struct packs *packs, struct piece normal)
{
    for (size_t i = 0; i < packs->pin_count; i++)
        if (piece_compare(packs->pin[i].normal, normal) == 0)
            return &packs->pin[i];
    return NULL;
}

// A lock of ours says what was asked for; of others all packages count as that.
static int is_requested(struct arena *arena, const struct lock *lock, struct piece normal)
{
    for (size_t i = 0; i < lock->asked.requirement_count; i++) {
        const struct require *require =
            require_parse(arena, piece_of(lock->asked.requirement[i]), NULL);
        if (require && piece_compare(require->normal, normal) == 0)
            return 1;
    }
    return !lock->asked.known;
}

static int is_wheel(const struct lock_choice *choice)
{
    CLEANUP_STR struct str name = {0};
    const struct lock_file *file = choice->file;
    if (choice->source == LOCK_WHEEL)
        return 1;
    if (choice->source != LOCK_ARCHIVE)
        return 0;
    if (file->path)
        return str_ends(file->path, ".whl");
    return url_add_name(&name, file->url) == 0 && str_ends(str_text(&name), ".whl");
}

// Where the file is: a URL, or a path that is relative to the lock.
static const char *place_of(struct arena *arena, const char *folder,
                            const struct lock_file *file)
{
    if (file->path && *file->path) {
        CLEANUP_FREE char *path = fs_absolute(folder, file->path);
        if (!file->url || access(path, F_OK) == 0)
            return arena_dup(arena, path);
    }
    return file->url;
}

// A wheel by URL is wanted as a requirement by URL, so that the environment says where it came from.
static const char *direct_url(struct packs *packs, const char *folder,
                              const struct lock_choice *choice)
{
    if (choice->source != LOCK_ARCHIVE)
        return NULL;
    const char *place = place_of(&packs->arena, folder, choice->file);
    const char *sha256 = lock_sha256(choice->file);
    CLEANUP_FREE char *url = *place == '/' ? url_of_path(place) : mem_dup(place);
    CLEANUP_FREE char *whole =
        sha256 && !strchr(url, '#') ? mem_print("%s#sha256=%s", url, sha256) : mem_dup(url);
    return arena_dup(&packs->arena, whole);
}

static void add_subdirectory(struct str *into, const char *text, const char *subdirectory)
{
    if (subdirectory)
        str_print(into, "%csubdirectory=%s", strchr(text, '#') ? '&' : '#', subdirectory);
}

// The word that pip has for what is to be built. In the arena.
static const char *source_word(struct packs *packs, const char *folder,
                               const struct lock_choice *choice)
{
    const struct lock_vcs *vcs = choice->package->vcs;
    const struct lock_folder *directory = choice->package->directory;
    CLEANUP_STR struct str word = {0};
    if (choice->source == LOCK_ARCHIVE) {
        str_add(&word, direct_url(packs, folder, choice));
        add_subdirectory(&word, word.text, choice->file->subdirectory);
    } else if (choice->source == LOCK_FOLDER) {
        CLEANUP_FREE char *path = fs_absolute(folder, directory->path);
        str_print(&word, "%s%s%s", path, directory->subdirectory ? "/" : "",
                  directory->subdirectory ? directory->subdirectory : "");
    } else {
        CLEANUP_FREE char *path = vcs->url ? NULL : fs_absolute(folder, vcs->path);
        CLEANUP_FREE char *url = path ? url_of_path(path) : mem_dup(vcs->url);
        str_print(&word, "%s+%s@%s", vcs->type, url, vcs->commit_id);
        add_subdirectory(&word, word.text, vcs->subdirectory);
    }
    return arena_dup(&packs->arena, str_text(&word));
}

static int no_sha256(const struct lock_file *file, const char *name, struct err *err)
{
    err_set(err, ERR_BAD_WHEEL, _("%s has no sha256 in the lock"), name);
    return err_hint(err, "found", "%s", file->hash[0].algorithm);
}

// An archive of this machine is compared before anything of it runs; pip compares what it fetches.
static int check_archive(const char *folder, const struct lock_choice *choice, struct err *err)
{
    char sha256[SHA256_TEXT];
    const char *locked = choice->source == LOCK_ARCHIVE ? lock_sha256(choice->file) : NULL;
    CLEANUP_FREE char *path =
        locked && choice->file->path                ? fs_absolute(folder, choice->file->path)
        : locked && !url_is_http(choice->file->url) ? url_file(choice->file->url, err)
                                                    : NULL;
    if (!path)
        return 0;
    if (sha256_file(path, sha256, err) < 0)
        return -1;
    if (strcmp(sha256, locked) == 0)
        return 0;
    err_set(err, ERR_BAD_WHEEL, _("%s has another hash than the lock says"), fs_base(path));
    return err_hint(err, "in", "%s", path);
}

static int add_source(struct packs *packs, const char *folder, const struct lock_choice *choice,
                      struct err *err)
{
    const struct lock_folder *directory = choice->package->directory;
    return check_archive(folder, choice, err) < 0
               ? -1
               : packs_add_source(packs, source_word(packs, folder, choice), folder,
                                  directory && directory->editable == 1, err);
}

static int add_choice(struct packs *packs, const struct lock *lock, const char *path,
                      const char *folder, const struct lock_choice *choice, struct err *err)
{
    struct arena *arena = &packs->arena;
    struct piece normal = piece_of(choice->package->name);
    if (packs_pin_of(packs, normal))
        return err_set(err, ERR_USAGE, _("%s: %s is in another lock too"), path, normal.text);
    if (choice->source == LOCK_ARCHIVE && !lock_sha256(choice->file))
        return no_sha256(choice->file, normal.text, err);
    if (choice->source != LOCK_SDIST && !is_wheel(choice)) {
        if (add_source(packs, folder, choice, err) < 0)
            return -1;
    } else {
        struct require *require = arena_alloc(arena, sizeof *require);
        *require = (struct require){
            .name = normal, .normal = normal, .url = direct_url(packs, folder, choice)};
        packs_list_add(&packs->wanted, require);
    }
    mem_room(&packs->pin, &packs->pin_room, packs->pin_count + 1, sizeof *packs->pin);
    packs->pin[packs->pin_count++] =
        (struct packs_pin){.normal = normal,
                           .choice = *choice,
                           .folder = folder,
                           .requested = is_requested(arena, lock, normal)};
    return 0;
}

int packs_read_lock(struct packs *packs, const char *path, struct err *err)
{
    struct lock_choice *choice;
    size_t count;
    struct arena *arena = &packs->arena;
    CLEANUP_FREE char *above = fs_folder(path);
    CLEANUP_FREE char *folder = fs_absolute(packs->cli->cwd, above);
    const struct lock *lock = packs_lock_file(packs->cli, arena, path, err);
    const struct lock_ask ask = {.markers = &packs->profile.markers,
                                 .tags = &packs->profile.tags};
    if (!lock)
        return -1;
    packs_say_newer(packs->cli, lock, path);
    if (lock_select(arena, lock, &ask, &choice, &count, err) < 0)
        return err_wrap(err, "%s", path);
    const char *kept = arena_dup(arena, folder);
    for (size_t i = 0; i < count; i++)
        if (add_choice(packs, lock, path, kept, &choice[i], err) < 0)
            return -1;
    return 0;
}

static int has_hash(const struct lock_file *file, size_t count, const char *sha256)
{
    for (size_t i = 0; i < count; i++) {
        const char *known = lock_sha256(&file[i]);
        if (known && strcmp(known, sha256) == 0)
            return 1;
    }
    return 0;
}

// Wheels of some sizes can have none of the lock's hashes. 1: this one may.
static int may_be(const struct lock_package *package, const char *path)
{
    struct stat st;
    int says_all = 1;
    if (stat(path, &st) < 0)
        return 0;
    for (size_t i = 0; i < package->wheel_count + package->variant_count; i++) {
        const struct lock_file *file = i < package->wheel_count
                                           ? &package->wheel[i]
                                           : &package->variant[i - package->wheel_count];
        if (file->size == (long long)st.st_size)
            return 1;
        says_all = says_all && file->size >= 0;
    }
    return !says_all;
}

// The hash of a wheel of this machine, if it is one of the lock's; else NULL.
static const char *locked_hash(struct packs *packs, const struct lock_package *package,
                               const char *path)
{
    char sha256[SHA256_TEXT];
    const char *tag =
        packs->cli->options.pack.no_compile ? "plain" : packs->python->facts.cache_tag;
    if (!may_be(package, path) ||
        ((!packs->store || store_sha256(packs->store, path, tag, sha256) < 0) &&
         sha256_file(path, sha256, NULL) < 0))
        return NULL;
    return has_hash(package->wheel, package->wheel_count, sha256) ||
                   has_hash(package->variant, package->variant_count, sha256)
               ? arena_dup(&packs->arena, sha256)
               : NULL;
}

static const struct version *version_of(const struct packs_pin *pin) // NULL: not said
{
    return pin->choice.package->version ? pin->choice.package->version
                                        : pin->choice.file->wheel.version;
}

// The site's wheels of a version: the first whose hash the lock has, else the first.
static void look_in_houses(struct packs *packs, struct packs_pin *pin,
                           const struct source_project *project, struct source_file **ret_other)
{
    const struct version *wanted = version_of(pin);
    *ret_other = NULL;
    for (size_t v = 0; wanted && v < project->count; v++) {
        const struct source_version *item = &project->item[v];
        if (version_compare(item->version, wanted, VERSION_WHOLE) != 0)
            continue;
        *ret_other = item->file;
        for (size_t i = 0; i < item->also_count && !pin->file; i++) {
            struct source_file *file = item->also[i];
            if (!file->local)
                continue;
            pin->sha256 = locked_hash(packs, pin->choice.package, file->url);
            if (pin->sha256)
                pin->file = file;
        }
    }
}

// At the place that the lock names. Returns 1, 0 if there is none, or -1 with err.
static int look_at_place(struct packs *packs, struct packs_pin *pin, struct err *err)
{
    const struct lock_file *file = pin->choice.file;
    const char *place = place_of(&packs->arena, pin->folder, file);
    if (url_is(place) && !url_is_http(place)) {
        CLEANUP_FREE char *path = url_file(place, NULL);
        if (!path || access(path, F_OK) < 0)
            return 0;
    } else if (!url_is(place) && access(place, F_OK) < 0) {
        return 0;
    }
    const struct source_name name = {.normal = pin->choice.package->name,
                                     .name = file->name,
                                     .place = place,
                                     .sha256 = lock_sha256(file),
                                     .size = file->size};
    if (!name.sha256)
        return no_sha256(file, file->name, err);
    pin->file = source_named(packs->source, &name, err);
    if (pin->file && pin->choice.source == LOCK_SDIST)
        pin->file = packs_build_archive(packs, pin->file, err);
    return pin->file ? 1 : -1;
}

static int same_hash_only(const struct packs_pin *pin, const struct source_file *other,
                          struct err *err)
{
    err_set(err, ERR_BAD_WHEEL, _("%s has another hash than the lock says"), other->name);
    err_hint(err, "in", "%s", other->url);
    err_hint(err, "found", "%s",
             pin->choice.file->url ? pin->choice.file->url : pin->choice.file->path);
    return err_hint(err, "try", _("without --exact, to take the site's wheel"));
}

static struct source_file *same_version(const struct source_project *project,
                                        const struct version *wanted, enum version_part part)
{
    for (size_t v = 0; v < project->count; v++)
        if (version_compare(project->item[v].version, wanted, part) == 0 &&
            (part == VERSION_WHOLE || !project->item[v].version->local_count))
            return project->item[v].file;
    return NULL;
}

static int not_there(const struct packs *packs, const struct packs_pin *pin, struct err *err)
{
    const struct lock_file *file = pin->choice.file;
    const struct version *version = version_of(pin);
    err_set(err, ERR_NO_WHEEL, _("no wheel of %s %s, which the lock has"),
            pin->choice.package->name,
            pin->choice.package->version_text ? pin->choice.package->version_text : "");
    err_hint(err, "found", _("the lock has it at %s"), file->url ? file->url : file->path);
    if (version && version->local_count && !packs->cli->options.pack.public)
        err_hint(err, "try", _("--public, to take the version without +%.*s"),
                 (int)version->local[0].text.size, version->local[0].text.text);
    return -1;
}

// From indexes too: what has the version, or its public part. Returns 0, or -1 with err.
static int look_elsewhere(struct packs *packs, struct packs_pin *pin, struct err *err)
{
    int is_public = packs->cli->options.pack.public;
    const struct source_project *project =
        source_project(packs->source, pin->choice.package->name, err);
    if (!project)
        return -1;
    if (!version_of(pin))
        return not_there(packs, pin, err);
    struct source_file *other = same_version(project, version_of(pin), VERSION_WHOLE);
    if (!other && is_public)
        other = same_version(project, version_of(pin), VERSION_PUBLIC);
    if (!other)
        return not_there(packs, pin, err);
    if (packs->cli->options.pack.exact)
        return same_hash_only(pin, other, err);
    pin->file = other;
    pin->is_other = 1;
    return 0;
}

int packs_pin_find(struct packs *packs, struct packs_pin *pin, struct err *err)
{
    const struct source_project *project;
    struct source_file *other;
    if (pin->file)
        return 0;
    if (source_in_houses(packs->source, pin->choice.package->name, &project, err) < 0)
        return -1;
    look_in_houses(packs, pin, project, &other);
    if (pin->file)
        return 0;
    int found = look_at_place(packs, pin, err);
    if (found)
        return found < 0 ? -1 : 0;
    if (!other)
        return look_elsewhere(packs, pin, err);
    if (packs->cli->options.pack.exact)
        return same_hash_only(pin, other, err);
    pin->file = other;
    pin->is_other = 1;
    return 0;
}

void packs_say_pins(const struct packs *packs)
{
    for (size_t i = 0; i < packs->pin_count; i++) {
        const struct packs_pin *pin = &packs->pin[i];
        if (pin->is_other)
            say(packs->cli, _("%s %s: another wheel than the lock's, of %s (--exact refuses)"),
                pin->choice.package->name, pin->file->version_text, pin->file->label);
    }
}
