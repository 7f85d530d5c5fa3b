// SPDX-License-Identifier: Apache-2.0
// Outputs that would meet: by name, through links, inside each other, on top of what is read.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "cmocka.h"
#include "dataset/goals.h"
#include "folder.h"

static const struct goal_case {
    const char *dataset[2], *goal[2]; // relative to the folder
    const char *words;                // of the error after its first word; NULL: none
    const char *hint;
} cases[] = {
    {{"d/a", "d/b"}, {"out/a", "out/b"}, NULL, NULL},
    {{"d/a", "e/a"}, {"out/a", "out/a"}, "two datasets have the output", "{//}"},
    {{"d/a.x", "d/a.y"},
     {"out/a", "out/a"},
     "two datasets have the output",
     "{/} instead of {/.}"},
    {{"d/a", "d/a"}, {"out/a", "out/a"}, "two datasets have the output", "{#}"},
    {{"d/a", "d/b"}, {"out/a", "link/a"}, "two datasets have the output", NULL}, // link -> out
    {{"d/a", "d/b"},
     {"out/there", "hard"},
     "two datasets have the output",
     NULL}, // one file, two names
    {{"d/a", "d/b"}, {"out/a", "out/a/b"}, "lies inside the output", NULL},
    {{"d/a", "d/b"}, {"out/a/x/b", "out/a"}, "lies inside the output", NULL},
    {{"d/a", "d/b"}, {"link", "out/b"}, NULL, NULL}, // replaces the link itself
    {{"d/a", "d/b"}, {"out/a", "out/ab"}, NULL, NULL},
    {{"d/a", "d/b"}, {"out/a", "d/a"}, "would replace the dataset", "folder of its own"},
    {{"d/a", "d/b"}, {"out/a", "dlink/b"}, "would replace the dataset", NULL}, // dlink -> d
    {{"dlink/a", "d/b"}, {"d/a", "out/b"}, "would replace the dataset", NULL},
    {{"d/a", "d/b"}, {"out/a", "d"}, "would replace the dataset", NULL}, // the folder around it
    {{"d/a", "d/b"}, {"out/a", "hard-a"}, "would replace the dataset", NULL},
    {{"./d/../d/a", "x"}, {"out/x", "d/a"}, "would replace the dataset", NULL},
    {{"d", "x"}, {"out/x", "d"}, "would replace the dataset", NULL}, // a folder as dataset
    {{"5", "6"}, {"5", "6"}, NULL, NULL},                            // texts that name no file
    {{"d/a", "d/b"}, {"out/a", "s/fit.py"}, "would replace the script", NULL},
    {{"d/a", "d/b"}, {"s", "out/b"}, "would replace the script", NULL},
};

static void test_goals(void **state)
{
    const char *cwd = *state;

    folder_text("d/a", "a");
    folder_text("d/b", "b");
    folder_text("out/there", "");
    folder_text("s/fit.py", "");
    assert_int_equal(symlink("out", "link"), 0);
    assert_int_equal(symlink("d", "dlink"), 0);
    assert_int_equal(link("out/there", "hard"), 0);
    assert_int_equal(link("d/a", "hard-a"), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct dataset items[2];
        char *goal[2];
        struct err err = {0};

        print_message("# %s %s -> %s %s\n", cases[i].dataset[0], cases[i].dataset[1],
                      cases[i].goal[0], cases[i].goal[1]);
        for (uint32_t j = 0; j < 2; j++) {
            items[j] = (struct dataset){.column = (const char **)&cases[i].dataset[j],
                                        .text = cases[i].dataset[j],
                                        .number = j + 1};
            goal[j] = fs_absolute(cwd, cases[i].goal[j]);
        }
        const struct datasets datasets = {.item = items, .count = 2, .columns = 1};
        int result =
            goals_check((const char *const *)goal, &datasets, NULL, cwd, "s/fit.py", &err);

        assert_int_equal(result, cases[i].words != NULL ? -1 : 0);
        assert_int_equal(err.code, cases[i].words != NULL ? ERR_SAME_OUTPUT : ERR_NONE);
        if (cases[i].words != NULL)
            assert_non_null(strstr(err.text, cases[i].words));
        if (cases[i].hint != NULL)
            assert_non_null(strstr(err.hint, cases[i].hint));
        free(goal[0]);
        free(goal[1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_goals)};

    return cmocka_run_group_tests_name("map/goals", tests, folder_setup, folder_teardown);
}
