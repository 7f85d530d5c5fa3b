// SPDX-License-Identifier: Apache-2.0
// The run folder's list of datasets: saved and read back, damaged, of another version.
#include <fcntl.h>
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
#include "dataset/datasets.h"
#include "folder.h"

static const char *const digits[] = {"1", "2", "3"};

static char *names_shown(const struct datasets *datasets)
{
    struct str text = {0};

    for (size_t i = 0; datasets->name != NULL && i < datasets->columns; i++)
        str_print(&text, "%s%s", i > 0 ? "|" : "", datasets->name[i]);
    return str_take(&text);
}

static void assert_same(const struct datasets *a, const struct datasets *b)
{
    CLEANUP_FREE char *names = names_shown(a);
    CLEANUP_FREE char *names_read = names_shown(b);

    assert_int_equal(a->count, b->count);
    assert_int_equal(a->columns, b->columns);
    assert_int_equal(a->json, b->json);
    assert_string_equal(names, names_read);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->item[i].text, b->item[i].text);
        assert_int_equal(a->item[i].size, b->item[i].size);
        assert_int_equal(a->item[i].mtime, b->item[i].mtime);
        assert_int_equal(a->item[i].key, b->item[i].key);
        assert_int_equal(a->item[i].number, b->item[i].number);
        for (size_t j = 0; j < a->columns; j++)
            assert_string_equal(a->item[i].column[j], b->item[i].column[j]);
    }
}

// Saves and loads one list, whatever its form.
static void save_and_load(const struct dataset_options *options)
{
    CLEANUP_CLOSE int dir = folder_fd(".");
    struct datasets datasets, again;

    assert_int_equal(datasets_read(options, &datasets, NULL), 0);
    for (size_t i = 0; i < datasets.count; i++) {
        datasets.item[i].key = 0xfedcba9876543210 - i;
        datasets.item[i].size = i == 0 ? INT64_MAX : -1;
        datasets.item[i].mtime = i == 0 ? INT64_MIN : 1;
    }
    assert_int_equal(datasets_save(&datasets, dir, NULL), 0);
    assert_int_equal(datasets_load(&again, dir, NULL), 0);
    assert_same(&datasets, &again);
    datasets_free(&again);
    datasets_free(&datasets);
}

static void test_save(void **state)
{
    static const char *const words[] = {"a b",     "",     "-x",    "new\nline",
                                        "\xff%20", "=,\t", "'\"\\", "\x7f\x01"};
    const struct dataset_list plain = {.word = words, .count = COUNT(words)};
    const struct dataset_list two[] = {plain, plain}, json = {.file = "list.jsonl"},
                              table = {.file = "list"};

    (void)state;
    folder_text("list.jsonl", "{\"a b\":1,\"c,=\":[\"x\\ty\"]}\n{\"c,=\":\"\",\"a b\":3}\n");
    folder_text("list", "x y,\xc3\xa9\n1,2\n");
    save_and_load(&(struct dataset_options){.list = &plain, .lists = 1});
    save_and_load(&(struct dataset_options){.list = &plain, .lists = 1, .only = "3-4"});
    save_and_load(&(struct dataset_options){.list = two, .lists = 2});
    save_and_load(&(struct dataset_options){.list = &json, .lists = 1});
    save_and_load(&(struct dataset_options){.list = &table, .lists = 1, .header = 1});
}

// Every byte of a small file damaged in turn, and every end cut off: never a wrong list.
static void test_damage(void **state)
{
    const struct dataset_list list = {.word = digits, .count = 3};
    const struct dataset_options options = {.list = &list, .lists = 1};
    CLEANUP_CLOSE int dir = folder_fd(".");
    CLEANUP_STR struct str saved = {0};
    struct datasets datasets, again;

    (void)state;
    assert_int_equal(datasets_read(&options, &datasets, NULL), 0);
    assert_int_equal(datasets_save(&datasets, dir, NULL), 0);
    assert_int_equal(fs_read(dir, "datasets", 1 << 20, &saved, NULL), 0);
    for (size_t i = 0; i < 2 * saved.size; i++) {
        CLEANUP_FREE char *bytes = mem_dupn(saved.text, saved.size);
        size_t size = i < saved.size ? saved.size : i - saved.size;
        struct err err = {0};

        if (i < saved.size)
            bytes[i] ^= 1;
        bytes[size] = '\0';
        again = (struct datasets){0};
        assert_int_equal(datasets_parse(&again, bytes, size, &err), -1);
        assert_true(err.code == ERR_RUN_DAMAGED || err.code == ERR_RUN_FORMAT);
        datasets_free(&again);
    }
    datasets_free(&datasets);
}

static void test_version(void **state)
{
    char later[] = "lopin-datasets 2\nwhatever\n", other[] = "PK\x03\x04\n";
    struct datasets datasets = {0};
    struct err err;

    (void)state;
    assert_int_equal(datasets_parse(&datasets, later, strlen(later), &err), -1);
    assert_int_equal(err.code, ERR_RUN_FORMAT);
    assert_int_equal(datasets_parse(&datasets, other, strlen(other), &err), -1);
    assert_int_equal(err.code, ERR_RUN_DAMAGED);
    datasets_free(&datasets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_save),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests_name("map/dataset_save", tests, folder_setup,
                                       folder_teardown);
}
