// SPDX-License-Identifier: Apache-2.0
// What stands where in a folder of packages: each case is the files of some wheels, and the layout that
// comes of them as text: "ns/" a folder, "ns/a -> 0" a link to a folder of the first wheel, "a.py = 0" one
// to a file.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cmocka.h"
#include "env/layout.h"
#include "made.h"

static int by_text(const void *one, const void *two)
{
    return strcmp(*(char *const *)one, *(char *const *)two);
}

// Sorted, blank between; "!" and a path for each clash.
static void show(const struct layout *layout, struct str *ret)
{
    CLEANUP_STRV struct strv lines = {0};
    for (size_t i = 0; i < layout->count; i++) {
        const struct layout_item *item = &layout->item[i];
        if (item->kind == LAYOUT_FOLDER)
            strv_take(&lines, mem_print("%s/", item->path));
        else if (item->source == LAYOUT_KEPT)
            strv_take(&lines, mem_print("%s", item->path));
        else
            strv_take(&lines, mem_print("%s%s%d", item->path,
                                        item->kind == LAYOUT_LINK ? "->" : "=", item->source));
    }
    qsort(lines.item, lines.count, sizeof *lines.item, by_text);
    for (size_t i = 0; i < layout->clashes.count; i++)
        strv_take(&lines, mem_print("!%s", layout->clashes.item[i]));
    for (size_t i = 0; i < lines.count; i++)
        str_print(ret, "%s%s", i ? " " : "", lines.item[i]);
}

static const struct {
    const char *files[3]; // of each wheel
    const char *layout;
} cases[] = {
    // a folder that one wheel has is one link, whatever is in it
    {{"a/__init__.py a/b/c.py a/b/__pycache__/c.pyc a.libs/x.so"}, "a->0 a.libs->0"},
    // a module at the top, whose bytecode is beside that of others
    {{"six.py __pycache__/six.cpython-311.pyc"},
     "__pycache__/ __pycache__/six.cpython-311.pyc=0 six.py=0"},
    // a namespace can get more from others, so it is made; the packages in it are links
    {{"ns/a/__init__.py"}, "ns/ ns/a->0"},
    {{"ns/deep/a/__init__.py"}, "ns/ ns/deep/ ns/deep/a->0"},
    {{"ns/a.py"}, "ns/ ns/a.py=0"},
    {{"ns/deep/a.py"}, "ns/ ns/deep/ ns/deep/a.py=0"},
    {{"ns/a.cpython-311-x86_64-linux-gnu.so"}, "ns/ ns/a.cpython-311-x86_64-linux-gnu.so=0"},
    {{"ns/a.abi3.so"}, "ns/ ns/a.abi3.so=0"},
    // its bytecode too is beside that of others
    {{"ns/a.py ns/__pycache__/a.cpython-311.pyc"},
     "ns/ ns/__pycache__/ ns/__pycache__/a.cpython-311.pyc=0 ns/a.py=0"},
    // what has no Python is no namespace
    {{"a/__init__.py share/x.txt share/y/z.so"}, "a->0 share->0"},
    {{"ns/a/__init__.py", "ns/b/__init__.py"}, "ns/ ns/a->0 ns/b->1"},
    // a link is opened for the second that has the folder
    {{"a/__init__.py a/x/1.txt", "a/y/2.txt"}, "a/ a/__init__.py=0 a/x->0 a/y->1"},
    {{"a/__init__.py a/x/1.txt", "a/x/2.txt", "a/x/3.txt"},
     "a/ a/__init__.py=0 a/x/ a/x/1.txt=0 a/x/2.txt=1 a/x/3.txt=2"},
    // libraries that look for neighbours
    {{"a/__init__.py a/lib/x.so!"}, "a/ a/__init__.py=0 a/lib/ a/lib/x.so=0"},
    // a package that says itself that others share it
    {{"a/__init__.py! a/__pycache__/__init__.pyc a/b/__init__.py"},
     "a/ a/__init__.py=0 a/__pycache__/ a/__pycache__/__init__.pyc=0 a/b->0"},
    // the dist-info is the environment's own
    {{"a/__init__.py a-1.dist-info/METADATA a-1.dist-info/licenses/L"},
     "a-1.dist-info/ a-1.dist-info/METADATA=0 a-1.dist-info/licenses->0 a->0"},
    // the same file twice: the later one's; said, unless they are equal
    {{"x.py", "x.py"}, "x.py=1"},
    {{"x.py", "x.py#"}, "x.py=1 !x.py: w0, w1"},
    {{"ns/a/__init__.py", "ns/a/__init__.py#"},
     "ns/ ns/a/ ns/a/__init__.py=1 !ns/a/__init__.py: w0, w1"},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = {0};
        struct layout layout = {0};
        struct layout_source source[3];
        CLEANUP_STR struct str text = {0};
        print_message("# %s\n", cases[i].layout);
        for (size_t w = 0; w < COUNT(cases[i].files) && cases[i].files[w]; w++) {
            source[w] = made_source(&arena, (int)w, cases[i].files[w]);
            assert_int_equal(layout_add(&layout, source, (int)w, NULL), 0);
        }
        show(&layout, &text);
        assert_string_equal(str_text(&text), cases[i].layout);
        layout_free(&layout);
        arena_free(&arena);
    }
}

// Links to files alone: hard links and copies.
static void test_files(void **state)
{
    struct arena arena = {0};
    struct layout layout = {.files = 1};
    const struct layout_source source = made_source(&arena, 0, "a/__init__.py a/b/c.py");
    CLEANUP_STR struct str text = {0};
    (void)state;
    assert_int_equal(layout_add(&layout, &source, 0, NULL), 0);
    show(&layout, &text);
    assert_string_equal(text.text, "a/ a/__init__.py=0 a/b/ a/b/c.py=0");
    layout_free(&layout);
    arena_free(&arena);
}

// What is there and stays.
static void test_kept(void **state)
{
    struct arena arena = {0};
    struct layout layout = {0};
    const struct layout_source source =
        made_source(&arena, 0, "a/__init__.py a/x/1.txt x.py b/__init__.py");
    CLEANUP_STR struct str text = {0};
    (void)state;
    layout_keep(&layout, "a", 1);
    layout_keep(&layout, "a/mine.py", 0);
    layout_keep(&layout, "x.py", 0);
    assert_int_equal(layout_add(&layout, &source, 0, NULL), 0);
    show(&layout, &text);
    assert_string_equal(text.text,
                        "a/ a/__init__.py=0 a/mine.py a/x->0 b->0 x.py=0 !x.py: ?, w0");
    layout_free(&layout);
    arena_free(&arena);
}

static void test_refused(void **state)
{
    static const char *const pairs[][2] = {
        {"a/__init__.py", "a"}, {"a", "a/__init__.py"}, {"ns/a/__init__.py", "ns"}};
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct arena arena = {0};
        struct layout layout = {0};
        struct err err = {0};
        const struct layout_source source[] = {made_source(&arena, 0, pairs[i][0]),
                                               made_source(&arena, 1, pairs[i][1])};
        assert_int_equal(layout_add(&layout, source, 0, NULL), 0);
        assert_int_equal(layout_add(&layout, source, 1, &err), -1);
        assert_int_equal(err.code, ERR_BAD_WHEEL);
        layout_free(&layout);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_files), cmocka_unit_test(test_kept),
        cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
