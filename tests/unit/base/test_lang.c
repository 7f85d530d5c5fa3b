// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/lang.h"
#include "base/lang_table.h"
#include "base/mem.h"

static void choose_by_locale_name(void **state)
{
    (void)state;
    static const struct {
        const char *locale, *name;
        int result;
    } cases[] = {
        {"fr", "fr", 0},          {"fr_CA.UTF-8", "fr", 0}, {"fr_FR@euro", "fr", 0},
        {"en_US.UTF-8", "en", 0}, {"C", "en", 0},           {"C.UTF-8", "en", 0},
        {"POSIX", "en", 0},       {"de_DE", "en", -1},      {"", "en", -1},
        {"french", "en", -1},     {"f", "en", -1},          {"fra", "en", -1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(lang_choose(cases[i].locale), cases[i].result);
        assert_string_equal(lang_name(), cases[i].name);
    }
}

static void unknown_text_is_itself(void **state)
{
    (void)state;
    const char *odd = "a text that no program prints";
    assert_int_equal(lang_choose("fr"), 0);
    assert_ptr_equal(lang_text(odd), odd);
    assert_string_equal(lang_plural(odd, "many", 0), "many");
    lang_choose("C");
    assert_ptr_equal(lang_text(odd), odd);
    assert_string_equal(lang_plural("one", "many", 1), "one");
    assert_string_equal(lang_plural("one", "many", 0), "many");
    assert_string_equal(lang_plural("one", "many", 2), "many");
}

static void table_is_sorted_and_found(void **state)
{
    (void)state;
    const char *texts = lang_fr_texts;
    for (size_t i = 1; i < lang_fr_count; i++)
        assert_true(strcmp(texts + lang_fr[i - 1].id, texts + lang_fr[i].id) < 0);
    lang_choose("fr");
    for (size_t i = 0; i < lang_fr_count; i++) {
        const char *id = texts + lang_fr[i].id, *text = texts + lang_fr[i].text;
        const char *many = lang_fr[i].text_many ? texts + lang_fr[i].text_many : text;
        assert_ptr_equal(lang_text(id), text);
        assert_ptr_equal(lang_plural(id, "x", 0), text);
        assert_ptr_equal(lang_plural(id, "x", 1), text);
        assert_ptr_equal(lang_plural(id, "x", 2), many);
    }
    lang_choose("C");
}

static void errno_has_words(void **state)
{
    (void)state;
    lang_choose("C");
    assert_string_equal(lang_errno(ENOENT), "no such file or folder");
    assert_string_equal(lang_errno(EDQUOT), "disk quota exceeded");
    assert_string_equal(lang_errno(EXFULL), strerror(EXFULL));
    lang_choose("fr");
    assert_string_not_equal(lang_errno(ENOENT), "no such file or folder");
    lang_choose("C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choose_by_locale_name),
        cmocka_unit_test(unknown_text_is_itself),
        cmocka_unit_test(table_is_sorted_and_found),
        cmocka_unit_test(errno_has_words),
    };
    return cmocka_run_group_tests_name("lang", tests, NULL, NULL);
}
