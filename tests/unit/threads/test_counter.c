// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "counter.h"

#if defined(__x86_64__)
// As compilers write it, as numpy 2.5's has it (a test first), and what only resembles it.
__asm__(".data\n.balign 4\ncount_a: .long 3\ncount_b: .long 5\n.byte 0\ncount_odd: .long 1\n"
        ".section .rodata\n.balign 4\ncount_fixed: .long 7\n"
        ".text\n"
        "get_plain: mov count_a(%rip), %eax\nret\n.fill 32, 1, 0x90\n"
        "get_tested: cmpl $0, count_a(%rip)\nje 1f\nmov count_b(%rip), %eax\nret\n"
        "1: xor %eax, %eax\nret\n.fill 32, 1, 0x90\n"
        "get_odd: mov count_odd(%rip), %eax\nret\n.fill 32, 1, 0x90\n"
        "get_fixed: mov count_fixed(%rip), %eax\nret\n.fill 32, 1, 0x90\n"
        "get_more: mov count_a(%rip), %eax\nadd $1, %eax\nret\n.fill 32, 1, 0x90\n"
        "get_far: .byte 0x8b, 0x05, 0, 0, 0, 0x70\nret\n.fill 32, 1, 0x90\n");
extern int count_a, count_b;
extern const unsigned char get_plain[], get_tested[], get_odd[], get_fixed[], get_more[],
    get_far[];

static void found(void **state)
{
    (void)state;
    assert_ptr_equal(counter_of(get_plain), &count_a);
    assert_ptr_equal(counter_of(get_tested), &count_b);
}

static void refused(void **state)
{
    (void)state;
    assert_null(counter_of(get_odd));   // not where an int is
    assert_null(counter_of(get_fixed)); // cannot be written
    assert_null(counter_of(get_more));  // not what it returns
    assert_null(counter_of(get_far));   // of nobody
}

static void outside_of_libraries(void **state)
{
    (void)state;
    int local = 0;
    unsigned char code[64] = {0x8b, 0x05, 0, 0, 0, 0, 0xc3};
    (void)local;
    assert_null(counter_of(code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found),
        cmocka_unit_test(refused),
        cmocka_unit_test(outside_of_libraries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
static void elsewhere(void **state)
{
    (void)state;
    static const unsigned char code[64] = {0x8b, 0x05, 0, 0, 0, 0, 0xc3};
    assert_null(counter_of(code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(elsewhere)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#endif
