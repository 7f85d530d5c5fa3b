// SPDX-License-Identifier: Apache-2.0
// setting: what a task's process is given. Invariant: nothing of an outer lopin's task passes
// for the inner one's.
#include "cli/setting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"
#include "cli/config.h"
#include "cli/fitness.h"
#include "cli/line_modules.h"
#include "cli/reserve.h"
#include "cli/say.h"
#include "env/ask.h"
#include "env/release.h"
#include "image/image.h"
#include "threads/guard.h"

static char *temporary_path(const struct vars *vars)
{
    const char *folder = vars_get(vars, "TMPDIR");
    return mem_print("%s/lopin-%lu", folder && *folder == '/' ? folder : "/tmp",
                     (unsigned long)geteuid());
}

char *setting_temporary(const struct vars *vars, struct err *err)
{
    CLEANUP_FREE char *path = temporary_path(vars);
    struct stat st;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make folder '%s'"), path), NULL;
    if (lstat(path, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"), path), NULL;
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        err_set(err, ERR_SYSTEM, _("'%s' belongs to somebody else, so it is not used"), path);
        err_hint(err, "try", "TMPDIR=~/tmp lopin ...");
        return NULL;
    }
    return TAKE(path);
}

char *setting_cache(const struct cli *cli)
{
    const struct vars *vars = &cli->vars;
    const char *cache = vars_get(vars, "XDG_CACHE_HOME");
    if (cli->config && cli->config->site.cache)
        return mem_dup(cli->config->site.cache);
    const char *home = vars_get(vars, "HOME");
    if (cache && *cache == '/')
        return mem_print("%s/lopin", cache);
    return home && *home == '/' ? mem_print("%s/.cache/lopin", home) : temporary_path(vars);
}

// The sum of the names' hashes: their order does not count. Names hold the versions (PEP 376,
// PEP 627).
static uint64_t hash_folder(const char *path)
{
    uint64_t sum = 0;
    DIR *stream = opendir(path);
    struct dirent *entry;
    while (stream && (entry = readdir(stream)))
        if (str_ends(entry->d_name, ".dist-info") || str_ends(entry->d_name, ".egg-info"))
            sum += table_hash(entry->d_name, strlen(entry->d_name));
    if (stream)
        closedir(stream);
    return sum;
}

// site-packages, and where Debian's own Python has its packages and pip's.
static uint64_t hash_distributions(const struct python *python)
{
    struct release release;
    if (release_parse(python->facts.version, &release) < 0)
        return 0;
    int major = release.part[0];
    int minor = release.part[1];
    CLEANUP_FREE char *site =
        mem_print("%s/lib/python%d.%d/site-packages", python->facts.prefix, major, minor);
    CLEANUP_FREE char *debian =
        mem_print("%s/lib/python%d/dist-packages", python->facts.prefix, major);
    CLEANUP_FREE char *local =
        mem_print("%s/local/lib/python%d.%d/dist-packages", python->facts.prefix, major, minor);
    return hash_folder(site) + hash_folder(debian) + hash_folder(local);
}

// What was unpacked of an image is the same wherever a job has its disk.
static uint64_t hash_python(const struct cli *cli, const struct python *python)
{
    struct hash hash;
    CLEANUP_STR struct str mark = {0};
    CLEANUP_FREE char *path = mem_print("%s/" IMAGE_MARK, python->facts.prefix);
    int is_unpacked = fs_read(AT_FDCWD, path, 1 << 16, &mark, NULL) == 0;
    uint64_t distributions = hash_distributions(python);
    // A module's stands elsewhere where the processor is another, and is the same.
    int is_own = line_modules_own(cli, python->path);
    hash_begin(&hash);
    hash_text(&hash, is_unpacked ? str_text(&mark) : is_own ? "" : python->path);
    hash_text(&hash, python->facts.version);
    hash_text(&hash, is_unpacked || is_own ? "" : python->facts.prefix);
    hash_part(&hash, &distributions, sizeof distributions);
    line_modules_hash(cli, &hash);
    return hash_end(&hash);
}

int setting_find(const struct cli *cli, const char *python, const char *env, int needed,
                 struct setting *ret, struct err *err)
{
    if (!needed && !python && !env)
        return 0;
    CLEANUP_FREE char *cache = setting_cache(cli);
    const struct python_ask question = {.want = python,
                                        .env = env,
                                        .vars = &cli->vars,
                                        .cache = cache,
                                        .also = config_pythons(cli)};
    if (python_find(&question, &ret->python, err) < 0)
        return fitness_why(cli, env, err);
    // That of the line was looked at when it was found or made.
    int is_made = env && cli->made_env && strcmp(env, cli->made_env) == 0;
    if (!is_made && fitness_check(cli, &ret->python, err) < 0)
        return -1;
    ret->hash = hash_python(cli, &ret->python);
    return 0;
}

// The hook's bytecode for this interpreter, made when it is first used: without it each start compiles the
// hook where Python may not write (PYTHONDONTWRITEBYTECODE). Nothing depends on it.
static void compile_hook(const char *folder, const struct python *python,
                         const struct vars *vars)
{
    static const char program[] = "import py_compile, sys\n"
                                  "print(py_compile.compile(sys.argv[1]))\n";
    if (!python->path || !*python->facts.cache_tag)
        return;
    CLEANUP_FREE char *made =
        mem_print("%s/__pycache__/sitecustomize.%s.pyc", folder, python->facts.cache_tag);
    if (access(made, F_OK) == 0 || access(folder, W_OK) < 0)
        return;
    CLEANUP_FREE char *source = mem_print("%s/sitecustomize.py", folder);
    CLEANUP_STR struct str said = {0};
    const char *const words[] = {source, NULL};
    ask_python(python->path, program, words, vars, &said, NULL);
}

// A home that cannot be written has its hook in the temporary folder instead.
static void add_hook(struct setting *setting, const struct vars *vars, const char *cache,
                     const char *keep)
{
    CLEANUP_FREE char *folder = hook_folder(cache, &setting->hook);
    if (!folder) {
        CLEANUP_FREE char *temporary = setting_temporary(vars, NULL);
        folder = temporary ? hook_folder(temporary, NULL) : NULL;
        if (!folder)
            return;
        setting->hook = (struct err){0};
    }
    compile_hook(folder, &setting->python, vars);
    hook_apply(&setting->vars, folder, keep);
}

static void drop_outer(struct vars *vars)
{
    for (size_t i = 0; i < vars->list.count;) {
        const char *item = vars->list.item[i];
        CLEANUP_FREE char *name = mem_dupn(item, strcspn(item, "="));
        if (str_starts(name, "LOPIN_TASK") || strcmp(name, "LOPIN_RUN") == 0 ||
            strcmp(name, HOOK_FAST_THREADPOOLCTL) == 0)
            vars_unset(vars, name); // another takes its place
        else
            i++;
    }
}

void setting_fill(const struct cli *cli, const struct parcel *parcel, struct setting *setting)
{
    CLEANUP_FREE char *cache = setting_cache(cli);
    CLEANUP_FREE char *keep = NULL;
    vars_copy(&setting->vars, cli->vars.list.item);
    drop_outer(&setting->vars);
    python_isolate(setting->python.path ? &setting->python : NULL, &setting->vars,
                   &cli->options.keep, &setting->dropped, &keep);
    CLEANUP_FREE char *level = mem_print("%u", parcel->level);
    vars_set(&setting->vars, RESERVE_LEVEL, level);
    guard_apply(&setting->vars, parcel->threads, &setting->lowered);
    // As installed they stand behind what an environment has of its own.
    if (keep && cli->config && cli->config->site.path_packages) {
        vars_set(&setting->vars, PYTHON_PATH_BEHIND, keep);
        free(TAKE(keep));
    }
    add_hook(setting, &cli->vars, cache, keep);
    if (cli->options.fast_ctl)
        vars_set(&setting->vars, HOOK_FAST_THREADPOOLCTL, "1");
}

void setting_free(struct setting *setting)
{
    python_free(&setting->python);
    vars_free(&setting->vars);
    strv_free(&setting->dropped);
    strv_free(&setting->lowered);
}

static void join(const struct strv *list, struct str *into)
{
    for (size_t i = 0; i < list->count; i++) {
        // its absence is what lets them in
        int is_site = strcmp(list->item[i], "PYTHONNOUSERSITE") == 0;
        str_print(into, "%s%s", i ? ", " : "",
                  is_site ? _("the user's packages") : list->item[i]);
    }
}

static const char *origin_words(enum python_origin origin)
{
    switch (origin) {
    case PYTHON_VENV: return _("active environment");
    case PYTHON_CONDA: return _("active conda environment");
    case PYTHON_ASKED: return "--python";
    case PYTHON_ENV: return "--env";
    case PYTHON_PATH: break;
    }
    return _("on PATH");
}

void setting_say(const struct cli *cli, const struct setting *setting)
{
    CLEANUP_STR struct str dropped = {0};
    CLEANUP_STR struct str lowered = {0};
    CLEANUP_STR struct str path = {0}, modules = {0};
    join(&setting->dropped, &dropped);
    join(&setting->lowered, &lowered);
    if (setting->python.path) {
        str_add_visible(&path, setting->python.path, strlen(setting->python.path));
        say_label(cli, _("env"), "python %s   %s (%s)", setting->python.facts.version,
                  path.text,
                  cli->made_env ? _("made for this line")
                  : line_modules_own(cli, setting->python.path)
                      ? _("module")
                      : origin_words(setting->python.origin));
    }
    if (cli->modules.count) {
        line_modules_add(&cli->modules, &modules);
        say_label(cli, _("modules"), "%s", modules.text);
    }
    if (dropped.size)
        say_label(cli, "", _("kept out of tasks: %s   (--keep-env %s lets it through)"),
                  dropped.text, setting->dropped.item[0]);
    if (lowered.size)
        say_label(cli, "", _("lowered to the slot's cores: %s"), lowered.text);
    if (setting->hook.code)
        say_label(cli, "", _("no startup hook (%s): os.cpu_count() may show the whole machine"),
                  setting->hook.text);
}
