// SPDX-License-Identifier: Apache-2.0
// Which interpreter is found in a made-up home, by what was asked and what the environment says; and
// what of that environment reaches a task. The interpreters are shell scripts that give an answer.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cmocka.h"
#include "env/python.h"

static char root[] = "/tmp/lopin-python-XXXXXX"; // '@' in the tables

static char *expand(const char *text)
{
    struct str out = {0};
    for (; *text; text++)
        if (*text == '@')
            str_add(&out, root);
        else
            str_add_char(&out, *text);
    return str_take(&out);
}

static void write_text(const char *name, const char *text, mode_t mode)
{
    CLEANUP_FREE char *path = mem_print("%s/%s", root, name);
    CLEANUP_FREE char *folder = fs_folder(path);
    assert_int_equal(fs_make_dirs(AT_FDCWD, folder, 0700, NULL), 0);
    assert_int_equal(fs_replace(AT_FDCWD, path, text, strlen(text), mode, 0, NULL), 0);
}

static void write_python(const char *name, const char *version, const char *base)
{
    CLEANUP_FREE char *text =
        mem_print("#!/bin/sh\nprintf '%s\\0%%s\\0%%s\\0' '%s' '%s'\n", version, base, base);
    write_text(name, text, 0755);
}

static int make_tree(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(root));
    write_python("bin/python3", "3.10.1", "/base10");
    write_python("bin/python3.12", "3.12.3", "/base12");
    write_python("bin/pypy3", "3.9.2", "/pypy");
    write_python("late/python3.9", "3.9.5", "/base9");
    write_python("venv/bin/python3", "3.9.9", "/base9");
    write_python("venv/bin/python", "3.9.9", "/base9");
    write_text("venv/pyvenv.cfg", "home = /base9/bin\ninclude-system-site-packages = false\n",
               0644);
    write_python("conda/bin/python", "3.8.1", "/conda");
    write_text("gone/pyvenv.cfg", "home = /nowhere\n", 0644);
    write_text("gone/bin/activate", "", 0644);
    write_text("noexec/python3", "#!/bin/sh\n", 0644);
    write_text("broken/python3", "#!/bin/sh\necho cannot open libpython3.so >&2\nexit 1\n",
               0755);
    write_text("liar/python3", "#!/bin/sh\necho hello\n", 0755);
    CLEANUP_FREE char *link = mem_print("%s/gone/bin/python3", root);
    assert_int_equal(symlink("/nowhere/bin/python3", link), 0);
    // pyenv: a shim that must never be started, and versions
    CLEANUP_FREE char *shim = mem_print("#!/bin/sh\ntouch %s/shim-was-run\nexit 1\n", root);
    write_text("home/.pyenv/shims/python3", shim, 0755);
    write_text("home/.pyenv/shims/python3.11", shim, 0755);
    write_text("home/.pyenv/version", "3.11.4\n", 0644);
    static const char *const versions[] = {"3.7.1", "3.11.4", "3.11.10", "3.13.0b1"};
    for (size_t i = 0; i < COUNT(versions); i++) {
        CLEANUP_FREE char *path = mem_print("home/.pyenv/versions/%s/bin/python3", versions[i]);
        CLEANUP_FREE char *base = mem_print("%s/home/.pyenv/versions/%s", root, versions[i]);
        write_python(path, versions[i], base);
    }
    write_python("home/.pyenv/versions/mine/bin/python3", "3.11.4", "/mine");
    write_text("project/.python-version", "# chosen\n3.11\n", 0644);
    write_text("project/deep/er/file", "", 0644);
    write_text("system/.python-version", "system\n", 0644);
    write_text("absent/.python-version", "3.5.0\n", 0644);
    write_text("climb/.python-version", "../../../bin/..\n", 0644);
    write_text("plain/file", "", 0644);
    return 0;
}

static int remove_tree(void **state)
{
    (void)state;
    return chdir("/") < 0 || fs_remove(AT_FDCWD, root) < 0 ? -1 : 0;
}

