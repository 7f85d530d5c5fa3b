// SPDX-License-Identifier: Apache-2.0
// lock_select: the steps of PEP 751, "Installation", in their order.
#include <string.h>

#include "base/lang.h"
#include "base/table.h"
#include "wheel/lock.h"
#include "wheel/name.h"

static int is_in(struct arena *arena, const char *name, const char *const *list, size_t count)
{
    struct piece normal = name_normal(arena, piece_of(name));
    for (size_t i = 0; i < count; i++)
        if (piece_compare(normal, name_normal(arena, piece_of(list[i]))) == 0)
            return 1;
    return 0;
}

// The names in normal form. Those that the lock has not are an error.
static int gather(struct arena *arena, const struct lock *lock, const struct lock_ask *ask,
                  struct strv *extras, struct strv *groups, struct err *err)
{
    for (const char *const *name = ask->extra; name && *name; name++) {
        if (!is_in(arena, *name, lock->extra, lock->extra_count))
            return err_set(err, ERR_USAGE, _("the lock has no extra '%s'"), *name);
        strv_add(extras, name_normal(arena, piece_of(*name)).text);
    }
    for (const char *const *name = ask->group; name && *name; name++) {
        if (!is_in(arena, *name, lock->group, lock->group_count) &&
            !is_in(arena, *name, lock->default_group, lock->default_group_count))
            return err_set(err, ERR_USAGE, _("the lock has no group '%s'"), *name);
        strv_add(groups, name_normal(arena, piece_of(*name)).text);
    }
    for (size_t i = 0; !ask->group && i < lock->default_group_count; i++)
        strv_add(groups, lock->default_group[i]);
    return 0;
}

// "3.13.0+" is what Python says of itself between releases, and no version.
static struct candidate python_of(struct arena *arena, const char *text)
{
    size_t size = strlen(text);
    CLEANUP_FREE char *whole =
        mem_print("%s%s", text, size && text[size - 1] == '+' ? "local" : "");
    struct piece piece = {arena_dup(arena, whole), strlen(whole)};
    return (struct candidate){piece, version_parse(arena, piece, NULL)};
}

static int other_python(const struct specifiers *set, const struct candidate *python,
                        const char *package, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    specifiers_add(&text, set);
    if (package)
        err_set(err, ERR_NO_PYTHON, _("%s in the lock is for Python %s, not %s"), package,
                str_text(&text), python->text.text);
    else
        err_set(err, ERR_NO_PYTHON, _("the lock is for Python %s, not %s"), str_text(&text),
                python->text.text);
    return err_hint(err, "try", "--python '%s'", str_text(&text));
}

static int check_environments(const struct lock *lock, const struct marker_env *markers,
                              struct err *err)
{
    struct marker_env env = *markers;
    env.extras = env.dependency_groups = NULL;
    env.value[MARKER_EXTRA] = NULL;
    for (size_t i = 0; i < lock->environment_count; i++) {
        int fits = marker_evaluate(lock->environment[i], &env, err);
        if (fits)
            return fits < 0 ? -1 : 0;
    }
    if (!lock->has_environments)
        return 0;
    err_set(err, ERR_NO_PYTHON, _("the lock is not for this Python (%s) and machine (%s, %s)"),
            env.value[MARKER_PYTHON_FULL_VERSION], env.value[MARKER_SYS_PLATFORM],
            env.value[MARKER_PLATFORM_MACHINE]);
    for (size_t i = 0; i < lock->environment_count && i < 4; i++) {
        CLEANUP_STR struct str text = {0};
        marker_add(&text, lock->environment[i]);
        err_hint(err, "found", "%s", str_text(&text));
    }
    return -1;
}

// The first of those whose tag comes first.
static const struct lock_file *best_wheel(const struct lock_package *package,
                                          const struct tags *tags)
{
    const struct lock_file *best = NULL;
    long best_rank = 0;
    for (size_t i = 0; i < package->wheel_count; i++) {
        long rank = tag_set_rank(&package->wheel[i].wheel.tags, tags);
        if (rank >= 0 && (!best || rank < best_rank)) {
            best = &package->wheel[i];
            best_rank = rank;
        }
    }
    return best;
}

