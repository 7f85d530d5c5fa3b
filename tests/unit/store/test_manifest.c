// SPDX-License-Identifier: Apache-2.0
// Manifests: written and read again, damaged ones refused.
#include <libdeflate.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka.h"
#include "store/manifest.h"

#define SHA256 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HASH   "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

static struct manifest example(void)
{
    static struct manifest_folder folder[] = {
        {.path = "", .scheme = SCHEME_SITE, .parent = 0, .first = 0, .count = 1},
        {.path = "a", .scheme = SCHEME_SITE, .parent = 0, .first = 1, .count = 0},
        {.path = "a/lib x",
         .scheme = SCHEME_SITE,
         .parent = 1,
         .leaf = 1,
         .first = 1,
         .count = 2},
        {.path = "a/__pycache__", .scheme = SCHEME_SITE, .parent = 1, .first = 3, .count = 1},
        {.path = "a-1.dist-info", .scheme = SCHEME_SITE, .parent = 0, .first = 4, .count = 1},
        {.path = "", .scheme = SCHEME_SCRIPTS, .parent = 5, .first = 5, .count = 1},
    };
    static struct manifest_file file[] = {
        {.name = "a.py", .hash = HASH, .size = 7, .folder = 0, .kind = FILE_PLAIN},
        {.name = "b c.so", .hash = HASH, .size = 1, .folder = 2, .kind = FILE_EXECUTABLE},
        {.name = "d", .hash = HASH, .size = UINT64_C(1) << 40, .folder = 2, .kind = FILE_PLAIN},
        {.name = "gone.pyc", .hash = NULL, .folder = 3, .kind = FILE_BYTECODE},
        {.name = "RECORD", .hash = HASH, .size = 0, .folder = 4, .kind = FILE_PLAIN},
        {.name = "run", .hash = HASH, .size = 9, .folder = 5, .kind = FILE_SCRIPT},
    };
    static const char *interpreter[] = {"/lib64/ld.so"};
    static struct manifest_script script[] = {{"run", "a:main", 0}, {"win", "a.b:c.d", 1}};
    return (struct manifest){.wheel = "a-1-py3-none-any.whl",
                             .sha256 = SHA256,
                             .name = "A",
                             .version = "1.0",
                             .tags = "py3-none-any",
                             .info = "a-1.dist-info",
                             .python = "plain",
                             .glibc = {2, 17},
                             .machine = 62,
                             .interpreter = interpreter,
                             .interpreter_count = 1,
                             .script = script,
                             .script_count = 2,
                             .folder = folder,
                             .folder_count = COUNT(folder),
                             .file = file,
                             .file_count = COUNT(file)};
}

static void test_round(void **state)
{
    struct arena arena = {0};
    struct str text = {0}, again = {0};
    struct manifest before = example(), after;
    struct err err = {0};
    (void)state;
    manifest_write(&text, &before);
    assert_int_equal(manifest_read(&arena, arena_dupn(&arena, text.text, text.size), text.size,
                                   &after, &err),
                     0);
    assert_string_equal(after.name, "A");
    assert_string_equal(after.sha256, SHA256);
    assert_true(after.glibc.major == 2 && after.glibc.minor == 17 && after.machine == 62);
    assert_string_equal(after.interpreter[0], "/lib64/ld.so");
    assert_int_equal(after.script_count, 2);
    assert_string_equal(after.script[1].value, "a.b:c.d");
    assert_true(after.script[1].gui && !after.script[0].gui);
    assert_int_equal(after.folder_count, 5); // the one without files is gone
    assert_int_equal(after.file_count, 5);
    assert_string_equal(after.folder[2].path, "a/lib x");
    assert_string_equal(after.folder[2].name, "lib x");
    assert_true(after.folder[2].leaf && after.folder[1].real && !after.folder[1].leaf &&
                after.folder[0].real && !after.folder[3].real);
    assert_int_equal(after.info_folder, 3);
    assert_int_equal(after.folder[4].parent, 4);
    assert_string_equal(after.file[1].name, "b c.so");
    assert_true(after.file[2].size == UINT64_C(1) << 40 && after.file[2].folder == 2);
    assert_true(after.file[4].kind == FILE_SCRIPT);
    manifest_write(&again, &after);
    assert_true(again.size == text.size && memcmp(again.text, text.text, text.size) == 0);
    for (size_t size = 0; size < text.size; size++) // cut off, or a byte is another
        assert_int_equal(
            manifest_read(&arena, arena_dupn(&arena, text.text, size), size, &after, NULL), -1);
    for (size_t i = 0; i < text.size; i++) {
        char *copy = arena_dupn(&arena, text.text, text.size);
        copy[i] ^= 1;
        assert_int_equal(manifest_read(&arena, copy, text.size, &after, NULL), -1);
    }
    str_free(&text);
    str_free(&again);
    arena_free(&arena);
}