#define SHIMS "PATH=@/home/.pyenv/shims:@/bin HOME=@/home"
static const struct {
    const char *name, *vars, *cwd, *want, *env;
    const char *path, *version; // path NULL: an error
    int origin;                 // or the error's code
    const char *words;          // in the error's text and hints
} finds[] = {
    // nothing asked
    {"PATH", "PATH=@/noexec:@/bin", "plain", NULL, NULL, "@/bin/python3", "3.10.1", PYTHON_PATH,
     ""},
    {"PATH, a broken one first", "PATH=@/broken:@/liar:@/bin", "plain", NULL, NULL,
     "@/bin/python3", "3.10.1", PYTHON_PATH, ""},
    {"PATH, relative", "PATH=../bin", "plain", NULL, NULL, "@/bin/python3", "3.10.1",
     PYTHON_PATH, ""},
    {"venv before PATH", "PATH=@/bin VIRTUAL_ENV=@/venv", "plain", NULL, NULL,
     "@/venv/bin/python3", "3.9.9", PYTHON_VENV, ""},
    {"venv before conda", "PATH=@/bin VIRTUAL_ENV=@/venv CONDA_PREFIX=@/conda", "plain", NULL,
     NULL, "@/venv/bin/python3", "3.9.9", PYTHON_VENV, ""},
    {"conda before PATH", "PATH=@/bin CONDA_PREFIX=@/conda CONDA_DEFAULT_ENV=work", "plain",
     NULL, NULL, "@/conda/bin/python", "3.8.1", PYTHON_CONDA, ""},
    {"conda's base by PATH alone", "PATH=@/bin CONDA_PREFIX=@/conda CONDA_DEFAULT_ENV=base",
     "plain", NULL, NULL, "@/bin/python3", "3.10.1", PYTHON_PATH, ""},
    {"venv whose Python is gone", "PATH=@/bin VIRTUAL_ENV=@/gone", "plain", NULL, NULL, NULL,
     NULL, ERR_NO_ENV, "unset VIRTUAL_ENV"},
    {"venv that is gone", "PATH=@/bin VIRTUAL_ENV=@/nowhere", "plain", NULL, NULL, NULL, NULL,
     ERR_NO_ENV, "unset VIRTUAL_ENV"},
    // the bare interpreter
    {"bare", "PATH=@/venv/bin:@/bin VIRTUAL_ENV=@/venv", "plain", NULL, "none", "@/bin/python3",
     "3.10.1", PYTHON_PATH, ""},
    {"bare, the venv only on PATH", "PATH=@/venv/bin:@/bin", "plain", NULL, "none",
     "@/bin/python3", "3.10.1", PYTHON_PATH, ""},
    // pyenv's shims are looked through
    {"pyenv's version file", SHIMS, "plain", NULL, NULL,
     "@/home/.pyenv/versions/3.11.4/bin/python3", "3.11.4", PYTHON_PATH, ""},
    {"PYENV_ROOT", "PATH=@/home/.pyenv/shims HOME=/nowhere PYENV_ROOT=@/home/.pyenv/", "plain",
     NULL, NULL, "@/home/.pyenv/versions/3.11.4/bin/python3", "3.11.4", PYTHON_PATH, ""},
    {"PYENV_VERSION", SHIMS " PYENV_VERSION=3.7.1", "project", NULL, NULL,
     "@/home/.pyenv/versions/3.7.1/bin/python3", "3.7.1", PYTHON_PATH, ""},
    {"PYENV_VERSION, an environment", SHIMS " PYENV_VERSION=mine", "plain", NULL, NULL,
     "@/home/.pyenv/versions/mine/bin/python3", "3.11.4", PYTHON_PATH, ""},
    {".python-version above, a prefix", SHIMS, "project/deep/er", NULL, NULL,
     "@/home/.pyenv/versions/3.11.10/bin/python3", "3.11.10", PYTHON_PATH, ""},
    {"system", SHIMS, "system", NULL, NULL, "@/bin/python3", "3.10.1", PYTHON_PATH, ""},
    {"a version that pyenv has not", SHIMS, "absent", NULL, NULL, NULL, NULL, ERR_NO_PYTHON,
     "--python 3.11.10"},
    {"a version that climbs", SHIMS, "climb", NULL, NULL, NULL, NULL, ERR_NO_PYTHON,
     "pyenv has no"},
    // a version asked
    {"X.Y on PATH", "PATH=@/bin HOME=@/home", "plain", "3.12", NULL, "@/bin/python3.12",
     "3.12.3", PYTHON_ASKED, ""},
    {"pythonX.Y", "PATH=@/bin HOME=@/home", "plain", "python3.12", NULL, "@/bin/python3.12",
     "3.12.3", PYTHON_ASKED, ""},
    {"X.Y of the plain python3", "PATH=@/bin HOME=@/home", "plain", "3.10", NULL,
     "@/bin/python3", "3.10.1", PYTHON_ASKED, ""},
    {"X.Y, folders of PATH in order", "PATH=@/late:@/venv/bin", "plain", "3.9", NULL,
     "@/late/python3.9", "3.9.5", PYTHON_ASKED, ""},
    {"X.Y, the active environment first", "PATH=@/late VIRTUAL_ENV=@/venv", "plain", "3.9",
     NULL, "@/venv/bin/python3", "3.9.9", PYTHON_VENV, ""},
    {"X.Y, the active environment does not fit", "PATH=@/bin VIRTUAL_ENV=@/venv", "plain",
     "3.12", NULL, "@/bin/python3.12", "3.12.3", PYTHON_ASKED, ""},
    {"X.Y, a broken active environment", "PATH=@/bin VIRTUAL_ENV=@/gone", "plain", "3.12", NULL,
     "@/bin/python3.12", "3.12.3", PYTHON_ASKED, ""},
    {"pyenv's newest that fits", "PATH=@/bin HOME=@/home", "plain", "3.11", NULL,
     "@/home/.pyenv/versions/3.11.10/bin/python3", "3.11.10", PYTHON_ASKED, ""},
    {"pyenv's chosen one first", SHIMS, "plain", ">=3.11", NULL,
     "@/home/.pyenv/versions/3.11.4/bin/python3", "3.11.4", PYTHON_ASKED, ""},
    {"X.Y.Z", "PATH=@/bin HOME=@/home", "plain", "3.11.4", NULL,
     "@/home/.pyenv/versions/3.11.4/bin/python3", "3.11.4", PYTHON_ASKED, ""},
    {"a pre-release by its X.Y", "PATH=@/bin HOME=@/home", "plain", "3.13", NULL,
     "@/home/.pyenv/versions/3.13.0b1/bin/python3", "3.13.0b1", PYTHON_ASKED, ""},
    {"specifiers", "PATH=@/bin HOME=@/home", "plain", ">=3.11,<3.12", NULL,
     "@/home/.pyenv/versions/3.11.10/bin/python3", "3.11.10", PYTHON_ASKED, ""},
    {"specifiers, python3 of PATH first", "PATH=@/bin HOME=@/home", "plain", ">=3.8", NULL,
     "@/bin/python3", "3.10.1", PYTHON_ASKED, ""},
    {"absent", "PATH=@/bin HOME=@/home", "plain", "3.5", NULL, NULL, NULL, ERR_NO_PYTHON,
     "3.10.1 (@/bin/python3)"},
    {"no version", "PATH=@/bin", "plain", "three", NULL, NULL, NULL, ERR_USAGE, "three"},
    // paths and names
    {"a path", "PATH=/", "plain", "@/bin/python3", NULL, "@/bin/python3", "3.10.1",
     PYTHON_ASKED, ""},
    {"a relative path", "PATH=/", "plain", "../bin/python3", NULL, "@/bin/python3", "3.10.1",
     PYTHON_ASKED, ""},
    {"an environment's folder", "PATH=/", "plain", "@/venv", NULL, "@/venv/bin/python3",
     "3.9.9", PYTHON_ASKED, ""},
    {"another implementation", "PATH=@/bin", "plain", "pypy3", NULL, "@/bin/pypy3", "3.9.2",
     PYTHON_ASKED, ""},
    {"a path that is not there", "PATH=/", "plain", "@/nowhere/python", NULL, NULL, NULL,
     ERR_NO_PYTHON, "@/nowhere/python"},
    {"a folder without one", "PATH=/", "plain", "@/plain", NULL, NULL, NULL, ERR_NO_PYTHON,
     "@/plain"},
    {"a file that cannot be executed", "PATH=/", "plain", "@/noexec/python3", NULL, NULL, NULL,
     ERR_NO_PYTHON, "not a program"},
    {"one that does not start", "PATH=/", "plain", "@/broken/python3", NULL, NULL, NULL,
     ERR_NO_PYTHON, "cannot open libpython3.so"},
    {"one that is none", "PATH=/", "plain", "@/liar/python3", NULL, NULL, NULL, ERR_NO_PYTHON,
     "not a Python"},
    // --env
    {"--env", "PATH=@/bin VIRTUAL_ENV=@/gone", "plain", NULL, "@/venv", "@/venv/bin/python3",
     "3.9.9", PYTHON_ENV, ""},
    {"--env, relative", "PATH=@/bin", "plain", NULL, "../conda", "@/conda/bin/python", "3.8.1",
     PYTHON_ENV, ""},
    {"--env with a version that fits", "PATH=@/bin", "plain", "3.9", "@/venv",
     "@/venv/bin/python3", "3.9.9", PYTHON_ENV, ""},
    {"--env with one that does not", "PATH=@/bin", "plain", "3.12", "@/venv", NULL, NULL,
     ERR_NO_PYTHON, "3.9.9"},
    {"--env that is gone", "PATH=@/bin", "plain", NULL, "@/nowhere", NULL, NULL, ERR_NO_ENV,
     "-m venv --clear @/nowhere"},
    {"--env without a Python", "PATH=@/bin", "plain", NULL, "@/plain", NULL, NULL, ERR_NO_ENV,
     "bin/python3"},
    {"--env whose Python is gone", "PATH=@/bin", "plain", NULL, "@/gone", NULL, NULL,
     ERR_NO_ENV, "gone"},
};

