// SPDX-License-Identifier: Apache-2.0
// ELF files: this program, the C library, parts of them, and an image of 32 bits of the other byte
// order.
#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "cmocka.h"
#include "wheel/elf.h"

static void test_this_program(void **state)
{
    struct str text = {0};
    struct elf elf;
    (void)state;
    assert_int_equal(fs_read(AT_FDCWD, "/proc/self/exe", 1 << 28, &text, NULL), 0);
    assert_int_equal(elf_read((struct piece){text.text, text.size}, &elf), 0);
    Elf64_Ehdr header;
    memcpy(&header, text.text, sizeof header);
    assert_int_equal(elf.machine, header.e_machine);
    assert_true(elf.interpreter.size > 4 && elf.interpreter.text[0] == '/');
    assert_true(elf.glibc.major == 2 && elf.glibc.minor >= 2);
    str_free(&text);
}

// A file that is cut off anywhere is refused or read, within its bounds.
static void test_cut(void **state)
{
    struct str text = {0};
    struct elf elf;
    (void)state;
    assert_int_equal(fs_read(AT_FDCWD, "/proc/self/exe", 1 << 28, &text, NULL), 0);
    for (size_t size = 0; size < 4096 && size < text.size; size++) {
        char *part = mem_dupn(text.text, size); // so that a sanitizer sees a step too far
        elf_read((struct piece){part, size}, &elf);
        if (size < sizeof(Elf64_Ehdr))
            assert_int_equal(elf_read((struct piece){part, size}, &elf), -1);
        free(part);
    }
    str_free(&text);
}

static void big(struct str *into, uint32_t number, int bytes)
{
    while (bytes--) // more of them than the number has begin with zeros
        str_add_char(into, bytes < 4 ? (char)(number >> (8 * bytes)) : '\0');
}

enum { IMAGE_STRINGS = 200, IMAGE_NEEDED = 300 };

// Header, two program headers, a dynamic section, strings at 200, needed versions at 300.
static void make_image(struct str *into, uint32_t strings_size)
{
    static const char strings[] =
        "\0$ORIGIN/../a:/b\0GLIBC_2.17\0GLIBC_ABI_DT_RELR\0GLIBC_PRIVATE";
    const uint32_t dynamic[][2] = {
        {DT_STRTAB, IMAGE_STRINGS}, {DT_STRSZ, strings_size}, {DT_RPATH, 1},
        {DT_VERNEED, IMAGE_NEEDED}, {DT_VERNEEDNUM, 1},       {DT_NULL, 0}};
    const char ident[EI_NIDENT] = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2MSB, 1};
    str_add_bytes(into, ident, sizeof ident);
    big(into, ET_DYN, 2);
    big(into, EM_PPC, 2);
    big(into, 1, 4);
    big(into, 0, 4);
    big(into, 52, 4); // program headers
    big(into, 0, 4);
    big(into, 0, 4);
    big(into, 52, 2);
    big(into, 32, 2);
    big(into, 2, 2);
    big(into, 0, 6);
    const uint32_t headers[2][8] = {{PT_LOAD, 0, 0, 0, 400, 400, 5, 4096},
                                    {PT_DYNAMIC, 120, 120, 120, sizeof dynamic, 0, 6, 4}};
    for (int i = 0; i < 16; i++)
        big(into, headers[i / 8][i % 8], 4);
    while (into->size < 120)
        str_add_char(into, '\0');
    for (size_t i = 0; i < COUNT(dynamic); i++) {
        big(into, dynamic[i][0], 4);
        big(into, dynamic[i][1], 4);
    }
    while (into->size < IMAGE_STRINGS)
        str_add_char(into, '\0');
    str_add_bytes(into, strings, sizeof strings);
    while (into->size < IMAGE_NEEDED)
        str_add_char(into, '\0');
    big(into, 1 << 16 | 3, 4); // version 1, 3 names
    big(into, 0, 4);
    big(into, 16, 4);
    big(into, 0, 4);
    const uint32_t names[] = {17, 28, 46};
    for (int i = 0; i < 3; i++) {
        big(into, 0, 8);
        big(into, names[i], 4);
        big(into, i < 2 ? 16 : 0, 4);
    }
    while (into->size < 400)
        str_add_char(into, '\0');
}

static void test_image(void **state)
{
    struct str image = {0};
    struct elf elf;
    (void)state;
    make_image(&image, 70);
    assert_int_equal(elf_read((struct piece){image.text, image.size}, &elf), 0);
    assert_int_equal(elf.machine, EM_PPC);
    assert_true(piece_is(elf.runpath, "$ORIGIN/../a:/b"));
    assert_true(elf.glibc.major == 2 && elf.glibc.minor == 36); // asked for by DT_RELR
    assert_null(elf.interpreter.text);
    str_free(&image);
    make_image(&image, 10); // strings that do not end within their section
    assert_int_equal(elf_read((struct piece){image.text, image.size}, &elf), -1);
    str_free(&image);
    make_image(&image, UINT32_MAX);
    assert_int_equal(elf_read((struct piece){image.text, image.size}, &elf), -1);
    str_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_this_program),
                                       cmocka_unit_test(test_cut),
                                       cmocka_unit_test(test_image)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
