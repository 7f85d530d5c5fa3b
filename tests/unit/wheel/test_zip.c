// SPDX-License-Identifier: Apache-2.0
// Archives: read, looked up, refused. Each is made here, then one thing in it is made wrong.
#include <libdeflate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmocka.h"
#include "wheel/zip.h"

struct made {
    struct str bytes, central;
    unsigned count;
    size_t entry[8]; // where they begin in `central`
};
enum { DEFLATED = 1, DESCRIBED = 2, ZIP64 = 4, BARE = 8 };

static void put(struct str *into, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        str_add_char(into, (char)(number >> (8 * i)));
}

static void add_sizes(struct str *into, uint32_t crc, size_t packed, size_t size, int width)
{
    put(into, crc, 4);
    put(into, packed, width);
    put(into, size, width);
}

static void add(struct made *made, const char *name, const char *text, int how, unsigned mode)
{
    struct str packed = {0};
    size_t size = strlen(text), length = strlen(name);
    uint32_t crc = libdeflate_crc32(0, text, size);
    unsigned flags = how & DESCRIBED ? 8 : 0, method = how & DEFLATED ? 8 : 0;
    if (how & DEFLATED) {
        struct libdeflate_compressor *deflate = libdeflate_alloc_compressor(6);
        char out[4096];
        str_add_bytes(&packed, out,
                      libdeflate_deflate_compress(deflate, text, size, out, sizeof out));
        libdeflate_free_compressor(deflate);
    } else {
        str_add(&packed, text);
    }
    size_t at = made->bytes.size;
    made->entry[made->count++] = made->central.size;
    put(&made->bytes, 0x04034b50, 4);
    put(&made->bytes, 20, 2);
    put(&made->bytes, flags, 2);
    put(&made->bytes, method, 2);
    put(&made->bytes, 0, 4);
    if (how & DESCRIBED)
        add_sizes(&made->bytes, 0, 0, 0, 4);
    else
        add_sizes(&made->bytes, crc, packed.size, size, 4);
    put(&made->bytes, length, 2);
    put(&made->bytes, 0, 2);
    str_add(&made->bytes, name);
    str_add_bytes(&made->bytes, str_text(&packed), packed.size);
    if (how & DESCRIBED) {
        put(&made->bytes, 0x08074b50, how & BARE ? 0 : 4);
        add_sizes(&made->bytes, crc, packed.size, size, how & ZIP64 ? 8 : 4);
    }
    put(&made->central, 0x02014b50, 4);
    put(&made->central, 20 | 3 << 8, 2);
    put(&made->central, 20, 2);
    put(&made->central, flags, 2);
    put(&made->central, method, 2);
    put(&made->central, 0, 4);
    if (how & ZIP64)
        add_sizes(&made->central, crc, UINT32_MAX, UINT32_MAX, 4);
    else
        add_sizes(&made->central, crc, packed.size, size, 4);
    put(&made->central, length, 2);
    put(&made->central, how & ZIP64 ? 28 : 0, 2);
    put(&made->central, 0, 6);
    put(&made->central, mode << 16, 4);
    put(&made->central, how & ZIP64 ? UINT32_MAX : at, 4);
    str_add(&made->central, name);
    if (how & ZIP64) {
        put(&made->central, 1, 2);
        put(&made->central, 24, 2);
        put(&made->central, size, 8);
        put(&made->central, packed.size, 8);
        put(&made->central, at, 8);
    }
    str_free(&packed);
}

static struct piece finish(struct made *made, int how, const char *comment)
{
    size_t from = made->bytes.size;
    str_add_bytes(&made->bytes, made->central.text, made->central.size);
    size_t end = made->bytes.size, size = made->central.size;
    if (how & ZIP64) {
        put(&made->bytes, 0x06064b50, 4);
        put(&made->bytes, 44, 8);
        put(&made->bytes, 45 | 45 << 16, 4);
        put(&made->bytes, 0, 8);
        put(&made->bytes, made->count, 8);
        put(&made->bytes, made->count, 8);
        put(&made->bytes, size, 8);
        put(&made->bytes, from, 8);
        put(&made->bytes, 0x07064b50, 4);
        put(&made->bytes, 0, 4);
        put(&made->bytes, end, 8);
        put(&made->bytes, 1, 4);
    }
    put(&made->bytes, 0x06054b50, 4);
    put(&made->bytes, 0, 4);
    put(&made->bytes, how & ZIP64 ? 0xffff : made->count, 2);
    put(&made->bytes, how & ZIP64 ? 0xffff : made->count, 2);
    put(&made->bytes, how & ZIP64 ? UINT32_MAX : size, 4);
    put(&made->bytes, how & ZIP64 ? UINT32_MAX : from, 4);
    put(&made->bytes, strlen(comment), 2);
    str_add(&made->bytes, comment);
    return (struct piece){made->bytes.text, made->bytes.size};
}

static void made_free(struct made *made)
{
    str_free(&made->bytes);
    str_free(&made->central);
}