static void test_find(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(finds); i++) {
        CLEANUP_VARS struct vars vars = {0};
        CLEANUP_FREE char *text = expand(finds[i].vars);
        CLEANUP_FREE char *want = finds[i].want ? expand(finds[i].want) : NULL;
        CLEANUP_FREE char *env = finds[i].env ? expand(finds[i].env) : NULL;
        CLEANUP_FREE char *path = finds[i].path ? expand(finds[i].path) : NULL;
        CLEANUP_FREE char *words = expand(finds[i].words ? finds[i].words : "");
        CLEANUP_FREE char *cwd = mem_print("%s/%s", root, finds[i].cwd);
        struct python python;
        struct err err = {0};
        print_message("# %s\n", finds[i].name);
        strv_split(&vars.list, text, ' ');
        assert_int_equal(chdir(cwd), 0);
        struct python_ask ask = {want, env, &vars, NULL};
        int status = python_find(&ask, &python, &err);
        print_message("#     %s %s [%s] %s\n", python.path ? python.path : "",
                      python.facts.version ? python.facts.version : "", err_name(err.code),
                      err.text);
        assert_int_equal(status, path ? 0 : -1);
        if (path) {
            assert_string_equal(python.path, path);
            assert_string_equal(python.facts.version, finds[i].version);
            assert_int_equal(python.origin, finds[i].origin);
        } else {
            assert_int_equal(err.code, finds[i].origin);
            assert_true(strstr(err.text, words) || strstr(err.hint, words));
            assert_int_equal(python_find(&ask, &python, NULL), -1);
        }
        python_free(&python);
    }
    CLEANUP_FREE char *run = expand("@/shim-was-run");
    assert_int_equal(access(run, F_OK), -1);
}

