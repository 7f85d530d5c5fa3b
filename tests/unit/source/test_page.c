// SPDX-License-Identifier: Apache-2.0
// Pages of indexes: HTML and JSON, what they say of a file, and what of them is not believed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "cmocka.h"
#include "source/page.h"

#define DIGITS "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef"
#define LOWER  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const char url[] = "https://h/simple/a/";

static int parse(struct arena *arena, const char *type, const char *text, struct page *ret,
                 struct err *err)
{
    *err = (struct err){0};
    return page_parse(arena, url, type, piece_of(text), ret, err);
}

static void test_html(void **state)
{
    struct arena arena = {0};
    struct page page;
    struct err err;
    (void)state;
    assert_int_equal(
        parse(
            &arena, "text/html; charset=utf-8",
            "<!DOCTYPE html><html><head><meta name=\"pypi:repository-version\" content=\"1.4\">"
            "</head><!-- <a href='x-1-py3-none-any.whl'>no</a> --><body>"
            "<script>var s = \"<a href='y-1-py3-none-any.whl'>\";</script>"
            "<A HREF=\"../../f/a-1.0-py3-none-any.whl#sha256=" DIGITS
            "\" data-requires-python='&gt;=3.8,&lt;4' data-core-metadata=sha256=" DIGITS
            " data-dist-info-metadata=false>a</a>"
            "<a data-yanked href=a-0.9-py3-none-any.whl data-dist-info-metadata=\"true\">a</a>"
            "<a href='/a-0.8.tar.gz' data-yanked=\"b&#97;d &#x263A; &amp; old\">a</a>"
            "<a name=x>anchor</a><a href='readme.txt'>r</a>",
            &page, &err),
        0);
    assert_int_equal(page.count, 3);
    assert_int_equal(page.odd, 1);
    assert_string_equal(page.link[0].url, "https://h/f/a-1.0-py3-none-any.whl");
    assert_string_equal(page.link[0].name, "a-1.0-py3-none-any.whl");
    assert_string_equal(page.link[0].sha256, LOWER);
    assert_string_equal(page.link[0].metadata_sha256, LOWER);
    assert_string_equal(page.link[0].requires_python, ">=3.8,<4");
    assert_null(page.link[0].yanked);
    assert_string_equal(page.link[1].url, "https://h/simple/a/a-0.9-py3-none-any.whl");
    assert_string_equal(page.link[1].yanked, "");
    assert_true(page.link[1].has_metadata);
    assert_null(page.link[1].metadata_sha256);
    assert_string_equal(page.link[2].url, "https://h/a-0.8.tar.gz");
    assert_string_equal(page.link[2].yanked, "bad \xe2\x98\xba & old");
    arena_free(&arena);
}

static void test_base(void **state)
{
    struct arena arena = {0};
    struct page page;
    struct err err;
    (void)state;
    assert_int_equal(
        parse(&arena, NULL,
              "<base href='/files/'><base href='/no/'><a href='a-1-py3-none-any.whl'>", &page,
              &err),
        0);
    assert_string_equal(page.link[0].url, "https://h/files/a-1-py3-none-any.whl");
    arena_free(&arena);
}

static void test_json(void **state)
{
    struct arena arena = {0};
    struct page page;
    struct err err;
    (void)state;
    assert_int_equal(
        parse(&arena, "application/vnd.pypi.simple.v1+json",
              "{\"meta\":{\"api-version\":\"1.1\"},\"name\":\"a\",\"files\":["
              "{\"filename\":\"a-1.0-py3-none-any.whl\",\"url\":\"https://f/"
              "a-1.0-py3-none-any.whl\","
              "\"hashes\":{\"sha256\":\"" DIGITS "\"},\"requires-python\":\">=3.9\",\"size\":7,"
              "\"core-metadata\":{\"sha256\":\"" DIGITS "\"},\"yanked\":false},"
              "{\"url\":\"a-2.0.tar.gz\",\"hashes\":{\"sha256\":\"short\"},\"yanked\":\"why\","
              "\"dist-info-metadata\":true,\"size\":-3},"
              "{\"url\":17},{\"hashes\":{}}, 5]}",
              &page, &err),
        0);
    assert_int_equal(page.count, 2);
    assert_string_equal(page.link[0].sha256, LOWER);
    assert_string_equal(page.link[0].metadata_sha256, LOWER);
    assert_string_equal(page.link[0].requires_python, ">=3.9");
    assert_null(page.link[0].yanked);
    assert_int_equal(page.link[0].size, 7);
    assert_string_equal(page.link[1].url, "https://h/simple/a/a-2.0.tar.gz");
    assert_null(page.link[1].sha256);
    assert_string_equal(page.link[1].yanked, "why");
    assert_true(page.link[1].has_metadata);
    assert_int_equal(page.link[1].size, -1);
    arena_free(&arena);
}

// A page from a network leads to http and https only.
static void test_hostile(void **state)
{
    static const char *const links[] = {
        "file:///etc/a-1-py3-none-any.whl",  "javascript:a-1-py3-none-any.whl",
        "ftp://h/a-1-py3-none-any.whl",      "https://h/..%2fa-1-py3-none-any.whl",
        "https://h/a%00-1-py3-none-any.whl", "data:,a-1-py3-none-any.whl",
    };
    struct arena arena = {0};
    struct page page;
    struct err err;
    (void)state;
    for (size_t i = 0; i < COUNT(links); i++) {
        CLEANUP_FREE char *text = mem_print("<a href='%s'>", links[i]);
        assert_int_equal(parse(&arena, NULL, text, &page, &err), 0);
        assert_int_equal(page.count, 0);
        assert_int_equal(page.odd, 1);
    }
    assert_int_equal(page_parse(&arena, "file:///w/page.html", NULL,
                                piece_of("<a href='a-1-py3-none-any.whl'>"), &page, &err),
                     0);
    assert_string_equal(page.link[0].url, "file:///w/a-1-py3-none-any.whl");
    arena_free(&arena);
}

static void test_refused(void **state)
{
    static const char json[] = "application/vnd.pypi.simple.v1+json";
    static const struct {
        const char *type, *text;
    } cases[] = {
        {NULL, "<meta name='pypi:repository-version' content='2.0'><a href='a-1.tar.gz'>"},
        {json, "{\"meta\":{\"api-version\":\"2.0\"},\"files\":[]}"},
        {json, "{\"files\":[{\"url\":"},
        {json, "{\"meta\":{}}"},
        {json, "[]"},
        {json, ""},
    };
    struct arena arena = {0};
    struct page page;
    struct err err;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(parse(&arena, cases[i].type, cases[i].text, &page, &err), -1);
        assert_int_equal(err.code, ERR_FETCH);
        assert_int_equal(page.count, 0);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html),    cmocka_unit_test(test_base),
        cmocka_unit_test(test_json),    cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
