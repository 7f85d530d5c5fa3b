// SPDX-License-Identifier: Apache-2.0
// Amounts of memory: sbatch's spellings, fractions, and what is refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/size.h"

#define MIB 1024LL
#define GIB (1024 * MIB)

static const struct {
    const char *text;
    int64_t kib; // -1: refused
} sizes[] = {
    {"0", 0},
    {"1", MIB}, // MiB, as sbatch
    {"4000", 4000 * MIB},
    {"4G", 4 * GIB},
    {"4g", 4 * GIB},
    {"4GB", 4 * GIB},
    {"4GiB", 4 * GIB},
    {"4gib", 4 * GIB},
    {"512M", 512 * MIB},
    {"512m", 512 * MIB},
    {"100K", 100},
    {"1k", 1},
    {"2T", 2 * 1024 * GIB},
    {"1P", 1024 * 1024 * GIB},
    {"0G", 0},
    {"007M", 7 * MIB},
    {"1.5G", 1536 * MIB},
    {"0.5M", 512},
    {"1.5GiB", 1536 * MIB},
    {"0.1G", 104858}, // rounded up: 104857.6
    {"0.3K", 1},
    {"1.000000001T", 1024 * GIB + 2},
    {"1024P", SIZE_MAX_KIB},
    // a fraction of what? and slips
    {"1.5", -1},
    {"1.", -1},
    {"1.G", -1},
    {".5G", -1},
    {"1,5G", -1},
    {"1.1234567890G", -1},
    {"", -1},
    {"G", -1},
    {"-1", -1},
    {"+1G", -1},
    {" 1G", -1},
    {"1 G", -1},
    {"1G ", -1},
    {"1Gi", -1},
    {"1B", -1},
    {"1Gb/s", -1},
    {"1.2.3G", -1},
    {"0x10", -1},
    {"1e3", -1},
    {"1025P", -1},
    {"99999999999999999999", -1},
    {"9223372036854775807K", -1},
    {"auto", -1},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        int64_t kib = -2;
        int result = size_parse(sizes[i].text, &kib);
        if (result != (sizes[i].kib < 0 ? -1 : 0) ||
            kib != (sizes[i].kib < 0 ? -2 : sizes[i].kib))
            fail_msg("'%s': %d, %lld KiB", sizes[i].text, result, (long long)kib);
    }
}

static void test_add(void **state)
{
    (void)state;
    static const struct {
        int64_t kib;
        const char *text;
    } cases[] = {
        {0, "0K"},
        {1, "1K"},
        {1023, "1023K"},
        {1024, "1M"},
        {1536 * MIB, "1536M"},
        {GIB, "1G"},
        {GIB + 1, "1048577K"},
        {1024 * GIB, "1T"},
        {SIZE_MAX_KIB, "1024P"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_STR struct str text = {0};
        int64_t again = -1;
        size_add(&text, cases[i].kib);
        assert_string_equal(text.text, cases[i].text);
        assert_int_equal(size_parse(text.text, &again), 0);
        assert_int_equal(again, cases[i].kib);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
