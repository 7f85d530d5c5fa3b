// SPDX-License-Identifier: Apache-2.0
// Candidates from wheelhouses: which file of a version is the best, what is refused, and what is said.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmocka.h"
#include "folder.h"
#include "source/cache.h"
#include "source/source.h"

struct bench {
    struct arena arena;
    struct vars vars;
    struct strv links;
    struct tags tags;
    struct source_ask ask;
    struct source *source;
};

static void begin(struct bench *bench, const char *folder, const char *const *links)
{
    static const struct tag_facts facts = {
        .major = 3, .minor = 11, .platform = "linux-x86_64", .glibc = {2, 36}};
    struct err err = {0};
    *bench = (struct bench){0};
    for (; *links; links++)
        strv_add(&bench->links, *links);
    tags_supported(&bench->arena, &facts, &bench->tags);
    bench->ask = (struct source_ask){.find_links = &bench->links,
                                     .no_index = 1,
                                     .vars = &bench->vars,
                                     .cwd = folder,
                                     .tags = &bench->tags,
                                     .python = "3.11.7"};
    bench->source = source_new(&bench->ask, &err);
    assert_non_null(bench->source);
}

static const struct source_project *project(struct bench *bench, const char *name)
{
    struct err err = {0};
    const struct source_project *found = source_project(bench->source, name, &err);
    assert_non_null(found);
    return found;
}

static void end(struct bench *bench)
{
    source_free(bench->source);
    strv_free(&bench->links);
    tags_free(&bench->tags);
    vars_free(&bench->vars);
    arena_free(&bench->arena);
}

static void test_order_of_houses(void **state)
{
    static const char *const first[] = {"x86-64-v4", "x86-64-v3", "generic", "absent", NULL};
    static const char *const second[] = {"generic", "x86-64-v3", "x86-64-v4", NULL};
    static const char *const wheel[] = {"x86-64-v4/a-1.0-cp311-cp311-linux_x86_64.whl",
                                        "x86-64-v3/a-1.0-cp311-cp311-linux_x86_64.whl",
                                        "generic/a-1.0-cp311-cp311-linux_x86_64.whl"};
    struct bench bench;
    CLEANUP_STRV struct strv notes = {0};
    for (size_t i = 0; i < COUNT(wheel); i++)
        folder_text(wheel[i], "");
    begin(&bench, *state, first);
    const struct source_project *a = project(&bench, "a");
    assert_int_equal(source_places(bench.source), 3); // what is not there is passed over
    assert_int_equal(a->count, 1);
    assert_string_equal(a->item[0].file->label, "x86-64-v4");
    assert_int_equal(a->item[0].also_count, 3);
    source_note(bench.source, a, a->item, &notes);
    assert_int_equal(notes.count, 1);
    assert_string_equal(notes.item[0],
                        "a 1.0: x86-64-v4 taken (of x86-64-v4, x86-64-v3, generic)");
    end(&bench);
    begin(&bench, *state, second);
    assert_string_equal(project(&bench, "a")->item[0].file->label, "generic");
    end(&bench);
}

static void test_best_of_a_version(void **state)
{
    static const char *const links[] = {"one", "two", NULL};
    struct bench bench;
    // Tags count before builds, builds before places.
    folder_text("one/t-1.0-py3-none-any.whl", "");
    folder_text("two/t-1.0-cp311-abi3-linux_x86_64.whl", "");
    folder_text("one/b-1.0-2-py3-none-any.whl", "");
    folder_text("two/b-1.0-10-py3-none-any.whl", "");
    folder_text("one/L_o.cal-1.0-py3-none-any.whl", "");
    folder_text("two/l.o-cal-1.0.zip", "");
    folder_text("two/l_o_cal-1.0+site.2-py3-none-any.whl", "");
    folder_text("two/l_o_cal-1.0+site.10-py3-none-any.whl", "");
    begin(&bench, *state, links);
    assert_string_equal(project(&bench, "t")->item[0].file->name,
                        "t-1.0-cp311-abi3-linux_x86_64.whl");
    assert_string_equal(project(&bench, "b")->item[0].file->name, "b-1.0-10-py3-none-any.whl");
    const struct source_project *local = project(&bench, "l-o-cal");
    assert_int_equal(local->count, 3);
    assert_string_equal(local->item[0].text, "1.0+site.10");
    assert_string_equal(local->item[1].text, "1.0+site.2");
    assert_string_equal(local->item[2].text, "1.0");
    end(&bench);
}

static void test_refused(void **state)
{
    static const char *const links[] = {"w", NULL};
    struct bench bench;
    struct specifiers set;
    CLEANUP_STR struct str all = {0}, some = {0}, none = {0};
    folder_text("w/n-1.24.4-cp311-cp311-linux_x86_64.whl", "");
    folder_text("w/n-1.25.2-cp311-cp311-linux_x86_64.whl", "");
    folder_text("w/n-2.1.0-cp312-cp312-linux_x86_64.whl", "");
    folder_text("w/n-2.1.0-cp313-cp313-linux_x86_64.whl", "");
    folder_text("w/n-2.2.0.tar.gz", "");
    folder_text("w/n-2.0.0-cp311-cp311-manylinux_2_40_x86_64.whl", "");
    folder_text("w/notes.txt", "");
    folder_text("w/odd.whl", "");
    begin(&bench, *state, links);
    const struct source_project *n = project(&bench, "n");
    assert_int_equal(n->count, 2);
    assert_int_equal(n->file_count, 6);
    assert_int_equal(n->file[0]->refused, SOURCE_ARCHIVE);
    assert_int_equal(source_odd(bench.source), 2);
    source_describe(bench.source, n, NULL, &all);
    CLEANUP_FREE char *wanted =
        mem_print("1.25.2, 1.24.4 in %s/w; 2.2.0 only as a source archive; 2.1.0 only "
                  "for Python 3.12, 3.13; 2.0.0 only for manylinux_2_40_x86_64",
                  (char *)*state);
    assert_string_equal(str_text(&all), wanted);
    assert_int_equal(specifiers_parse(&bench.arena, piece_of(">=2.1,<2.2"), &set, NULL), 0);
    source_describe(bench.source, n, &set, &some);
    assert_non_null(strstr(str_text(&some), "2.1.0 only for Python 3.12, 3.13"));
    assert_null(strstr(str_text(&some), "2.2.0"));
    source_describe(bench.source, project(&bench, "absent"), NULL, &none);
    CLEANUP_FREE char *nowhere = mem_print("nowhere (%s/w)", (char *)*state);
    assert_string_equal(str_text(&none), nowhere);
    end(&bench);
}

