// SPDX-License-Identifier: Apache-2.0
// venv: few operations, as each costs a metadata server a round trip: no directory is read, nothing
// is looked at before it is made.
#include "env/venv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"

// python/activate/*
extern const unsigned char activate_sh_bytes[], activate_fish_bytes[], activate_csh_bytes[],
    pip_sh_bytes[];

enum quoting { QUOTE_SH, QUOTE_FISH, QUOTE_CSH };

static int failed(struct err *err, const char *path)
{
    return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), path);
}

static int make_dir(int dir, const char *name, struct err *err)
{
    return mkdirat(dir, name, 0777) < 0 && errno != EEXIST ? failed(err, name) : 0;
}

static int make_link(int dir, const char *target, const char *name, struct err *err)
{
    if (symlinkat(target, dir, name) == 0)
        return 0;
    if (errno != EEXIST)
        return failed(err, name);
    CLEANUP_FREE char *beside = mem_print("%s.lopin-%ld", name, (long)getpid());
    unlinkat(dir, beside, 0);
    if (symlinkat(target, dir, beside) < 0 || renameat(dir, beside, dir, name) < 0)
        return failed(err, name);
    return 0;
}

static int make_file(int dir, const char *name, const struct str *text, mode_t mode,
                     struct err *err)
{
    return fs_make_file(dir, name, text->text, text->size, mode, err);
}

// As POSIX has it: sh does not know $'...'. csh takes no newline and no '!' in quotes without a backslash;
// fish knows two escapes in quotes.
static void add_word(struct str *into, const char *word, enum quoting quoting)
{
    str_add_char(into, '\'');
    for (; *word; word++) {
        if (quoting == QUOTE_FISH && strchr("'\\", *word))
            str_print(into, "\\%c", *word);
        else if (quoting != QUOTE_FISH && *word == '\'')
            str_add(into, "'\\''");
        else if (quoting == QUOTE_CSH && strchr("!\n", *word))
            str_print(into, "\\%c", *word);
        else
            str_add_char(into, *word);
    }
    str_add_char(into, '\'');
}

// The script with @NAME@ replaced by words that its shell reads.
static void fill(const struct venv_ask *ask, const unsigned char *bytes, enum quoting quoting,
                 struct str *ret)
{
    const struct {
        const char *mark, *word;
    } marks[] = {{"@ENV@", ask->prefix},
                 {"@PROMPT@", ask->prompt ? ask->prompt : fs_base(ask->prefix)},
                 {"@LOPIN@", ask->lopin}};
    for (const char *at = (const char *)bytes; *at; at++) {
        size_t i = 0;
        while (i < COUNT(marks) && !str_starts(at, marks[i].mark))
            i++;
        if (i == COUNT(marks)) {
            str_add_char(ret, *at);
            continue;
        }
        add_word(ret, marks[i].word, quoting);
        at += strlen(marks[i].mark) - 1;
    }
}

static int write_activates(const struct venv_ask *ask, int dir, struct err *err)
{
    const struct {
        const char *name;
        const unsigned char *bytes;
        enum quoting quoting;
    } scripts[] = {{"bin/activate", activate_sh_bytes, QUOTE_SH},
                   {"bin/activate.fish", activate_fish_bytes, QUOTE_FISH},
                   {"bin/activate.csh", activate_csh_bytes, QUOTE_CSH}};
    for (size_t i = 0; i < COUNT(scripts); i++) {
        CLEANUP_STR struct str text = {0};
        fill(ask, scripts[i].bytes, scripts[i].quoting, &text);
        if (make_file(dir, scripts[i].name, &text, 0666, err) < 0)
            return -1;
    }
    return 0;
}

