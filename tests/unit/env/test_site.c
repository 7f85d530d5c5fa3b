// SPDX-License-Identifier: Apache-2.0
// Environments of all makers are found by their files, and what is none is said to be none.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "cmocka.h"
#include "env/cfg.h"
#include "env/site.h"
#include "folder.h"

static void test_cfg(void **state)
{
    struct arena arena = {0};
    struct cfg cfg;
    struct err err = {0};
    (void)state;
    folder_text("venv",
                "home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.11.2\n"
                "executable = /usr/bin/python3.11\ncommand = /usr/bin/python3 -m venv = /x\n");
    assert_int_equal(cfg_read(AT_FDCWD, "venv", &arena, &cfg, &err), 0);
    assert_string_equal(cfg.home, "/usr/bin");
    assert_string_equal(cfg.version, "3.11.2");
    assert_null(cfg.prompt);
    assert_null(cfg.lopin);
    assert_int_equal(cfg.system_site, 0);
    folder_text(
        "uv",
        "HOME=/a b/bin\r\nimplementation = CPython\r\nuv = 0.9\r\n"
        "version_info=3.12.1\r\nInclude-System-Site-Packages =  TRUE \r\nprompt = 'it is'");
    assert_int_equal(cfg_read(AT_FDCWD, "uv", &arena, &cfg, &err), 0);
    assert_string_equal(cfg.home, "/a b/bin");
    assert_string_equal(cfg.version, "3.12.1");
    assert_string_equal(cfg.prompt, "it is");
    assert_int_equal(cfg.system_site, 1);
    folder_text("empty", "");
    assert_int_equal(cfg_read(AT_FDCWD, "empty", &arena, &cfg, &err), 0);
    assert_null(cfg.home);
    folder_text("odd", "no equal sign\n=\n = x\nhome\n'\nprompt = '\nlopin =");
    assert_int_equal(cfg_read(AT_FDCWD, "odd", &arena, &cfg, &err), 0);
    assert_null(cfg.home);
    assert_string_equal(cfg.prompt, "'");
    assert_string_equal(cfg.lopin, "");
    assert_int_equal(cfg_read(AT_FDCWD, "absent", &arena, &cfg, &err), -1);
    assert_int_equal(err.errnum, ENOENT);
    arena_free(&arena);
}

static void make_folder(const char *path)
{
    assert_int_equal(fs_make_dirs(AT_FDCWD, path, 0755, NULL), 0);
}

static void check(const char *folder, int minor, int is_lopin)
{
    struct site site;
    struct err err = {0};
    CLEANUP_FREE char *cwd = fs_cwd(NULL);
    CLEANUP_FREE char *prefix = mem_print("%s/%s", cwd, folder);
    CLEANUP_FREE char *packages = mem_print("%s/lib/python3.%d/site-packages", prefix, minor);
    assert_int_equal(site_open(prefix, &site, &err), 0);
    assert_int_equal(site.major, 3);
    assert_int_equal(site.minor, minor);
    assert_int_equal(site.is_lopin, is_lopin);
    assert_string_equal(site.packages, packages);
    site_free(&site);
}

static void test_found(void **state)
{
    (void)state;
    make_folder("venv/lib/python3.11/site-packages");
    folder_text("venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.2\n");
    check("venv", 11, 0);
    make_folder("ours/lib/python3.6/site-packages");
    folder_text("ours/pyvenv.cfg", "home = /usr/bin\nversion = 3.6.15\nlopin = 0.1\n");
    check("ours", 6, 1);
    // no version, or one that is not there: the newest folder of packages
    make_folder("bare/lib/python3.9/site-packages");
    make_folder("bare/lib/python3.10/site-packages");
    make_folder("bare/lib/python3.12");
    make_folder("bare/lib/python3.13t/site-packages");
    folder_text("bare/pyvenv.cfg", "home = /usr/bin\n");
    check("bare", 10, 0);
    folder_text("bare/pyvenv.cfg", "home = /usr/bin\nversion = 3.7.1\n");
    check("bare", 10, 0);
    make_folder("conda/lib/python3.8/site-packages");
    make_folder("conda/conda-meta");
    check("conda", 8, 0);
}

static void test_refused(void **state)
{
    struct site site;
    struct err err = {0};
    (void)state;
    assert_int_equal(site_open("/no/such", &site, &err), -1);
    assert_int_equal(err.code, ERR_NO_ENV);
    make_folder("folder/lib/python3.8/site-packages"); // no pyvenv.cfg: an installation
    assert_int_equal(site_open("folder", &site, &err), -1);
    assert_int_equal(err.code, ERR_NO_ENV);
    folder_text("hollow/pyvenv.cfg", "home = /usr/bin\nversion = 3.11.2\n");
    assert_int_equal(site_open("hollow", &site, &err), -1);
    assert_int_equal(err.code, ERR_NO_ENV);
    folder_text("file", "x");
    assert_int_equal(site_open("file", &site, &err), -1);
    assert_int_equal(err.code, ERR_NO_ENV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_cfg, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_found, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_refused, folder_setup, folder_teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
