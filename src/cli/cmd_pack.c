// SPDX-License-Identifier: Apache-2.0
// cmd_pack: `lopin pack [RUN] FILE`: what a run needs to be run elsewhere; its results are not
// in it.
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/human.h"
#include "base/lang.h"
#include "base/left.h"
#include "cli/capsule.h"
#include "cli/env_image.h"
#include "cli/packs.h"
#include "cli/parcel.h"
#include "cli/say.h"
#include "image/pack.h"
#include "image/read.h"
#include "wheel/name.h"

enum { SCRIPT_MAX = 16 << 20, LOCK_MAX = 1 << 28 };
#define LOCK "lopin.lock"

struct packing {
    struct cli *cli;
    struct saved saved;
    struct image image; // of the capsule
    struct image env;
    struct capsule_files files;
    char *script_text; // NULL: it is no script of Python
    char *aside;       // folder of what is in the capsule and nowhere else
    const char *script;
};

// The word for a file of the capsule as a script: with a '/', unless it is Python's.
static void say_script(struct packing *packing, const char *path)
{
    int is_plain = strchr(path, '/') || (str_ends(path, ".py") && *path != '-');
    CLEANUP_FREE char *word = mem_print("%s%s", is_plain ? "" : "./", path);
    image_say(&packing->image, CAPSULE_SCRIPT, word);
}

static int refuse_shell(const struct spec *spec, struct err *err)
{
    err_set(err, ERR_USAGE, _("what a line of --shell needs cannot be known: %s"),
            spec->script);
    return err_hint(err, "try", _("the line in a script, and a run of that"));
}

static int is_shell(const struct spec *spec)
{
    return spec->words.count && strcmp(spec->words.item[0], "-c") == 0 &&
           strcmp(spec->script_path, "/bin/sh") == 0 && strcmp(spec->script, "/bin/sh") != 0;
}

static int add_script(struct packing *packing, struct err *err)
{
    const struct spec *spec = &packing->saved.spec;
    struct capsule_files *files = &packing->files;
    CLEANUP_STR struct str text = {0};
    if (is_shell(spec))
        return refuse_shell(spec, err);
    if (!spec->python_path && !strchr(spec->script, '/')) {
        strv_take(&files->notes,
                  mem_print(_("'%s' is a program of PATH, which is not in the capsule"),
                            spec->script));
        image_say(&packing->image, CAPSULE_SCRIPT, spec->script);
        return 0;
    }
    if (capsule_add_path(files, spec->script_path, "", &packing->script, err) < 0)
        return -1;
    say_script(packing, packing->script);
    if (spec->python_path && fs_read(AT_FDCWD, spec->script_path, SCRIPT_MAX, &text, NULL) == 0)
        packing->script_text = str_take(&text);
    if (packing->script_text && strstr(packing->script_text, "# /// script"))
        image_say(&packing->image, CAPSULE_HEADER, "");
    return 0;
}

static void note_missing(struct packing *packing, const char *word, const char *path)
{
    struct capsule_files *files = &packing->files;
    CLEANUP_FREE char *full = fs_absolute(files->cwd, path);
    CLEANUP_STR struct str shown = {0}, typed = {0};
    struct stat st;
    size_t size = strlen(files->cwd);
    int is_inside = strncmp(full, files->cwd, size) == 0 && full[size] == '/';
    if (stat(full, &st) < 0 || (is_inside && table_get(&files->taken, full + size + 1)))
        return;
    str_add_visible(&shown, word, strlen(word));
    str_add_shell(&typed, is_inside ? full + size + 1 : full);
    strv_take(&files->notes,
              mem_print(_("'%s' is not in the capsule; if it is needed: --include %s"),
                        shown.text, typed.text));
}

struct imports {
    struct packing *packing;
    char *folder; // of the script
    struct table seen;
};

