// SPDX-License-Identifier: Apache-2.0
// pip's configuration: the levels of its files, sections, variables, lists.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "folder.h"
#include "source/ini.h"
#include "source/pipconf.h"

static void read_with(const char *folder, struct vars *vars, struct pipconf *conf)
{
    CLEANUP_FREE char *home = mem_print("%s/home", folder);
    CLEANUP_FREE char *prefix = mem_print("%s/venv", folder);
    struct err err = {0};
    vars_set(vars, "HOME", home);
    const struct pipconf_ask ask = {
        .vars = vars, .root = folder, .prefix = prefix, .command = "install"};
    assert_int_equal(pipconf_read(&ask, conf, &err), 0);
}

static void test_levels(void **state)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_PIPCONF struct pipconf conf = {0};
    folder_text("etc/xdg/pip/pip.conf",
                "[global]\ntimeout = 1\nretries=1\nproxy=1\ncert=1\npre=1\n");
    folder_text("etc/pip.conf", "[global]\nretries = 2\nproxy: 2\ncert=2\npre=2\n");
    folder_text("home/.pip/pip.conf", "[global]\nproxy = 3\ncert=3\npre=3\n");
    folder_text("home/.config/pip/pip.conf", "[global]\ncert = 4\npre=4\n[install]\npre = 5\n");
    folder_text("venv/pip.conf", "[global]\npre = 6\n[download]\npre = 7\n");
    read_with(*state, &vars, &conf);
    assert_string_equal(pipconf_get(&conf, "timeout", "default-timeout"), "1");
    assert_string_equal(pipconf_get(&conf, "retries", NULL), "2");
    assert_string_equal(pipconf_get(&conf, "proxy", NULL), "3");
    assert_string_equal(pipconf_get(&conf, "cert", NULL), "4");
    assert_string_equal(pipconf_get(&conf, "pre", NULL),
                        "5"); // the command's section counts more
    assert_int_equal(conf.files.count, 5);
    pipconf_free(&conf);

    vars_set(&vars, "PIP_PRE", "8");
    vars_set(&vars, "PIP_DEFAULT_TIMEOUT", "30");
    read_with(*state, &vars, &conf);
    assert_string_equal(pipconf_get(&conf, "pre", NULL), "8");
    assert_string_equal(pipconf_get(&conf, "timeout", "default-timeout"), "30");
    assert_string_equal(pipconf_find(&conf, "pre", NULL)->origin, ":env:");
    pipconf_free(&conf);

    CLEANUP_FREE char *own = mem_print("%s/own.conf", (char *)*state);
    folder_text("own.conf", "[global]\nretries = 9\n");
    vars_set(&vars, "PIP_CONFIG_FILE", own); // the user's files are then not read
    read_with(*state, &vars, &conf);
    assert_string_equal(pipconf_get(&conf, "retries", NULL), "9");
    assert_string_equal(pipconf_get(&conf, "proxy", NULL), "2");
    assert_string_equal(pipconf_get(&conf, "cert", NULL), "2");
    pipconf_free(&conf);

    vars_set(&vars, "PIP_CONFIG_FILE", "/dev/null");
    read_with(*state, &vars, &conf);
    assert_int_equal(conf.files.count, 0);
    assert_null(pipconf_get(&conf, "retries", NULL));
    assert_string_equal(pipconf_get(&conf, "pre", NULL), "8");
}

static void test_site(void **state)
{
    // As the Alliance's, of which each processor's level has one.
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_PIPCONF struct pipconf conf = {0};
    CLEANUP_STRV struct strv links = {0};
    CLEANUP_PICK struct pick pick = {0};
    int prefer = 0;
    CLEANUP_FREE char *own = mem_print("%s/pip.conf", (char *)*state);
    folder_text("pip.conf", "[global]\nformat = columns\n\n[install]\n"
                            "find-links = /w/x86-64-v4\n    /w/x86-64-v3\n  # not this one\n"
                            "\n\t/w/generic\nprefer_binary = True\n"
                            "only-binary = numpy,SciPy, h5py\nconstraint=/w/constraints.txt\n");
    vars_set(&vars, "PIP_CONFIG_FILE", own);
    read_with(*state, &vars, &conf);
    pipconf_list(&conf, "find-links", &links);
    assert_int_equal(links.count, 3);
    assert_string_equal(links.item[0], "/w/x86-64-v4");
    assert_string_equal(links.item[2], "/w/generic");
    assert_int_equal(pipconf_flag(&conf, "prefer-binary", &prefer, NULL), 0);
    assert_int_equal(prefer, 1);
    pipconf_pick(&conf, "no-binary", "only-binary", &pick);
    assert_int_equal(pick_which(&pick, "scipy"), 1);
    assert_int_equal(pick_which(&pick, "pandas"), -1);
}

static void test_ini(void **state)
{
    static const char *const bad[] = {
        "key = 1\n",  "[a]\nkey\n", "[a]\nb=1\n[a]\nc=1\n", "[a]\nb=1\nB_=2\nb=3\n",
        "[a]\n= 1\n", "[]\nb=1\n",
    };
    struct arena arena = {0};
    struct ini ini;
    struct err err = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(ini_parse(&arena, "pip.conf", piece_of(bad[i]), &ini, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_true(str_starts(err.text, "pip.conf:"));
    }
    assert_int_equal(ini_parse(&arena, "f",
                               piece_of("[DEFAULT]\na=1\nb=2\r\n[x]\nB = 3\n--No_Index : yes\n"
                                        "[y]\nl =\n  1\n\n  2\n\n[z] trailing\nv = a = b ; c"),
                               &ini, &err),
                     0);
    static const char *const wanted[][3] = {
        {"x", "a", "1"}, {"x", "b", "3"}, {"x", "no-index", "yes"},
        {"y", "a", "1"}, {"y", "b", "2"}, {"y", "l", "\n1\n\n2"},
        {"z", "a", "1"}, {"z", "b", "2"}, {"z", "v", "a = b ; c"},
    };
    assert_int_equal(ini.count, COUNT(wanted));
    for (size_t i = 0; i < COUNT(wanted); i++) {
        assert_string_equal(ini.item[i].section, wanted[i][0]);
        assert_string_equal(ini.item[i].key, wanted[i][1]);
        assert_string_equal(ini.item[i].value, wanted[i][2]);
    }
    arena_free(&arena);
}

static void test_wrong_values(void **state)
{
    CLEANUP_VARS struct vars vars = {0};
    CLEANUP_PIPCONF struct pipconf conf = {0};
    struct err err = {0};
    int flag = 1;
    unsigned long number = 7;
    vars_set(&vars, "PIP_NO_INDEX", "maybe");
    vars_set(&vars, "PIP_RETRIES", "many");
    vars_set(&vars, "PIP_TIMEOUT", "2.5");
    read_with(*state, &vars, &conf);
    assert_int_equal(pipconf_flag(&conf, "no-index", &flag, &err), -1);
    assert_non_null(strstr(err.text, ":env:"));
    assert_int_equal(pipconf_number(&conf, "retries", NULL, &number, &err), -1);
    assert_int_equal(number, 7);
    assert_int_equal(pipconf_number(&conf, "timeout", NULL, &number, &err), 0);
    assert_int_equal(number, 2);
    assert_int_equal(pipconf_flag(&conf, "absent", &flag, &err), 0);
    assert_int_equal(flag, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_levels, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_site, folder_setup, folder_teardown),
        cmocka_unit_test(test_ini),
        cmocka_unit_test_setup_teardown(test_wrong_values, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