static void test_prefix(void **state)
{
    (void)state;
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_FREE char *venv = expand("@/venv");
    struct python python;
    struct python_ask ask = {NULL, venv, &vars, NULL};
    assert_int_equal(python_find(&ask, &python, NULL), 0);
    assert_string_equal(python.facts.prefix, venv);
    assert_string_equal(python.facts.base, "/base9");
    python_free(&python);
}

// Facts are kept by what the file is: found again without a start, asked again when it changed.
static void test_cache(void **state)
{
    (void)state;
    static const char real[] = "/usr/bin/python3";
    if (access(real, X_OK) < 0) {
        print_message("# skipped: no %s\n", real);
        return;
    }
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_FREE char *cache = expand("@/cache");
    CLEANUP_FREE char *file = expand("@/cache/pythons");
    CLEANUP_STR struct str text = {0};
    struct python python;
    struct python_ask ask = {real, NULL, &vars, cache};
    assert_int_equal(python_find(&ask, &python, NULL), 0);
    CLEANUP_FREE char *truth = mem_dup(python.facts.version);
    python_free(&python);
    assert_int_equal(fs_read(AT_FDCWD, file, 1 << 20, &text, NULL), 0);
    assert_true(str_starts(text.text, "lopin-pythons 2\n"));
    // another version written there shows that it is read
    char *version = strstr(text.text, truth);
    assert_non_null(version);
    version[0] = '9';
    write_text("cache/pythons", text.text, 0600);
    assert_int_equal(python_find(&ask, &python, NULL), 0);
    assert_int_equal(python.facts.version[0], '9');
    python_free(&python);
    // damaged, foreign format, or of another file: asked again
    static const char *const odd[] = {"", "\n", "lopin-pythons 3\nx", "lopin-pythons 2",
                                      "lopin-pythons 2\n/usr/bin/python3 1 1 1 1 9.9.9 / /\n"};
    for (size_t i = 0; i < COUNT(odd); i++) {
        write_text("cache/pythons", odd[i], 0600);
        assert_int_equal(python_find(&ask, &python, NULL), 0);
        assert_string_equal(python.facts.version, truth);
        python_free(&python);
    }
    for (size_t cut = 0; cut < text.size; cut++) { // a text cut anywhere
        CLEANUP_FREE char *part = mem_dupn(text.text, cut);
        write_text("cache/pythons", part, 0600);
        if (cut % 16 == 0) {
            assert_int_equal(python_find(&ask, &python, NULL), 0);
            python_free(&python);
        }
    }
}