// "scipy.linalg as la": its first name, where there is a file of it beside the script.
static void note_import(struct imports *imports, const char *text)
{
    struct packing *packing = imports->packing;
    size_t size = 0;
    int is_new;
    while (isalnum((unsigned char)text[size]) || text[size] == '_')
        size++;
    if (!size)
        return;
    CLEANUP_FREE char *name = mem_dupn(text, size);
    CLEANUP_FREE char *module = mem_print("%s/%s.py", imports->folder, name);
    CLEANUP_FREE char *above = mem_print("%s/%s", imports->folder, name);
    CLEANUP_FREE char *package = mem_print("%s/__init__.py", above);
    table_put(&imports->seen, arena_dup(&packing->image.arena, name), &is_new);
    if (is_new)
        note_missing(packing, name, access(package, F_OK) == 0 ? above : module);
}

// Modules beside the script that it imports by their names.
static void note_imports(struct packing *packing)
{
    CLEANUP_STRV struct strv lines = {0};
    struct imports imports = {.packing = packing,
                              .folder = fs_folder(packing->saved.spec.script_path)};
    if (packing->script_text)
        strv_split(&lines, packing->script_text, '\n');
    for (size_t i = 0; i < lines.count; i++) {
        const char *at = lines.item[i] + strspn(lines.item[i], " \t");
        if (str_starts(at, "from "))
            note_import(&imports, at + 5);
        if (!str_starts(at, "import "))
            continue;
        for (at += 7; at; at = strchr(at, ',')) {
            at += strspn(at, ", ");
            note_import(&imports, at);
        }
    }
    table_free(&imports.seen);
    free(imports.folder);
}

static void note_words(struct packing *packing)
{
    const struct strv *words = &packing->saved.spec.words;
    for (size_t i = 0; i < words->count; i++) {
        const char *value = strchr(words->item[i], '=');
        if (*words->item[i] != '-' && *words->item[i] && !strchr(words->item[i], '{'))
            note_missing(packing, words->item[i], words->item[i]);
        else if (*words->item[i] == '-' && value && value[1])
            note_missing(packing, value + 1, value + 1);
    }
}

static int add_files(struct packing *packing, struct err *err)
{
    const struct options *options = &packing->cli->options;
    const struct spec *spec = &packing->saved.spec;
    const char *place;
    if (add_script(packing, err) < 0)
        return -1;
    for (size_t i = 0; i < spec->words.count; i++)
        image_say(&packing->image, CAPSULE_WORD, spec->words.item[i]);
    for (size_t i = 0; i < options->include.count; i++)
        if (capsule_add_path(&packing->files, options->include.item[i], "", &place, err) < 0)
            return -1;
    capsule_say_options(spec, &packing->image, &packing->files.notes);
    if (capsule_add_datasets(&packing->files, &packing->saved.datasets, options->data, err) < 0)
        return -1;
    note_imports(packing);
    note_words(packing);
    return 0;
}

// The environment that a program is of. Yours; NULL: of none.
static char *env_of(const char *program)
{
    CLEANUP_FREE char *folder = program ? fs_folder(program) : NULL;
    CLEANUP_FREE char *prefix = folder ? fs_folder(folder) : NULL;
    CLEANUP_FREE char *config = prefix ? mem_print("%s/pyvenv.cfg", prefix) : NULL;
    CLEANUP_FREE char *conda = prefix ? mem_print("%s/conda-meta", prefix) : NULL;
    return prefix && (access(config, F_OK) == 0 || access(conda, F_OK) == 0) ? TAKE(prefix)
                                                                             : NULL;
}

// Whether each package of the environment is in the lock, with its version.
static int locks(const struct packing *packing, const struct lock *lock)
{
    for (size_t i = 0; i < packing->env.package_count; i++) {
        const struct image_package *package = &packing->env.package[i];
        CLEANUP_STR struct str normal = {0};
        size_t k = 0;
        name_add_normal(&normal, piece_of(package->name));
        while (k < lock->package_count &&
               (strcmp(lock->package[k].name, str_text(&normal)) != 0 ||
                !lock->package[k].version_text ||
                strcmp(lock->package[k].version_text, package->version) != 0))
            k++;
        if (k == lock->package_count)
            return 0;
    }
    return 1;
}

