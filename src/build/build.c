// SPDX-License-Identifier: Apache-2.0
#include "build/build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "base/left.h"
#include "base/mem.h"
#include "base/proc.h"
#include "build/build_bytes.h"

enum { COMMIT_MAX = 256 };

struct build { // one build
    const struct build_ask *ask;
    char *folder, *entry, *beside, *log;
    struct vars vars;
};

// Variables that change what a compiler or a backend makes.
static const char *const heard[] = {
    "CC",
    "CXX",
    "FC",
    "F77",
    "CFLAGS",
    "CXXFLAGS",
    "FFLAGS",
    "FCFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "LIBRARY_PATH",
    "CPATH",
    "LDSHARED",
    "RUSTFLAGS",
    "CMAKE_ARGS",
    "CMAKE_PREFIX_PATH",
    "PKG_CONFIG_PATH",
    "ARCHFLAGS",
};

static char *key_of(const struct build_ask *ask)
{
    struct hash hash;
    hash_begin(&hash);
    hash_text(&hash, "lopin-built 1");
    hash_text(&hash, ask->identity ? ask->identity : ask->source);
    hash_text(&hash, ask->interpreter);
    for (size_t i = 0; i < COUNT(heard); i++)
        hash_text(&hash, vars_get(ask->vars, heard[i]));
    return mem_print("%016llx", (unsigned long long)hash_end(&hash));
}

// The only wheel of a folder. Yours, or NULL.
static char *wheel_in(const char *folder)
{
    char *found = NULL;
    DIR *stream = opendir(folder);
    struct dirent *item;
    while (stream && (item = readdir(stream)))
        if (!found && str_ends(item->d_name, ".whl"))
            found = mem_print("%s/%s", folder, item->d_name);
    if (stream)
        closedir(stream);
    return found;
}

static int is_young(const char *path, long max_age)
{
    struct stat st;
    time_t now = time(NULL);
    return max_age > 0 && stat(path, &st) == 0 && now >= st.st_mtime &&
           now - st.st_mtime < max_age;
}

static void take(const char *entry, struct built *ret)
{
    CLEANUP_FREE char *commit = mem_print("%s/commit", entry);
    CLEANUP_STR struct str text = {0};
    ret->wheel = wheel_in(entry);
    if (fs_read(AT_FDCWD, commit, COMMIT_MAX, &text, NULL) == 0)
        ret->commit = str_take(&text);
}

// Python's variables, and those that would make pip put its result elsewhere.
static int is_dropped(const char *entry)
{
    static const char *const names[] = {
        "PIP_TARGET=",    "PIP_USER=",    "PIP_PREFIX=",
        "PIP_ROOT=",      "PIP_PYTHON=",  "PIP_REQUIRE_VIRTUALENV=",
        "PIP_WHEEL_DIR=", "PIP_DRY_RUN=", "LC_"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_starts(entry, names[i]))
            return 1;
    return str_starts(entry, "PYTHON");
}

static void make_vars(struct build *build)
{
    static const char *const set[] = {"PIP_NO_INPUT", "PIP_DISABLE_PIP_VERSION_CHECK",
                                      "PIP_NO_WARN_SCRIPT_LOCATION", "PIP_NO_COLOR",
                                      "PIP_BREAK_SYSTEM_PACKAGES"};
    const struct strv *from = &build->ask->vars->list;
    for (size_t i = 0; i < from->count; i++)
        if (!is_dropped(from->item[i]))
            strv_add(&build->vars.list, from->item[i]);
    for (size_t i = 0; i < COUNT(set); i++)
        vars_set(&build->vars, set[i], "1");
    vars_set(&build->vars, "LC_ALL", "C.UTF-8"); // build_explain reads what compilers say
}

// Starts the program with its output in the log, and waits. Returns its status as of waitpid(2), or
// -1 with err.
static int start(struct build *build, const struct strv *words, struct err *err)
{
    int status = 0;
    CLEANUP_CLOSE int log =
        open(build->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
    CLEANUP_CLOSE int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), build->log);
    const struct proc proc = {.path = words->item[0],
                              .argv = words->item,
                              .envp = build->vars.list.item,
                              .folder = -1,
                              .in = nothing,
                              .out = log,
                              .error = log,
                              .dies_with_us = 1};
    pid_t pid = proc_start(&proc);
    if (pid < 0)
        return err_errno(err, ERR_BUILD, errno, _("cannot execute '%s'"), words->item[0]);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot wait"));
    return status;
}