static const struct {
    const char *name, *before, *keep, *after, *dropped, *entries; // vars are words
} isolates[] = {
    {"nothing there", "PATH=@/bin HOME=@/home", "", "HOME=@/home PATH=@/bin PYTHONNOUSERSITE=1",
     "", NULL},
    {"dropped", "PATH=@/bin PYTHONPATH=/a:/b PYTHONHOME=/h PYTHONSTARTUP=s PYTHONHASHSEED=1",
     "", "PATH=@/bin PYTHONHASHSEED=1 PYTHONNOUSERSITE=1",
     "PYTHONHOME PYTHONPATH PYTHONSTARTUP", NULL},
    {"let through", "PATH=@/bin PYTHONPATH=/a PYTHONHOME=/h", "PYTHONPATH PYTHONNOUSERSITE",
     "PATH=@/bin PYTHONPATH=/a", "PYTHONHOME", NULL},
    {"modules' entries stay",
     "PATH=@/bin HOME=@/home LOADEDMODULES=python/3.11 "
     "PYTHONPATH=/opt/m:@/home/lib::rel:@/plain/x:/opt/n",
     "", "HOME=@/home LOADEDMODULES=python/3.11 PATH=@/bin PYTHONNOUSERSITE=1", "PYTHONPATH",
     "/opt/m:/opt/n"},
    {"only modules' entries", "PATH=@/bin HOME=@/home LOADEDMODULES=a PYTHONPATH=/opt/m", "",
     "HOME=@/home LOADEDMODULES=a PATH=@/bin PYTHONNOUSERSITE=1", "", "/opt/m"},
    {"an outer lopin's hook", "PATH=@/bin LOADEDMODULES=a PYTHONPATH=/c/hook-0123456789abcdef",
     "", "LOADEDMODULES=a PATH=@/bin PYTHONNOUSERSITE=1", "", NULL},
    {"a home whose name begins alike",
     "PATH=@/bin HOME=/opt/m LOADEDMODULES=a PYTHONPATH=/opt/m2", "",
     "HOME=/opt/m LOADEDMODULES=a PATH=@/bin PYTHONNOUSERSITE=1", "", "/opt/m2"},
    {"user site", "PATH=@/bin PYTHONUSERBASE=@/user", "",
     "PATH=@/bin PYTHONNOUSERSITE=1 PYTHONUSERBASE=@/user", "PYTHONNOUSERSITE", NULL},
    {"user site, off already", "PATH=@/bin PYTHONUSERBASE=@/user PYTHONNOUSERSITE=1", "",
     "PATH=@/bin PYTHONNOUSERSITE=1 PYTHONUSERBASE=@/user", "", NULL},
    {"another environment is left", "PATH=@/venv/bin:@/late:@/bin VIRTUAL_ENV=@/venv", "",
     "PATH=@/late:@/bin PYTHONNOUSERSITE=1", "", NULL},
    {"not first on PATH", "PATH=@/conda/bin:@/venv/bin:/bin VIRTUAL_ENV=@/venv", "",
     "PATH=@/bin:@/conda/bin:/bin PYTHONNOUSERSITE=1", "", NULL},
};