// The project's lock, if it is one of that environment. 1, 0, or -1 with err.
static int add_lock(struct packing *packing, struct err *err)
{
    struct arena arena = {0};
    CLEANUP_FREE char *path = mem_print("%s/" LOCK, packing->files.cwd);
    CLEANUP_STR struct str text = {0};
    if (fs_read(AT_FDCWD, path, LOCK_MAX, &text, NULL) < 0)
        return 0;
    const struct piece bytes = {arena_dupn(&arena, str_text(&text), text.size), text.size};
    const struct lock *lock = lock_read(&arena, bytes, NULL);
    int fits = lock && locks(packing, lock);
    arena_free(&arena);
    if (!fits) {
        strv_add(&packing->files.notes, _("lopin.lock is of other packages than the "
                                          "environment: it is not in the capsule"));
        return 0;
    }
    if (table_get(&packing->files.taken, LOCK)) // --include
        return 1;
    return capsule_add_text(&packing->files, LOCK,
                            arena_dupn(&packing->image.arena, str_text(&text), text.size),
                            text.size, NULL, err) < 0
               ? -1
               : 1;
}

// Versions, and the hashes of their wheels where all are known (pip wants all or none).
static int add_frozen(struct packing *packing, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    const struct image *env = &packing->env;
    int has_hashes = 1;
    for (size_t i = 0; i < env->package_count; i++)
        has_hashes &= env->package[i].sha256 != NULL;
    for (size_t i = 0; i < env->package_count; i++) {
        const struct image_package *package = &env->package[i];
        str_print(&text, "%s==%s", package->name, package->version);
        if (has_hashes)
            str_print(&text, " --hash=sha256:%s", package->sha256);
        str_add_char(&text, '\n');
    }
    return text.size ? capsule_add_text(&packing->files, "requirements.txt",
                                        arena_dupn(&packing->image.arena, text.text, text.size),
                                        text.size, NULL, err)
                     : 0;
}

static int no_env(const struct packing *packing, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    const char *python = packing->saved.spec.python_path;
    str_add_visible(&shown, python, strlen(python));
    err_set(err, ERR_NO_ENV, _("the interpreter of run %u is not there any more: %s"),
            packing->saved.folder.number, shown.text);
    return err_hint(err, "try", "%s",
                    _("the line of this run with --resume: its environment is made again; or "
                      "--env DIR"));
}

static void say_bare(struct packing *packing)
{
    const char *version = packing->saved.spec.python;
    size_t size = strcspn(version, ".");
    size += version[size] ? 1 + strcspn(version + size + 1, ".") : 0;
    CLEANUP_FREE char *minor = mem_dupn(version, size);
    if (!version[strspn(version, "0123456789.")])
        image_say(&packing->image, CAPSULE_PYTHON, minor);
    strv_take(&packing->files.notes,
              mem_print(_("the run had no environment: of Python %s nothing is in the capsule"),
                        minor));
}

static int add_env(struct packing *packing, struct err *err)
{
    struct cli *cli = packing->cli;
    const struct spec *spec = &packing->saved.spec;
    const char *name;
    CLEANUP_FREE char *env =
        cli->options.env ? fs_absolute(cli->cwd, cli->options.env)
                         : env_of(spec->python_path ? spec->python_path : spec->script_path);
    if (!env && spec->python_path && access(spec->python_path, X_OK) < 0)
        return no_env(packing, err);
    if (!env) {
        if (spec->python_path)
            say_bare(packing);
        return 0;
    }
    CLEANUP_FREE char *path = mem_print("%s/env.img", packing->aside);
    if (mkdir(packing->aside, 0700) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), packing->aside);
    if (env_pack_image(cli, env, 0, path, &packing->env, err) < 0 ||
        capsule_add_file(&packing->files, "env.img", path, &name, err) < 0)
        return -1;
    image_say(&packing->image, CAPSULE_ENV, name);
    int locked = add_lock(packing, err);
    return locked < 0 || (!locked && add_frozen(packing, err) < 0) ? -1 : 0;
}

