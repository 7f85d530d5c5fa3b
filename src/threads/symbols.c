// SPDX-License-Identifier: Apache-2.0
// symbols: a name is looked up as the loader does it: hash, bucket, chain; some ten small reads of a file
// that may have tens of megabytes.
#include "threads/symbols.h"

#include <ctype.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

enum {
    MAX_HEADERS = 64,
    MAX_DYNAMIC = 512,
    MAX_SECTIONS = 512,
    MAX_CHAIN = 4096,
    BLOCK = 1 << 18,
    TEXT_MAX = 64
};
#define MOST_CONSTANTS ((uint64_t)8 << 20) // bytes that are searched

static int read_at(const struct symbols *symbols, uint64_t at, void *into, size_t size)
{
    return at < INT64_MAX && pread(symbols->fd, into, size, (off_t)at) == (ssize_t)size ? 0
                                                                                        : -1;
}

// The offset in the file of what is loaded at an address. Returns 0, or -1.
static int offset_of(const struct symbols *symbols, uint64_t address, uint64_t *ret)
{
    for (size_t i = 0; i < symbols->segments; i++) {
        const struct symbols_segment *segment = &symbols->segment[i];
        if (address < segment->address || address - segment->address >= segment->file_size)
            continue;
        *ret = segment->offset + (address - segment->address);
        return 0;
    }
    return -1;
}

static int read_address(const struct symbols *symbols, uint64_t address, void *into,
                        size_t size)
{
    uint64_t at;
    return offset_of(symbols, address, &at) < 0 ? -1 : read_at(symbols, at, into, size);
}

static int take_segment(struct symbols *symbols, const ElfW(Phdr) * header)
{
    if (symbols->segments == SYMBOLS_SEGMENTS ||
        header->p_vaddr + header->p_memsz < header->p_vaddr)
        return -1;
    symbols->segment[symbols->segments++] = (struct symbols_segment){
        header->p_vaddr, header->p_offset, header->p_filesz, header->p_memsz};
    if (symbols->segments == 1 || header->p_vaddr < symbols->low)
        symbols->low = header->p_vaddr;
    if (header->p_vaddr + header->p_memsz > symbols->high)
        symbols->high = header->p_vaddr + header->p_memsz;
    return 0;
}

static void read_dynamic(struct symbols *symbols, uint64_t at, uint64_t size)
{
    for (uint64_t i = 0; i < size / sizeof(ElfW(Dyn)) && i < MAX_DYNAMIC; i++) {
        ElfW(Dyn) entry;
        if (read_at(symbols, at + i * sizeof entry, &entry, sizeof entry) < 0 ||
            entry.d_tag == DT_NULL)
            return;
        if (entry.d_tag == DT_STRTAB)
            symbols->names = entry.d_un.d_ptr;
        else if (entry.d_tag == DT_STRSZ)
            symbols->names_size = entry.d_un.d_val;
        else if (entry.d_tag == DT_SYMTAB)
            symbols->entries = entry.d_un.d_ptr;
        else if (entry.d_tag == DT_GNU_HASH)
            symbols->hash = entry.d_un.d_ptr;
    }
}

int symbols_open(int fd, struct symbols *ret)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) header;
    uint64_t dynamic = 0, dynamic_size = 0;
    unsigned char class = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
    unsigned char order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
    *ret = (struct symbols){.fd = fd};
    if (read_at(ret, 0, &head, sizeof head) < 0 || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
        head.e_ident[EI_CLASS] != class || head.e_ident[EI_DATA] != order ||
        head.e_phentsize != sizeof header || head.e_phnum > MAX_HEADERS)
        return -1;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        if (read_at(ret, head.e_phoff + i * sizeof header, &header, sizeof header) < 0 ||
            (header.p_type == PT_LOAD && take_segment(ret, &header) < 0))
            return -1;
        if (header.p_type == PT_DYNAMIC) {
            dynamic = header.p_offset;
            dynamic_size = header.p_filesz;
        }
    }
    if (head.e_shentsize == sizeof(ElfW(Shdr)) && head.e_shnum <= MAX_SECTIONS) {
        ret->sections = head.e_shoff;
        ret->section_count = head.e_shnum;
    }
    read_dynamic(ret, dynamic, dynamic_size);
    return ret->segments ? 0 : -1;
}

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name; name++)
        hash = hash * 33 + (unsigned char)*name;
    return hash;
}