static struct piece three(struct made *made, int how)
{
    add(made, "a/b.py", "print(1)\n", how, 0100755);
    add(made, "a/", "", how & ~DEFLATED, 040755);
    add(made, "a-1.dist-info/METADATA", "Name: a\nName: a\nName: a\nName: a\n", how, 0);
    return finish(made, how, how & ZIP64 ? "words" : "");
}

static void check_three(int how)
{
    struct made made = {0};
    struct arena arena = {0};
    struct zip zip;
    struct zip_entry found;
    struct piece text;
    struct err err = {0};
    struct piece bytes = three(&made, how);
    CLEANUP_INFLATER struct inflater *inflater = inflater_new();
    print_message("# %d\n", how);
    int opened = zip_open(&arena, bytes, &zip, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(opened, 0);
    assert_int_equal(zip.count, 3);
    assert_int_equal(zip.total, 41);
    assert_true(piece_is(zip.entry[0].name, "a/b.py") && zip.entry[0].mode == 0100755);
    assert_true(zip_is_folder(&zip.entry[1]) && !zip_is_folder(&zip.entry[0]));
    assert_int_equal(zip_read(inflater, bytes, &zip.entry[0], 9, &text, NULL), 0);
    assert_true(piece_is(text, "print(1)\n"));
    assert_int_equal(zip_read(inflater, bytes, &zip.entry[0], 8, &text, NULL), -1);
    assert_int_equal(zip_find(bytes, "METADATA", &found, NULL), 0);
    assert_int_equal(zip_read(inflater, bytes, &found, 1000, &text, NULL), 0);
    assert_int_equal(text.size, 32);
    assert_int_equal(zip_find(bytes, "WHEEL", &found, &err), -1);
    assert_int_equal(err.code, ERR_BAD_WHEEL);
    for (size_t size = 0; size < bytes.size; size++) { // a download that was cut short
        struct piece part = {bytes.text, size};
        assert_int_equal(zip_open(&arena, part, &zip, NULL), -1);
        assert_int_equal(zip_find(part, "METADATA", &found, NULL), -1);
    }
    arena_free(&arena);
    made_free(&made);
}

static void test_read(void **state)
{
    static const int ways[] = {0,
                               DEFLATED,
                               DEFLATED | DESCRIBED,
                               DEFLATED | DESCRIBED | BARE,
                               ZIP64 | DEFLATED,
                               ZIP64 | DESCRIBED,
                               ZIP64 | DESCRIBED | BARE};
    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++)
        check_three(ways[i]);
}

enum place { LOCAL, CENTRAL, END, DATA };

static const struct {
    const char *words; // in the error
    enum place place;  // of the first entry
    int at, width, how;
    uint64_t value;
} cases[] = {
    {"no end", END, 20, 2, 0, 1},
    {"end record", END, 8, 2, 0, 4},
    {"end record", END, 4, 2, 0, 1},
    {"end record", END, 12, 4, 0, 5},
    {"end record", END, 16, 4, 0, 5},
    {"central directory is malformed", CENTRAL, 0, 4, 0, 0},
    {"central directory is malformed", CENTRAL, 32, 2, 0, 60000},
    {"neither stored nor deflated", CENTRAL, 10, 2, 0, 12},
    {"encrypted", CENTRAL, 8, 2, 0, 1},
    {"its size is not its own", CENTRAL, 24, 4, 0, 10},
    {"header is malformed", CENTRAL, 24, 4, 0, UINT32_MAX},
    {"no local header", CENTRAL, 42, 4, 0, 1 << 20},
    {"no local header", CENTRAL, 42, 4, 0, 3},
    {"not all there", CENTRAL, 20, 4, DEFLATED, 5000},
    {"differs", LOCAL, 14, 4, 0, 7},
    {"differs", LOCAL, 18, 4, 0, 7},
    {"differs", LOCAL, 22, 4, 0, 7},
    {"differs", LOCAL, 8, 2, 0, 8},
    {"differs", LOCAL, 6, 2, 0, 1 << 11},
    {"differs", LOCAL, 30, 1, 0, 'A'},
    {"differs", LOCAL, 26, 2, 0, 5},
    {"differs", LOCAL, 14, 4, DESCRIBED, 7},
    {"data descriptor", DATA, 9, 1, DESCRIBED, 'x'},
    {"data descriptor", DATA, 13, 1, DESCRIBED, 'x'},
    {"end record", END, -20, 4, ZIP64, 0}, // no locator
    {"zip64", END, -12, 8, ZIP64, UINT64_MAX},
    {"zip64", END, -76, 4, ZIP64, 0},
    {"zip64", END, -72, 8, ZIP64, 45},
    {"zip64", END, -44, 8, ZIP64, 4},
    {"end record", END, -28, 8, ZIP64, UINT64_MAX},
    {"header is malformed", CENTRAL, 54, 2, ZIP64, 16},
    {"header is malformed", CENTRAL, 54, 2, ZIP64, 25},
};