static int choose_source(const struct lock_package *package, const struct tags *tags,
                         struct lock_choice *ret, struct err *err)
{
    *ret = (struct lock_choice){.package = package, .source = LOCK_WHEEL};
    if (package->vcs) {
        ret->source = LOCK_VCS;
    } else if (package->directory) {
        ret->source = LOCK_FOLDER;
    } else if (package->archive) {
        ret->source = LOCK_ARCHIVE;
        ret->file = package->archive;
    } else {
        ret->file = best_wheel(package, tags);
        if (ret->file)
            return 0;
        ret->source = LOCK_SDIST;
        ret->file = package->sdist;
    }
    if (ret->source != LOCK_SDIST || ret->file)
        return 0;
    err_set(err, ERR_NO_WHEEL, _("the lock has no wheel of %s %s for this Python and machine"),
            package->name, package->version_text ? package->version_text : "");
    for (size_t i = 0; i < package->wheel_count && i < 4; i++)
        err_hint(err, "found", "%s", package->wheel[i].name);
    return -1;
}

// Whether an entry is for this environment: 1, 0, or -1 with err.
static int applies(const struct lock_package *package, const struct marker_env *env,
                   const struct candidate *python, struct err *err)
{
    int fits = package->marker ? marker_evaluate(package->marker, env, err) : 1;
    if (fits <= 0)
        return fits < 0 ? err_wrap(err, _("line %u"), package->line) : 0;
    if (package->has_requires_python &&
        !specifiers_contain(&package->requires_python, python, PRERELEASES_AUTO))
        return other_python(&package->requires_python, python, package->name, err);
    return 1;
}

static int select_packages(const struct lock *lock, const struct lock_ask *ask,
                           const struct marker_env *env, const struct candidate *python,
                           struct lock_choice *choice, size_t *ret_count, struct err *err)
{
    CLEANUP_TABLE struct table seen = {0};
    size_t count = 0;
    for (size_t i = 0; i < lock->package_count; i++) {
        const struct lock_package *package = &lock->package[i];
        int is_new;
        int fits = applies(package, env, python, err);
        if (fits < 0)
            return -1;
        if (!fits)
            continue;
        uint64_t *line = table_put(&seen, package->name, &is_new);
        if (!is_new)
            return err_set(err, ERR_USAGE,
                           _("the lock has %s twice for this Python: lines %u and %u"),
                           package->name, (unsigned)*line, package->line);
        *line = package->line;
        choice[count++].package = package;
    }
    *ret_count = count;
    for (size_t i = 0; i < count; i++)
        if (choose_source(choice[i].package, ask->tags, &choice[i], err) < 0)
            return -1;
    return 0;
}

int lock_select(struct arena *arena, const struct lock *lock, const struct lock_ask *ask,
                struct lock_choice **ret, size_t *ret_count, struct err *err)
{
    CLEANUP_STRV struct strv extras = {0};
    CLEANUP_STRV struct strv groups = {0};
    struct marker_env env = *ask->markers;
    const struct candidate python =
        python_of(arena, ask->markers->value[MARKER_PYTHON_FULL_VERSION]);
    if (gather(arena, lock, ask, &extras, &groups, err) < 0)
        return -1;
    env.value[MARKER_EXTRA] = NULL;
    env.extras = &extras;
    env.dependency_groups = &groups;
    if (lock->has_requires_python &&
        !specifiers_contain(&lock->requires_python, &python, PRERELEASES_AUTO))
        return other_python(&lock->requires_python, &python, NULL, err);
    if (check_environments(lock, ask->markers, err) < 0)
        return -1;
    *ret = arena_alloc(arena, (lock->package_count + 1) * sizeof **ret);
    return select_packages(lock, ask, &env, &python, *ret, ret_count, err);
}