static int has_name(const struct symbols *symbols, const ElfW(Sym) * entry, const char *name)
{
    char text[128];
    size_t size = strlen(name) + 1;
    return size <= sizeof text && entry->st_name < symbols->names_size &&
           read_address(symbols, symbols->names + entry->st_name, text, size) == 0 &&
           memcmp(text, name, size) == 0;
}

// A table of GNU: four numbers, a filter of words, the buckets, a number for each entry from the first
// that is hashed; the last one of a bucket is odd.
int symbols_find(const struct symbols *symbols, const char *name, uint64_t *ret)
{
    uint32_t head[4], index, link, hash = hash_of(name);
    if (!symbols->hash || !symbols->entries || !symbols->names ||
        read_address(symbols, symbols->hash, head, sizeof head) < 0 || !head[0])
        return -1;
    uint64_t buckets = symbols->hash + sizeof head + (uint64_t)head[2] * sizeof(ElfW(Addr));
    uint64_t chain = buckets + (uint64_t)head[0] * 4;
    if (read_address(symbols, buckets + (uint64_t)(hash % head[0]) * 4, &index, 4) < 0 ||
        index < head[1])
        return -1;
    for (int i = 0; i < MAX_CHAIN; i++, index++) {
        ElfW(Sym) entry;
        if (read_address(symbols, chain + (uint64_t)(index - head[1]) * 4, &link, 4) < 0)
            return -1;
        if ((link | 1) == (hash | 1) &&
            read_address(symbols, symbols->entries + (uint64_t)index * sizeof entry, &entry,
                         sizeof entry) == 0 &&
            entry.st_shndx != SHN_UNDEF && has_name(symbols, &entry, name)) {
            *ret = entry.st_value;
            return 0;
        }
        if (link & 1)
            return -1;
    }
    return -1;
}

// What follows the words in a block of bytes. Returns 0, or -1.
static int text_in(const char *bytes, size_t size, const char *words, struct str *into)
{
    size_t length = strlen(words);
    const char *end = bytes + size;
    for (const char *at = bytes;
         (at = memmem(at, (size_t)(end - at), words, length)) != NULL;) {
        at += length;
        const char *stop = at;
        while (stop < end && isgraph((unsigned char)*stop) && stop - at < TEXT_MAX)
            stop++;
        if (stop == at || stop == end || !isdigit((unsigned char)*at))
            continue;
        str_add_bytes(into, at, (size_t)(stop - at));
        return 0;
    }
    return -1;
}

static int text_between(const struct symbols *symbols, uint64_t at, uint64_t size,
                        const char *words, struct str *into)
{
    CLEANUP_FREE char *block = mem_alloc(BLOCK);
    size_t kept = 0;
    size = size < MOST_CONSTANTS ? size : MOST_CONSTANTS;
    while (size && at < INT64_MAX) {
        size_t want = BLOCK - kept < size ? BLOCK - kept : (size_t)size;
        ssize_t got = pread(symbols->fd, block + kept, want, (off_t)at);
        if (got <= 0)
            return -1;
        size_t have = kept + (size_t)got;
        if (text_in(block, have, words, into) == 0)
            return 0;
        at += (uint64_t)got;
        size -= (uint64_t)got;
        kept = have < 2L * TEXT_MAX ? have : 2L * TEXT_MAX; // what may go on in the next one
        memmove(block, block + have - kept, kept);
    }
    return -1;
}

int symbols_text(const struct symbols *symbols, const char *words, struct str *into)
{
    int constants = 0;
    for (unsigned i = 0; symbols->sections && i < symbols->section_count; i++) {
        ElfW(Shdr) section;
        if (read_at(symbols, symbols->sections + i * sizeof section, &section, sizeof section) <
            0)
            break;
        if (section.sh_type != SHT_PROGBITS || !(section.sh_flags & SHF_ALLOC) ||
            section.sh_flags & (SHF_WRITE | SHF_EXECINSTR))
            continue;
        constants++;
        if (text_between(symbols, section.sh_offset, section.sh_size, words, into) == 0)
            return 0;
    }
    for (size_t i = 0; !constants && i < symbols->segments; i++)
        if (text_between(symbols, symbols->segment[i].offset, symbols->segment[i].file_size,
                         words, into) == 0)
            return 0;
    return -1;
}