// Leaves a wheel in build->beside.
static int run_pip(struct build *build, struct err *err)
{
    const struct build_ask *ask = build->ask;
    CLEANUP_STRV struct strv words = {0};
    CLEANUP_FREE char *prefix = mem_print("%s/prefix", build->beside);
    static const char *const install[] = {"install",      "--no-deps",
                                          "--no-compile", "--ignore-installed",
                                          "--use-pep517", "--prefix"};
    strv_add_all(&words, ask->pip);
    if (ask->editable) {
        for (size_t i = 0; i < COUNT(install); i++)
            strv_add(&words, install[i]);
        strv_add(&words, prefix);
    } else {
        strv_add(&words, "wheel");
        strv_add(&words, "--no-deps");
        strv_add(&words, "--wheel-dir");
        strv_add(&words, build->beside);
    }
    strv_add_all(&words, ask->options);
    if (ask->editable)
        strv_add(&words, "--editable");
    strv_add(&words, ask->source);
    int status = start(build, &words, err);
    if (status == 0 && ask->editable) {
        CLEANUP_STRV struct strv pack = {0};
        strv_add(&pack, ask->pip->item[0]);
        strv_add(&pack, "-I");
        strv_add(&pack, "-c");
        strv_add(&pack, (const char *)editable_wheel_bytes);
        strv_add(&pack, prefix);
        strv_add(&pack, build->beside);
        status = start(build, &pack, err);
        fs_remove(AT_FDCWD, prefix);
    }
    if (status < 0)
        return -1;
    CLEANUP_FREE char *wheel = status == 0 ? wheel_in(build->beside) : NULL;
    return wheel ? 0 : build_explain(build->log, ask->source, err);
}

static int keep(struct build *build, struct err *err)
{
    CLEANUP_FREE char *commit = build_commit(build->log);
    CLEANUP_FREE char *path = mem_print("%s/commit", build->beside);
    if (commit && fs_replace(AT_FDCWD, path, commit, strlen(commit), 0600, 0, err) < 0)
        return -1;
    int old = access(build->entry, F_OK) == 0;
    if (fs_exchange(build->beside, build->entry, old) < 0 && access(build->entry, F_OK) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot make '%s'"), build->entry);
    unlink(build->log);
    return 0;
}

static int make(struct build *build, struct err *err)
{
    left_sweep(build->folder, ".build-");
    if (fs_make_dirs(AT_FDCWD, build->beside, 0700, err) < 0)
        return -1;
    unlink(build->log); // of a failure before
    if (build->ask->begin)
        build->ask->begin(build->ask->context);
    make_vars(build);
    int status = run_pip(build, err);
    if (status == 0)
        status = keep(build, err);
    fs_remove(AT_FDCWD, build->beside);
    return status;
}

int build_wheel(const struct build_ask *ask, struct built *ret, struct err *err)
{
    CLEANUP_FREE char *key = key_of(ask);
    struct build build = {.ask = ask, .folder = mem_print("%s/built", ask->cache)};
    build.entry = mem_print("%s/%s", build.folder, key);
    build.beside = left_name(build.folder, ".build-");
    build.log = mem_print("%s/%s.log", build.folder, key);
    *ret = (struct built){0};
    if (ask->identity || is_young(build.entry, ask->max_age))
        take(build.entry, ret);
    ret->was_kept = ret->wheel != NULL;
    int status = ret->was_kept ? 0 : make(&build, err);
    if (status == 0 && !ret->was_kept)
        take(build.entry, ret);
    if (status == 0 && !ret->wheel)
        status = err_set(err, ERR_BUILD, _("building '%s' failed"), ask->source);
    free(build.folder);
    free(build.entry);
    free(build.beside);
    free(build.log);
    vars_free(&build.vars);
    return status;
}

void built_free(struct built *built)
{
    free(built->wheel);
    free(built->commit);
    *built = (struct built){0};
}