static void tell(const struct packing *packing, const char *path, int64_t took_us)
{
    const struct image *image = &packing->image;
    CLEANUP_STR struct str shown = {0}, size = {0};
    struct stat st;
    for (size_t i = 0; i < packing->files.notes.count; i++)
        say(packing->cli, "%s", packing->files.notes.item[i]);
    str_add_visible(&shown, path, strlen(path));
    size_t count = 0;
    for (size_t i = 0; i < image->member_count; i++)
        count += image->member[i].kind != IMAGE_FOLDER;
    human_memory(&size, stat(path, &st) == 0 ? (st.st_size + 1023) / 1024 : 0);
    say_label(packing->cli, _("capsule"),
              _("%s   run %u: %zu files, %s datasets, %s   in %.1f s"), shown.text,
              packing->saved.folder.number, count, capsule_value(image, CAPSULE_DATASETS),
              size.text, (double)took_us / 1e6);
    say_label(packing->cli, _("name"), "%s", image->identity);
}

// A file that is something else stays: `lopin pack analyse.py` is a mistake.
static int check_goal(const char *path, struct err *err)
{
    char identity[IMAGE_HEX + 1];
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd >= 0 && image_identify(fd, identity, NULL) == 0)
        return 0;
    err_set(err, ERR_USAGE, _("'%s' is there already, and is no capsule"), path);
    return err_hint(err, "try", "lopin pack RUN FILE.lopin");
}

static int pack(struct packing *packing, const char *path, struct err *err)
{
    const struct image_pack ask = {.prefix = "/", .threads = parcel_cpus(packing->cli)};
    int64_t begin = clock_boot_us();
    packing->image.is_capsule = 1;
    for (size_t i = 0; i < IMAGE_FACTS; i++)
        packing->image.fact[i] = "";
    // relative words of datasets are of the folder that the run began in
    if (chdir(packing->saved.spec.cwd) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot enter '%s'"),
                         packing->saved.spec.cwd);
    packing->files.cwd = packing->saved.spec.cwd;
    packing->files.image = &packing->image;
    if (add_files(packing, err) < 0 || add_env(packing, err) < 0 ||
        capsule_check(&packing->image, err) < 0 ||
        image_check_members(&packing->image, err) < 0 ||
        env_image_write(&ask, path, &packing->image, err) < 0)
        return -1;
    tell(packing, path, clock_boot_us() - begin);
    return 0;
}

static int find_run(struct packing *packing, struct err *err)
{
    const struct cli *cli = packing->cli;
    const struct strv *words = &cli->words;
    unsigned long number;
    if (words->count < 1 || words->count > 2 ||
        (words->count == 1 && str_number(words->item[0], UINT32_MAX, &number) == 0)) {
        err_set(err, ERR_USAGE,
                _("pack takes a run, or none for the last one, and a file to write"));
        return err_hint(err, "try", "lopin pack %s campaign.lopin",
                        words->count ? words->item[0] : "last");
    }
    const char *run = words->count == 2 ? words->item[0] : "last";
    CLEANUP_FREE char *plain = mem_dupn(run, strlen(run) - str_ends(run, ":"));
    return folder_find(cli->cwd, plain, &packing->saved.folder, err) < 0 ||
                   saved_read_asked(&packing->saved, err) < 0
               ? -1
               : 0;
}

int cmd_pack(struct cli *cli, struct err *err)
{
    struct packing packing = {.cli = cli, .saved = SAVED_NONE};
    int status = find_run(&packing, err);
    CLEANUP_FREE char *path =
        status == 0 ? fs_absolute(cli->cwd, cli->words.item[cli->words.count - 1]) : NULL;
    if (status == 0)
        status = check_goal(path, err);
    if (status == 0) {
        CLEANUP_FREE char *folder = fs_folder(path);
        CLEANUP_FREE char *begin = mem_print(".%s.lopin-env-", fs_base(path));
        packing.aside = left_name(folder, begin);
        left_sweep(folder, begin);
        status = pack(&packing, path, err);
        fs_remove(AT_FDCWD, packing.aside);
    }
    capsule_files_free(&packing.files);
    image_free(&packing.image);
    image_free(&packing.env);
    free(packing.script_text);
    free(packing.aside);
    saved_close(&packing.saved);
    return status;
}
