// SPDX-License-Identifier: Apache-2.0
// env_verify: `lopin env verify`: each file of an environment against its wheel.
#include <jansson.h>
#include <string.h>

#include "base/human.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/env.h"
#include "cli/json_text.h"
#include "cli/parcel.h"
#include "cli/pip.h"
#include "cli/project_env.h"
#include "cli/say.h"
#include "env/verify.h"

static const char *const names[] = {
    [VERIFY_CHANGED] = "changed", [VERIFY_MISSING] = "missing", [VERIFY_REPLACED] = "replaced",
    [VERIFY_UNKNOWN] = "unknown", [VERIFY_EXTRA] = "extra",
};

static const char *word_of(enum verify_kind kind)
{
    switch (kind) {
    case VERIFY_CHANGED: return _("changed");
    case VERIFY_MISSING: return _("missing");
    case VERIFY_REPLACED: return _("replaced");
    case VERIFY_UNKNOWN: return _("no RECORD");
    default: return _("extra");
    }
}

static json_t *fault_object(const struct verify_fault *fault)
{
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(names[fault->kind]));
    json_put_text(object, "path", fault->path);
    json_object_set_new(object, "package", json_text(fault->dist ? fault->dist->normal : NULL));
    json_object_set_new(object, "store", json_text(fault->entry));
    return object;
}

static int say_json(const struct pip *pip, const struct verify *verify, struct err *err)
{
    json_t *object = json_object();
    json_t *faults = json_array();
    json_object_set_new(object, "v", json_integer(1));
    json_put_text(object, "env", pip->site.prefix);
    json_object_set_new(object, "packages", json_integer((json_int_t)verify->packages));
    json_object_set_new(object, "files", json_integer((json_int_t)verify->files));
    json_object_set_new(object, "bytes", json_integer((json_int_t)verify->bytes));
    for (size_t i = 0; i < verify->count; i++)
        json_array_append_new(faults, fault_object(&verify->fault[i]));
    json_object_set_new(object, "faults", faults);
    return json_say(pip->cli, object, err);
}

static int say_lines(const struct pip *pip, const struct verify *verify, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    size_t size = strlen(pip->site.prefix);
    for (size_t i = 0; i < verify->count; i++) {
        const struct verify_fault *fault = &verify->fault[i];
        int inside = str_starts(fault->path, pip->site.prefix) && fault->path[size] == '/';
        const char *path = fault->path + (inside ? size + 1 : 0);
        str_print(&text, "%s\t%s\t", word_of(fault->kind),
                  fault->dist ? fault->dist->normal : "-");
        str_add_visible(&text, path, strlen(path));
        str_add_char(&text, '\n');
    }
    return say_data(pip->cli, &text, err);
}

static int broken(const struct pip *pip, const struct verify *verify, size_t count,
                  struct err *err)
{
    const struct verify_fault *first = verify->fault;
    while (first->kind == VERIFY_EXTRA) // one is none of these: count > 0
        first++;
    CLEANUP_STR struct str env = {0};
    str_add_shell(&env, pip->site.prefix);
    err_set(err, ERR_ENV_BROKEN,
            lang_plural("%zu file of '%s' is not as its wheel has it",
                        "%zu files of '%s' are not as their wheels have them", count),
            count, pip->site.prefix);
    err_hint(err, "found", _("%s: %s"), word_of(first->kind), first->path);
    if (first->entry && first->kind != VERIFY_REPLACED)
        err_hint(err, "in", "%s", first->entry);
    return err_hint(err, "try", "lopin pip --env %s install --force-reinstall %s", env.text,
                    first->dist->normal);
}

static unsigned count_threads(const struct cli *cli)
{
    unsigned cpus = parcel_cpus(cli);
    return cpus < 8 ? cpus : 8; // more do not read faster from one disk
}

static int verify(const struct pip *pip, struct verify *found, struct err *err)
{
    const struct verify_ask ask = {.site = &pip->site,
                                   .dists = &pip->dists,
                                   .threads = count_threads(pip->cli),
                                   .extra = pip->cli->options.verbose};
    size_t count = 0;
    CLEANUP_STR struct str size = {0};
    if (verify_env(&ask, found, err) < 0)
        return -1;
    for (size_t i = 0; i < found->count; i++)
        count += found->fault[i].kind != VERIFY_EXTRA;
    int status =
        pip->cli->options.json ? say_json(pip, found, err) : say_lines(pip, found, err);
    if (status < 0)
        return -1;
    if (count)
        return broken(pip, found, count, err);
    human_memory(&size, (int64_t)(found->bytes / 1024));
    say_label(pip->cli, _("env"),
              lang_plural("%zu package, %llu files, %s: as their wheels have them",
                          "%zu packages, %llu files, %s: as their wheels have them",
                          found->packages),
              found->packages, (unsigned long long)found->files, size.text);
    return 0;
}

int env_verify(struct cli *cli, struct err *err)
{
    struct pip pip;
    struct verify found = {0};
    int status = -1;
    if (project_pip(cli, _("verify takes one environment"), &pip, err) == 0)
        status = verify(&pip, &found, err);
    verify_free(&found);
    pip_close(&pip);
    return status;
}