#define HEAD                                                                                   \
    "lopin-entry 1\nwheel w\nsha256 " SHA256                                                   \
    "\nname n\nversion 1\ntags t\ninfo i\npython plain\n"
#define BODY "folder tree 0 - 0 \nfolder tree 0 - 1 i\n- 1 " HASH " f\n"

static int read_text(struct arena *arena, const char *body, struct err *err)
{
    struct manifest manifest;
    struct str text = {0};
    str_add(&text, body);
    str_print(&text, "end %08x\n", (unsigned)libdeflate_crc32(0, text.text, text.size));
    int result = manifest_read(arena, arena_dupn(arena, text.text, text.size), text.size,
                               &manifest, err);
    str_free(&text);
    return result;
}

static void test_refused(void **state)
{
    static const char *const cases[] = {
        "lopin-entry 1\nfolders 0 files 0\n",
        HEAD "folders 2 files 1\n",
        HEAD "folders 2 files 2\n" BODY,
        HEAD "folders 1 files 1\n" BODY,
        HEAD "folders 2 files 0\n" BODY,
        HEAD "folders 4000000 files 1\n" BODY,
        HEAD "folders 3 files 1\n" BODY "folder tree 3 - 0 x\n",   // its parent is after it
        HEAD "folders 3 files 1\n" BODY "folder tree 0 - 0 ..\n",  // names that lead away
        HEAD "folders 3 files 1\n" BODY "folder tree 0 - 0 x/y\n", // not below its parent
        HEAD "folders 3 files 1\n" BODY "folder tree 1 - 0 x/y\n", //
        HEAD "folders 3 files 1\n" BODY "folder data 0 - 0 x\n",   // not of its scheme
        HEAD "folders 3 files 1\n" BODY "folder etc 2 - 0 \n",     // no scheme
        HEAD "folders 3 files 1\n" BODY "folder tree 0 - 9 x\n",   // files that are not there
        HEAD "folders 3 files 2\n" BODY "folder tree 0 - 1 x\n- 1 short f\n",
        HEAD "folders 3 files 2\n" BODY "folder tree 0 - 1 x\n- 1 " HASH " ..\n",
        HEAD "folders 3 files 2\n" BODY "folder tree 0 - 1 x\n- 1 " HASH " a/b\n",
        HEAD "folders 3 files 2\n" BODY "folder tree 0 - 1 x\n? 1 " HASH " a\n",
        HEAD "folders 3 files 2\n" BODY "folder tree 0 - 1 x\n- -1 " HASH " a\n",
        HEAD "console a\nfolders 2 files 1\n" BODY,
        HEAD "console ../a=b\nfolders 2 files 1\n" BODY,
        HEAD "glibc x\nfolders 2 files 1\n" BODY,
        HEAD "info other\nfolders 2 files 1\n" BODY,
    };
    struct arena arena = {0};
    struct err err = {0};
    (void)state;
    assert_int_equal(read_text(&arena, HEAD "later words\nfolders 2 files 1\n" BODY, &err), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        print_message("# %zu\n", i);
        assert_int_equal(read_text(&arena, cases[i], &err), -1);
        assert_int_equal(err.code, ERR_BAD_WHEEL);
    }
    assert_int_equal(read_text(&arena, "lopin-entry 2\nwords\n", &err), -1);
    assert_int_equal(err.code, ERR_RUN_FORMAT);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
