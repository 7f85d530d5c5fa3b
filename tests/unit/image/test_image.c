// SPDX-License-Identifier: Apache-2.0
// Headers of the archive, the index and back, and what no image may hold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"
#include "image/tar.h"

static void add(struct image *image, enum image_kind kind, const char *path, const char *target,
                uint64_t size)
{
    mem_room(&image->member, &image->member_room, image->member_count + 1,
             sizeof *image->member);
    image->member[image->member_count++] =
        (struct image_member){.kind = kind, .path = path, .target = target, .size = size};
}

static void begin(struct image *image)
{
    *image = (struct image){0};
    for (size_t i = 0; i < IMAGE_FACTS; i++)
        image->fact[i] = "";
    add(image, IMAGE_FOLDER, "bin", NULL, 0);
    add(image, IMAGE_FOLDER, "lib", NULL, 0);
}

static void give_frames(struct image *image)
{
    assert_int_equal(image_check_members(image, NULL), 0);
    for (uint64_t at = 0; at < image->size; at += 1 << 20) {
        mem_room(&image->frame, &image->frame_room, image->frame_count + 1,
                 sizeof *image->frame);
        uint64_t rest = image->size - at;
        image->frame[image->frame_count++] = (struct image_frame){
            .packed = 100 + at, .size = rest < 1 << 20 ? rest : 1 << 20, .sha256 = {1, 2, 255}};
    }
}

// The value of a pax record of a header, or NULL.
static char *record_of(const struct str *header, const char *key)
{
    const char *at = header->text + TAR_BLOCK;
    while (*at) {
        char *rest;
        size_t size = strtoul(at, &rest, 10);
        assert_true(size > 0 && *rest == ' ' && at[size - 1] == '\n');
        size_t length = strlen(key);
        if (strncmp(rest + 1, key, length) == 0 && rest[1 + length] == '=')
            return mem_dupn(rest + length + 2, size - (size_t)(rest + length + 2 - at) - 1);
        at += size;
    }
    return NULL;
}

static void headers_have_what_their_size_says(void **state)
{
    (void)state;
    char path[400];
    for (size_t size = 1; size < sizeof path; size++) {
        memset(path, 'a', size);
        path[size] = '\0';
        const struct image_member members[] = {
            {.kind = IMAGE_FOLDER, .path = path},
            {.kind = IMAGE_FILE, .path = path, .size = 7},
            {.kind = IMAGE_LINK, .path = "a", .target = path},
            {.kind = IMAGE_PROGRAM, .path = path, .size = UINT64_C(1) << 34}};
        for (size_t i = 0; i < COUNT(members); i++) {
            CLEANUP_STR struct str header = {0};
            tar_add_header(&header, &members[i]);
            assert_int_equal(header.size, tar_header_size(&members[i]));
            assert_int_equal(header.size % TAR_BLOCK, 0);
            const char *last = header.text + header.size - TAR_BLOCK;
            assert_string_equal(last + 257, "ustar");
            int is_long = header.size > TAR_BLOCK;
            assert_int_equal(is_long, i == 3 || size + (i == 0) > 100);
            if (!is_long)
                continue;
            assert_int_equal(header.text[156], 'x');
            CLEANUP_FREE char *name = record_of(&header, i == 2 ? "linkpath" : "path");
            CLEANUP_FREE char *bytes = record_of(&header, "size");
            if (size + (i == 0) > 100)
                assert_memory_equal(name, path, size);
            assert_int_equal(bytes != NULL, i == 3);
            if (bytes)
                assert_string_equal(bytes, "17179869184");
        }
    }
}

static void an_index_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct image image, again = {0};
    struct err err = {0};
    CLEANUP_STR struct str text = {0}, twice = {0};
    begin(&image);
    image.fact[IMAGE_PYTHON] = "3.11.7";
    image.fact[IMAGE_PROMPT] = "a b\n%";
    add(&image, IMAGE_FILE, "lib/a b\xc3\xa9\n", NULL, 3 << 20);
    add(&image, IMAGE_SCRIPT, "bin/tool", NULL, 9);
    add(&image, IMAGE_LINK, "bin/tool2", "../bin/tool", 0);
    add(&image, IMAGE_PROGRAM, "bin/x", NULL, 0);
    give_frames(&image);
    image_write_index(&text, &image);
    CLEANUP_FREE char *copy = mem_dupn(text.text, text.size);
    assert_int_equal(image_read_index(copy, text.size, &again, &err), 0);
    assert_int_equal(again.member_count, image.member_count);
    for (size_t i = 0; i < image.member_count; i++) {
        assert_string_equal(again.member[i].path, image.member[i].path);
        assert_int_equal(again.member[i].at, image.member[i].at);
    }
    assert_string_equal(again.fact[IMAGE_PROMPT], "a b\n%");
    assert_int_equal(again.frame[1].at, 100);
    assert_int_equal(again.size, image.size);
    image_write_index(&twice, &again);
    assert_string_equal(twice.text, text.text);
    image_free(&image);
    image_free(&again);
}

