// SPDX-License-Identifier: Apache-2.0
// elf: program headers, dynamic section, needed versions; 32 and 64 bits, either byte order.
#include "wheel/elf.h"

#include <elf.h>
#include <string.h>

#include "base/mem.h"

enum { MAX_HEADERS = 512, MAX_NEEDED = 4096 };
// A file with packed relative relocations (DT_RELR) asks for them by this name.
#define RELR_NAME "GLIBC_ABI_DT_RELR"

struct image {
    const unsigned char *at;
    uint64_t size;
    int wide, big; // ELFCLASS64, ELFDATA2MSB
    uint64_t headers;
    unsigned header_size, header_count;
    uint64_t strings, strings_size; // offset of the dynamic strings
};

static int there(const struct image *image, uint64_t at, uint64_t size)
{
    return at <= image->size && size <= image->size - at;
}

// A number at an offset that was checked.
static uint64_t number(const struct image *image, uint64_t at, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | image->at[at + (image->big ? i : bytes - 1 - i)];
    return value;
}

// Of the width of the file's addresses.
static uint64_t word(const struct image *image, uint64_t at)
{
    return number(image, at, image->wide ? 8 : 4);
}

static int open_image(struct piece bytes, struct image *ret, struct elf *elf)
{
    struct image image = {.at = (const unsigned char *)bytes.text, .size = bytes.size};
    if (bytes.size < EI_NIDENT + 36 || memcmp(bytes.text, ELFMAG, SELFMAG) != 0)
        return -1;
    image.wide = image.at[EI_CLASS] == ELFCLASS64;
    image.big = image.at[EI_DATA] == ELFDATA2MSB;
    if (!there(&image, 0, image.wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr)))
        return -1;
    elf->machine = (unsigned)number(&image, 18, 2);
    image.headers = word(&image, image.wide ? 32 : 28);
    image.header_size = (unsigned)number(&image, image.wide ? 54 : 42, 2);
    image.header_count = (unsigned)number(&image, image.wide ? 56 : 44, 2);
    if (image.header_count > MAX_HEADERS ||
        image.header_size < (image.wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) ||
        !there(&image, image.headers, (uint64_t)image.header_size * image.header_count))
        return -1;
    *ret = image;
    return 0;
}

struct segment {
    uint64_t type, offset, address, size; // size in the file
};

static struct segment segment(const struct image *image, unsigned index)
{
    uint64_t at = image->headers + (uint64_t)index * image->header_size;
    int wide = image->wide;
    return (struct segment){number(image, at, 4), word(image, at + (wide ? 8 : 4)),
                            word(image, at + (wide ? 16 : 8)),
                            word(image, at + (wide ? 32 : 16))};
}

// The offset of what is loaded at an address. Returns 0, or -1.
static int offset_of(const struct image *image, uint64_t address, uint64_t *ret)
{
    for (unsigned i = 0; i < image->header_count; i++) {
        struct segment load = segment(image, i);
        if (load.type != PT_LOAD || address < load.address ||
            address - load.address >= load.size)
            continue;
        *ret = load.offset + (address - load.address);
        return *ret >= load.offset && there(image, *ret, 1) ? 0 : -1;
    }
    return -1;
}

static int text_at(const struct image *image, uint64_t at, uint64_t room, struct piece *ret)
{
    if (!there(image, at, room))
        return -1;
    const char *text = (const char *)image->at + at;
    const char *end = memchr(text, '\0', room);
    if (!end)
        return -1;
    *ret = (struct piece){text, (size_t)(end - text)};
    return 0;
}

static int string(const struct image *image, uint64_t index, struct piece *ret)
{
    if (index >= image->strings_size)
        return -1;
    return text_at(image, image->strings + index, image->strings_size - index, ret);
}

// "GLIBC_2.17", "GLIBC_2.2.5"; others say nothing of its version (GLIBC_PRIVATE).
static void take_version(struct piece name, struct libc_version *most)
{
    static const char prefix[] = "GLIBC_";
    const size_t start = sizeof prefix - 1;
    int part[2] = {0, 0};
    size_t count = 0;
    if (piece_is(name, RELR_NAME))
        name = piece_of("GLIBC_2.36");
    if (name.size <= start || memcmp(name.text, prefix, start) != 0)
        return;
    for (size_t i = start; i < name.size && count < COUNT(part); i++) {
        if (name.text[i] == '.')
            count++;
        else if (!text_is_digit(name.text[i]) || part[count] > 1000)
            return;
        else
            part[count] = part[count] * 10 + (name.text[i] - '0');
    }
    if (part[0] > most->major || (part[0] == most->major && part[1] > most->minor))
        *most = (struct libc_version){part[0], part[1]};
}

// Elf32_Verneed and Elf64_Verneed are the same, so are their Vernaux.
static int read_needed(const struct image *image, uint64_t at, uint64_t count, struct elf *elf)
{
    for (uint64_t left = MAX_NEEDED; count && left; count--, left--) {
        if (!there(image, at, sizeof(Elf64_Verneed)))
            return -1;
        uint64_t names = number(image, at + 2, 2), name = at + number(image, at + 8, 4);
        uint64_t next = number(image, at + 12, 4);
        for (; names && left; names--, left--) {
            struct piece text;
            if (!there(image, name, sizeof(Elf64_Vernaux)) ||
                string(image, number(image, name + 8, 4), &text) < 0)
                return -1;
            take_version(text, &elf->glibc);
            uint64_t step = number(image, name + 12, 4);
            if (!step)
                break;
            name += step;
        }
        if (!next)
            break;
        at += next;
    }
    return 0;
}

static int read_dynamic(struct image *image, struct segment dynamic, struct elf *elf)
{
    const uint64_t none = UINT64_MAX;
    uint64_t width = image->wide ? 8 : 4, end = dynamic.size / (2 * width);
    uint64_t strings = none, runpath = none, rpath = none, needed = none, count = 0, at;
    if (!there(image, dynamic.offset, dynamic.size))
        return -1;
    for (uint64_t i = 0; i < end; i++) {
        uint64_t tag = word(image, dynamic.offset + 2 * width * i);
        uint64_t value = word(image, dynamic.offset + 2 * width * i + width);
        if (tag == DT_NULL)
            break;
        else if (tag == DT_STRTAB)
            strings = value;
        else if (tag == DT_STRSZ)
            image->strings_size = value;
        else if (tag == DT_RUNPATH)
            runpath = value;
        else if (tag == DT_RPATH)
            rpath = value;
        else if (tag == DT_VERNEED)
            needed = value;
        else if (tag == DT_VERNEEDNUM)
            count = value;
    }
    if (strings == none)
        return 0;
    if (offset_of(image, strings, &image->strings) < 0 ||
        !there(image, image->strings, image->strings_size))
        return -1;
    if (runpath == none) // the loader ignores DT_RPATH beside it
        runpath = rpath;
    if (runpath != none && string(image, runpath, &elf->runpath) < 0)
        return -1;
    if (needed == none)
        return 0;
    return offset_of(image, needed, &at) < 0 ? -1 : read_needed(image, at, count, elf);
}

int elf_read(struct piece bytes, struct elf *ret)
{
    struct image image;
    *ret = (struct elf){0};
    if (open_image(bytes, &image, ret) < 0)
        return -1;
    for (unsigned i = 0; i < image.header_count; i++) {
        struct segment part = segment(&image, i);
        if (part.type == PT_INTERP &&
            text_at(&image, part.offset, part.size, &ret->interpreter) < 0)
            return -1;
        if (part.type == PT_DYNAMIC && read_dynamic(&image, part, ret) < 0)
            return -1;
    }
    return 0;
}