static int write_pip(const struct venv_ask *ask, int dir, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *full = NULL;
    int major;
    int minor;
    fill(ask, pip_sh_bytes, QUOTE_SH, &text);
    if (sscanf(ask->facts->version, "%d.%d", &major, &minor) != 2)
        return err_set(err, ERR_NO_PYTHON, _("'%s' is no version"), ask->facts->version);
    full = mem_print("bin/pip%d.%d", major, minor);
    return make_file(dir, "bin/pip", &text, 0777, err) < 0 ||
                   make_link(dir, "pip", "bin/pip3", err) < 0 ||
                   make_link(dir, "pip", full, err) < 0
               ? -1
               : 0;
}

int venv_write_pip(const struct venv_ask *ask, const char *at, struct err *err)
{
    CLEANUP_CLOSE int dir = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return dir < 0 ? failed(err, at) : write_pip(ask, dir, err);
}

static int write_links(const struct venv_ask *ask, int dir, const char *name, struct err *err)
{
    CLEANUP_FREE char *full = mem_print("bin/%s", name);
    return make_link(dir, ask->facts->program, "bin/python", err) < 0 ||
                   make_link(dir, "python", "bin/python3", err) < 0 ||
                   make_link(dir, "python", full, err) < 0
               ? -1
               : 0;
}

// A line of pyvenv.cfg ends at its newline, so no value may have one.
static int write_cfg(const struct venv_ask *ask, int dir, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *home = fs_folder(ask->facts->program);
    str_print(
        &text, "home = %s\ninclude-system-site-packages = %s\nversion = %s\nexecutable = %s\n",
        home, ask->system_site ? "true" : "false", ask->facts->version, ask->facts->program);
    str_print(&text, "lopin = %s\nlopin-abi = %s%s%s\n", ask->version, ask->facts->cache_tag,
              *ask->facts->flags ? " " : "", ask->facts->flags);
    if (ask->modules && *ask->modules && !strpbrk(ask->modules, "\t\n\r"))
        str_print(&text, "lopin-modules = %s\n", ask->modules);
    if (ask->prompt && !strpbrk(ask->prompt, "\n\r"))
        str_print(&text, "prompt = %s\n", ask->prompt);
    if (strpbrk(ask->facts->program, "\n\r"))
        return err_set(err, ERR_USAGE, _("the path of the interpreter has a newline"));
    return make_file(dir, "pyvenv.cfg", &text, 0666, err);
}

// lib64 is lib where an interpreter wants it, as venv has it.
static int write_lib(const struct venv_ask *ask, int dir, const char *name, struct err *err)
{
    CLEANUP_FREE char *above = mem_print("lib/%s", name);
    CLEANUP_FREE char *packages = mem_print("lib/%s/site-packages", name);
    if (make_dir(dir, "lib", err) < 0 || make_dir(dir, above, err) < 0 ||
        (!ask->no_packages && make_dir(dir, packages, err) < 0))
        return -1;
    if (strcmp(ask->facts->platlibdir, "lib") == 0)
        return 0;
    return symlinkat("lib", dir, ask->facts->platlibdir) < 0 && errno != EEXIST
               ? failed(err, ask->facts->platlibdir)
               : 0;
}

int venv_write(const struct venv_ask *ask, const char *at, struct err *err)
{
    int major;
    int minor;
    const struct str ignore = {.text = (char[]){"*\n"}, .size = 2};
    CLEANUP_CLOSE int dir = open(at, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return failed(err, at);
    if (sscanf(ask->facts->version, "%d.%d", &major, &minor) != 2)
        return err_set(err, ERR_NO_PYTHON, _("'%s' is no version"), ask->facts->version);
    CLEANUP_FREE char *name = mem_print("python%d.%d", major, minor);
    if (make_dir(dir, "bin", err) < 0 || write_lib(ask, dir, name, err) < 0)
        return -1;
    if (write_links(ask, dir, name, err) < 0 || write_activates(ask, dir, err) < 0 ||
        (!ask->no_pip && write_pip(ask, dir, err) < 0) ||
        make_file(dir, ".gitignore", &ignore, 0666, err) < 0)
        return -1;
    return write_cfg(ask, dir, err); // last: it makes the folder an environment
}