static void refused(enum image_kind kind, const char *path, const char *target)
{
    struct image image;
    struct err err = {0};
    begin(&image);
    add(&image, kind, path, target, 0);
    if (image_check_members(&image, &err) == 0)
        fail_msg("'%s' -> '%s' was taken", path, target ? target : "");
    assert_int_equal(err.code, ERR_BAD_IMAGE);
    image_free(&image);
}

static void names_and_links_stay_inside(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "/a",
                                      "..",
                                      "../a",
                                      "lib/..",
                                      "lib/../a",
                                      "lib//a",
                                      "lib/",
                                      "./a",
                                      ".",
                                      "none/a",
                                      "lib",
                                      "LIB",
                                      "lib/./a",
                                      "pyvenv.cfg",
                                      "bin/python",
                                      "bin/python3",
                                      "bin/python3.11",
                                      ".lopin-image"};
    static const char *const targets[] = {
        "",       "/",    "/etc", "..",        "../",  "../..", "../../a",
        "a/../b", "a/..", "./a",  "../../lib", "a//b", "a/",    "../lib/../../a"};
    for (size_t i = 0; i < COUNT(bad); i++)
        refused(IMAGE_FILE, bad[i], NULL);
    for (size_t i = 0; i < COUNT(targets); i++)
        refused(IMAGE_LINK, "lib/l", targets[i]);
    static const char *const good[] = {"a", "../bin/a", "../lib/l", "a/b/c"};
    for (size_t i = 0; i < COUNT(good); i++) {
        struct image image;
        begin(&image);
        add(&image, IMAGE_LINK, "lib/l", good[i], 0);
        assert_int_equal(image_check_members(&image, NULL), 0);
        image_free(&image);
    }
}

// What a capsule says comes back in order, whatever its bytes; and it is no environment.
static void a_capsule_says_what_it_said(void **state)
{
    (void)state;
    static const char *const said[][2] = {
        {"script", "a b.py"}, {"word", ""}, {"word", "%20\n\xff="}, {"say", "say"}, {"", ""}};
    struct image image = {.is_capsule = 1}, again = {0};
    CLEANUP_STR struct str text = {0}, twice = {0};
    for (size_t i = 0; i < IMAGE_FACTS; i++)
        image.fact[i] = "";
    for (size_t i = 0; i < COUNT(said); i++)
        image_say(&image, said[i][0], said[i][1]);
    add(&image, IMAGE_FILE, "pyvenv.cfg", NULL, 3);
    add(&image, IMAGE_FILE, "PYVENV.cfg", NULL, 3);
    give_frames(&image);
    image_write_index(&text, &image);
    assert_true(str_starts(text.text, "lopin-capsule 1\nsay script a%20b.py\n"));
    CLEANUP_FREE char *copy = mem_dupn(text.text, text.size);
    assert_int_equal(image_read_index(copy, text.size, &again, NULL), 0);
    assert_true(again.is_capsule);
    assert_int_equal(again.word_count, COUNT(said));
    for (size_t i = 0; i < COUNT(said); i++) {
        assert_string_equal(again.word[i].name, said[i][0]);
        assert_string_equal(again.word[i].value, said[i][1]);
    }
    image_write_index(&twice, &again);
    assert_string_equal(twice.text, text.text);
    image_free(&image);
    image_free(&again);
}

static int capsule_takes(enum image_kind kind, const char *path)
{
    struct image image = {.is_capsule = 1};
    struct err err = {0};
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++)
        add(&image, IMAGE_FOLDER, arena_dupn(&image.arena, path, (size_t)(slash - path)), NULL,
            0);
    add(&image, kind, path, kind == IMAGE_LINK ? "a" : NULL, 0);
    int status = image_check_members(&image, &err);
    if (status < 0)
        assert_int_equal(err.code, ERR_BAD_IMAGE);
    image_free(&image);
    return status == 0;
}

static void a_capsule_has_no_settings(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "lopin.toml",  "a/Lopin.TOML",     "pyproject.toml",  ".git",
        ".GIT/config", "a/.hg/hgrc",       ".lopin/runs/1/x", "RUN",
        "run",         "__pycache__/a.pyc"};
    static const char *const good[] = {"a/RUN", "lopin.tom",   ".gitignore", "bin",
                                       "lib/x", "bin/python3", "git",        ".lopin-x"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(capsule_takes(IMAGE_FILE, bad[i]));
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(capsule_takes(IMAGE_FILE, good[i]));
    assert_false(capsule_takes(IMAGE_LINK, "l"));
    assert_false(capsule_takes(IMAGE_SCRIPT, "s"));
    assert_true(capsule_takes(IMAGE_PROGRAM, "s"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_have_what_their_size_says),
        cmocka_unit_test(an_index_is_read_as_it_was_written),
        cmocka_unit_test(names_and_links_stay_inside),
        cmocka_unit_test(a_capsule_says_what_it_said),
        cmocka_unit_test(a_capsule_has_no_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
