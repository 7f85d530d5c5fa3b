// SPDX-License-Identifier: Apache-2.0
#include "env/fit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/table.h"
#include "env/cfg.h"
#include "machine/isa.h"

static struct fit_item *add(struct fit *fit, enum fit_kind kind)
{
    mem_room(&fit->item, &fit->room, fit->count + 1, sizeof *fit->item);
    fit->item[fit->count] = (struct fit_item){.kind = kind};
    return &fit->item[fit->count++];
}

void fit_machine(const struct facts *facts, struct stamp_machine *ret)
{
    *ret = (struct stamp_machine){.cpu = isa_here()};
    if (sscanf(facts->libc, "glibc %d.%d", &ret->glibc.major, &ret->glibc.minor) != 2)
        ret->glibc = (struct libc_version){0};
}

// X.Y and the rest that extensions are built for ("cpython-311 nogil"). Another X.Y.Z is the same.
void fit_python(const struct site *site, const struct facts *facts, struct fit *fit)
{
    struct arena arena = {0};
    struct cfg cfg;
    int major;
    int minor;
    CLEANUP_FREE char *path = mem_print("%s/pyvenv.cfg", site->prefix);
    CLEANUP_FREE char *abi =
        mem_print("%s%s%s", facts->cache_tag, *facts->flags ? " " : "", facts->flags);
    int known = cfg_read(AT_FDCWD, path, &arena, &cfg, NULL) == 0;
    int other = sscanf(facts->version, "%d.%d", &major, &minor) == 2 &&
                (major != site->major || minor != site->minor);
    if (other || (known && cfg.abi && strcmp(cfg.abi, abi) != 0)) {
        struct fit_item *item = add(fit, FIT_PYTHON);
        item->name = other ? facts->version : arena_dup(&fit->arena, abi);
        CLEANUP_FREE char *was = mem_print("%d.%d", site->major, site->minor);
        item->other = arena_dup(&fit->arena, !other                 ? cfg.abi
                                             : known && cfg.version ? cfg.version
                                                                    : was);
    }
    arena_free(&arena);
}

static void look_at_link(int packages, const char *name, struct fit *fit)
{
    char target[4096];
    if (faccessat(packages, name, F_OK, 0) == 0)
        return;
    ssize_t size = readlinkat(packages, name, target, sizeof target - 1);
    target[size < 0 ? 0 : size] = '\0';
    struct fit_item *item = add(fit, FIT_LINK);
    item->name = arena_dup(&fit->arena, name);
    item->other = arena_dup(&fit->arena, target);
}

// Links at the top, where all but shared folders' are, and which distributions there are.
static int look_at_packages(int packages, struct table *infos, struct fit *fit, struct err *err)
{
    int is_new;
    struct dirent *entry;
    int fd = fcntl(packages, F_DUPFD_CLOEXEC, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        if (fd >= 0)
            close(fd);
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read folder '%s'"), "site-packages");
    }
    while ((entry = readdir(stream))) {
        const char *name = entry->d_name;
        if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN)
            look_at_link(packages, name, fit);
        if (str_ends(name, ".dist-info"))
            table_put(infos, arena_dup(&fit->arena, name), &is_new);
    }
    closedir(stream);
    return 0;
}

static void compare(struct fit *fit, const struct stamp_package *package,
                    const struct stamp_machine *machine)
{
    static const enum fit_kind kinds[] = {
        [STAMP_CPU] = FIT_CPU, [STAMP_GLIBC] = FIT_GLIBC, [STAMP_UNKNOWN] = FIT_UNKNOWN};
    enum stamp_lack lack = stamp_compare(package, machine);
    if (lack != STAMP_FITS)
        add(fit, kinds[lack])->package = package;
}

static void look_at_needs(const struct table *infos, const struct stamp_machine *machine,
                          struct fit *fit)
{
    size_t there = 0;
    for (size_t i = 0; i < fit->stamp.count; i++) {
        const struct stamp_package *package = &fit->stamp.item[i];
        if (!table_get(infos, package->info))
            continue; // pip or uv removed it
        there++;
        compare(fit, package, machine);
    }
    fit->foreign = infos->count > there ? infos->count - there : 0;
}

static int worst_first(const void *one, const void *two)
{
    const struct fit_item *a = one;
    const struct fit_item *b = two;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    return strcmp(a->package ? a->package->info : a->name,
                  b->package ? b->package->info : b->name);
}

// Opens the folder of packages and reads its stamp. Returns a descriptor, or -1 with err.
static int open_stamped(const struct site *site, struct fit *ret, struct err *err)
{
    CLEANUP_CLOSE int packages = open(site->packages, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (packages < 0)
        return err_errno(err, ERR_ENV_BROKEN, errno, _("cannot use folder '%s'"),
                         site->packages);
    ret->stamped = stamp_read(packages, &ret->stamp, err);
    if (ret->stamped < 0)
        return err_wrap(err, "%s", site->packages);
    return TAKE_FD(packages);
}

static void sort(struct fit *fit)
{
    if (fit->count)
        qsort(fit->item, fit->count, sizeof *fit->item, worst_first);
}

int fit_look(const struct site *site, const struct facts *facts,
             const struct stamp_machine *machine, struct fit *ret, struct err *err)
{
    struct table infos = {0};
    CLEANUP_CLOSE int packages = open_stamped(site, ret, err);
    if (packages < 0)
        return -1;
    if (facts)
        fit_python(site, facts, ret);
    int status = look_at_packages(packages, &infos, ret, err);
    if (status == 0)
        look_at_needs(&infos, machine, ret);
    table_free(&infos);
    sort(ret);
    return status;
}

int fit_needs(const struct site *site, const struct stamp_machine *machine, struct fit *ret,
              struct err *err)
{
    CLEANUP_FREE char *path = mem_print("%s/" STAMP_FILE, site->packages);
    if (stamp_file(AT_FDCWD, path, &ret->stamp, err) < 0)
        return -1;
    for (size_t i = 0; i < ret->stamp.count; i++)
        compare(ret, &ret->stamp.item[i], machine);
    sort(ret);
    return 0;
}

void fit_free(struct fit *fit)
{
    stamp_free(&fit->stamp);
    free(fit->item);
    arena_free(&fit->arena);
    *fit = (struct fit){0};
}