static void test_newer_generic(void **state)
{
    static const char *const links[] = {"avx512", "generic", NULL};
    struct bench bench;
    CLEANUP_STRV struct strv notes = {0};
    folder_text("avx512/n-1.26.4-cp311-cp311-linux_x86_64.whl", "");
    folder_text("generic/n-2.0-cp311-cp311-linux_x86_64.whl", "");
    begin(&bench, *state, links);
    const struct source_project *n = project(&bench, "n");
    source_note(bench.source, n, n->item, &notes);
    assert_int_equal(notes.count, 1);
    assert_string_equal(notes.item[0], "n 2.0 (generic) beats 1.26.4 (avx512)");
    strv_free(&notes);
    source_note(bench.source, n, n->item + 1, &notes);
    assert_int_equal(notes.count, 0);
    end(&bench);
}

static void test_no_binary(void **state)
{
    static const char *const links[] = {"w", NULL};
    struct bench bench;
    struct err err = {0};
    CLEANUP_PICK struct pick formats = {0};
    folder_text("w/a-1.0-py3-none-any.whl", "");
    folder_text("w/b-1.0-py3-none-any.whl", "");
    begin(&bench, *state, links);
    source_free(bench.source);
    pick_add(&formats, 0, ":all:");
    pick_add(&formats, 1, "b");
    bench.ask.formats = &formats;
    bench.source = source_new(&bench.ask, &err);
    assert_int_equal(project(&bench, "a")->count, 0);
    assert_int_equal(project(&bench, "a")->file[0]->refused, SOURCE_NO_BINARY);
    assert_int_equal(project(&bench, "b")->count, 1);
    end(&bench);
}

static void test_page_of_this_machine(void **state)
{
    static const char *const links[] = {"w/page.html", "w/c-3.0-py3-none-any.whl", NULL};
    struct bench bench;
    const char **names;
    size_t count;
    folder_text("w/page.html",
                "<a href='a-1.0-py3-none-any.whl'>a</a>"
                "<a href='b-1.0-py3-none-any.whl' data-requires-python='&gt;=3.12'>"
                "<a href='b-0.9-py3-none-any.whl' data-yanked='broken'>");
    folder_text("w/c-3.0-py3-none-any.whl", "");
    begin(&bench, *state, links);
    assert_true(project(&bench, "a")->item[0].file->local);
    CLEANUP_FREE char *path = mem_print("%s/w/a-1.0-py3-none-any.whl", (char *)*state);
    assert_string_equal(project(&bench, "a")->item[0].file->url, path);
    const struct source_project *b = project(&bench, "b");
    assert_int_equal(b->count, 1);
    assert_string_equal(b->item[0].file->yanked, "broken");
    assert_int_equal(b->file[0]->refused, SOURCE_PYTHON);
    assert_int_equal(project(&bench, "c")->count, 1);
    source_names(bench.source, &names, &count);
    assert_int_equal(count, 3);
    assert_string_equal(names[2], "c");
    end(&bench);
}

static void test_cache(void **state)
{
    static const char url[] = "https://user:secret@h/simple/a/";
    CLEANUP_CACHED struct cached got = {0};
    struct cached page = {.from = mem_dup(url),
                          .type = mem_dup("text/html; a=%"),
                          .etag = mem_dup("\"x y\""),
                          .time = 1000,
                          .max_age = 60};
    str_add_bytes(&page.body, "a\n\0b", 4);
    assert_false(cache_read(*state, url, &got));
    cache_write(*state, url, &page);
    assert_true(cache_read(*state, "https://h/simple/a/", &got)); // whoever asks
    assert_string_equal(got.type, page.type);
    assert_string_equal(got.etag, page.etag);
    assert_string_equal(got.from, "https://h/simple/a/");
    assert_null(got.changed);
    assert_int_equal(got.body.size, 4);
    assert_memory_equal(got.body.text, "a\n\0b", 4);
    assert_true(cache_is_fresh(&got, 1059));
    assert_false(cache_is_fresh(&got, 1060));
    assert_false(cache_is_fresh(&got, 999)); // of the future: the clock was set back
    cached_free(&got);
    assert_false(cache_read(*state, "https://h/simple/b/", &got));
    cached_free(&page);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_order_of_houses), IN_FOLDER(test_best_of_a_version),
        IN_FOLDER(test_refused),         IN_FOLDER(test_newer_generic),
        IN_FOLDER(test_no_binary),       IN_FOLDER(test_page_of_this_machine),
        IN_FOLDER(test_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