static void sort_words(struct strv *words, struct str *into)
{
    for (size_t i = 0; i < words->count; i++)
        for (size_t j = i + 1; j < words->count; j++)
            if (strcmp(words->item[i], words->item[j]) > 0) {
                char *word = words->item[i];
                words->item[i] = words->item[j];
                words->item[j] = word;
            }
    for (size_t i = 0; i < words->count; i++)
        str_print(into, "%s%s", i ? " " : "", words->item[i]);
}

static void test_isolate(void **state)
{
    (void)state;
    CLEANUP_FREE char *cwd = expand("@/plain");
    CLEANUP_FREE char *path = expand("@/bin/python3");
    assert_int_equal(chdir(cwd), 0);
    write_text("user/lib/python3.10/site-packages/x.py", "", 0644);
    write_python("conda/bin/python3", "3.8.1", "/conda");
    struct python python = {.path = path,
                            .facts = {.version = (char[]){"3.10.1"},
                                      .base = (char[]){"/base10"},
                                      .prefix = (char[]){"/base10"}},
                            .origin = PYTHON_PATH};
    for (size_t i = 0; i < COUNT(isolates); i++) {
        CLEANUP_VARS struct vars vars = {0};
        CLEANUP_STRV struct strv keep = {0};
        CLEANUP_STRV struct strv dropped = {0};
        CLEANUP_STR struct str have = {0};
        CLEANUP_STR struct str names = {0};
        CLEANUP_FREE char *before = expand(isolates[i].before);
        CLEANUP_FREE char *after = expand(isolates[i].after);
        CLEANUP_FREE char *entries = NULL;
        print_message("# %s\n", isolates[i].name);
        strv_split(&vars.list, before, ' ');
        strv_split(&keep, isolates[i].keep, ' ');
        python_isolate(&python, &vars, &keep, &dropped, &entries);
        sort_words(&vars.list, &have);
        sort_words(&dropped, &names);
        assert_string_equal(str_text(&have), after);
        assert_string_equal(str_text(&names), isolates[i].dropped);
        assert_string_equal(entries ? entries : "none",
                            isolates[i].entries ? isolates[i].entries : "none");
    }
}

static void test_isolate_venv(void **state)
{
    (void)state;
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_FREE char *path = expand("@/venv/bin/python3");
    CLEANUP_FREE char *prefix = expand("@/venv");
    CLEANUP_FREE char *before =
        expand("PATH=@/conda/bin:/bin VIRTUAL_ENV=@/other PYTHONUSERBASE=@/user");
    CLEANUP_FREE char *after = expand("@/venv/bin:@/conda/bin:/bin");
    CLEANUP_STRV struct strv dropped = {0};
    char *entries = NULL;
    struct python python = {
        .path = path,
        .facts = {.version = (char[]){"3.10.1"}, .base = (char[]){"/base"}, .prefix = prefix},
        .origin = PYTHON_ENV};
    strv_split(&vars.list, before, ' ');
    python_isolate(&python, &vars, NULL, &dropped, &entries);
    assert_string_equal(vars_get(&vars, "VIRTUAL_ENV"), prefix);
    assert_string_equal(vars_get(&vars, "PATH"), after);
    assert_int_equal(dropped.count, 0); // its pyvenv.cfg keeps the user site out already
    assert_null(entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),         cmocka_unit_test(test_prefix),
        cmocka_unit_test(test_cache),        cmocka_unit_test(test_isolate),
        cmocka_unit_test(test_isolate_venv),
    };
    return cmocka_run_group_tests_name("python", tests, make_tree, remove_tree);
}