static void test_refused(void **state)
{
    struct arena arena = {0};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct made made = {0};
        struct str patch = {0};
        struct zip zip;
        struct err err = {0};
        struct piece bytes = three(&made, cases[i].how);
        size_t ends = bytes.size - 22 - (cases[i].how & ZIP64 ? 5 : 0);
        size_t all = cases[i].how & ZIP64 ? ends - 76 : ends;
        size_t base = cases[i].place == END       ? ends
                      : cases[i].place == CENTRAL ? all - made.central.size
                      : cases[i].place == DATA    ? 36
                                                  : 0;
        print_message("# %zu: %s\n", i, cases[i].words);
        put(&patch, cases[i].value, cases[i].width);
        memcpy(made.bytes.text + base + cases[i].at, patch.text, cases[i].width);
        assert_int_equal(zip_open(&arena, bytes, &zip, &err), -1);
        assert_int_equal(err.code, ERR_BAD_WHEEL);
        if (!strstr(err.text, cases[i].words))
            fail_msg("%s", err.text);
        str_free(&patch);
        made_free(&made);
    }
    arena_free(&arena);
}

static void test_contents_refused(void **state)
{
    struct made made = {0};
    struct arena arena = {0};
    struct zip zip;
    struct piece text;
    struct err err = {0};
    CLEANUP_INFLATER struct inflater *inflater = inflater_new();
    (void)state;
    struct piece bytes = three(&made, DEFLATED);
    assert_int_equal(zip_open(&arena, bytes, &zip, NULL), 0);
    struct zip_entry entry = zip.entry[2];
    entry.size++;
    assert_int_equal(zip_read(inflater, bytes, &entry, 1000, &text, &err), -1);
    assert_non_null(strstr(err.text, "its size is not its own"));
    entry.size -= 2;
    assert_int_equal(zip_read(inflater, bytes, &entry, 1000, &text, &err), -1);
    assert_non_null(strstr(err.text, "its size is not its own"));
    entry = zip.entry[2];
    entry.crc++;
    assert_int_equal(zip_read(inflater, bytes, &entry, 1000, &text, &err), -1);
    assert_non_null(strstr(err.text, "checksum"));
    entry = zip.entry[2];
    entry.packed++; // bytes behind the end of the stream
    assert_int_equal(zip_read(inflater, bytes, &entry, 1000, &text, &err), -1);
    entry = zip.entry[2];
    entry.packed--;
    assert_int_equal(zip_read(inflater, bytes, &entry, 1000, &text, &err), -1);
    arena_free(&arena);
    made_free(&made);
}

static void test_twice(void **state)
{
    struct made made = {0};
    struct zip_entry found;
    struct err err = {0};
    (void)state;
    add(&made, "a-1.dist-info/METADATA", "Name: a", 0, 0);
    add(&made, "x/b-1.dist-info/METADATA", "Name: a", 0, 0); // not at the top
    add(&made, "A-1.dist-info/METADATA", "Name: a", 0, 0);
    struct piece bytes = finish(&made, 0, "");
    assert_int_equal(zip_find(bytes, "METADATA", &found, &err), -1);
    assert_non_null(strstr(err.text, "twice"));
    made_free(&made);
}

// Two entries of the directory that have one local header: a bomb is made of many such.
static void test_overlap(void **state)
{
    struct made made = {0};
    struct arena arena = {0};
    struct zip zip;
    struct err err = {0};
    (void)state;
    add(&made, "a", "text", 0, 0);
    add(&made, "a", "text", 0, 0);
    memset(made.central.text + made.entry[1] + 42, 0, 4);
    struct piece bytes = finish(&made, 0, "");
    assert_int_equal(zip_open(&arena, bytes, &zip, &err), -1);
    assert_non_null(strstr(err.text, "overlaps"));
    arena_free(&arena);
    made_free(&made);
}

static void test_names(void **state)
{
    static const char *const good[] = {"a", "a/b", "a/", "\xc3\xa9/..a", "a b/...", ".b"};
    static const char *const wrong[] = {"",     "/",    "/a",    "..",   "a/../b",
                                        "../a", "a/..", ".",     "./a",  "a//b",
                                        "a\\b", "a\nb", "a\x7f", "\xff", "a//"};
    char part[300], whole[3000];
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_null(zip_check_name(piece_of(good[i])));
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_non_null(zip_check_name(piece_of(wrong[i])));
    memset(part, 'a', sizeof part);
    assert_null(zip_check_name((struct piece){part, 255}));
    assert_non_null(zip_check_name((struct piece){part, 256}));
    assert_non_null(zip_check_name((struct piece){"a\0b", 3}));
    for (size_t i = 0; i < sizeof whole; i++)
        whole[i] = i % 2 ? '/' : 'a';
    assert_non_null(zip_check_name((struct piece){whole, sizeof whole}));
    assert_null(zip_check_name((struct piece){whole, 2 * 64 - 1}));
    assert_non_null(zip_check_name((struct piece){whole, 2 * 65 - 1})); // too deep
    struct zip_entry link = {.name = piece_of("a"), .mode = S_IFLNK | 0777};
    assert_true(zip_is_special(&link));
    link.mode = 0644; // no type: a file
    assert_false(zip_is_special(&link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read),
                                       cmocka_unit_test(test_refused),
                                       cmocka_unit_test(test_contents_refused),
                                       cmocka_unit_test(test_twice),
                                       cmocka_unit_test(test_overlap),
                                       cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
