// SPDX-License-Identifier: Apache-2.0
#include "image/tar.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 100, TYPE_AT = 156, SUM_AT = 148, SUM_SIZE = 8 };
static const uint64_t octal_max = UINT64_C(1) << 33; // 11 octal digits

uint64_t tar_padded(uint64_t size)
{
    return (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
}

uint64_t tar_content(const struct image_member *member)
{
    return member->kind == IMAGE_FOLDER || member->kind == IMAGE_LINK ? 0 : member->size;
}

static size_t decimals(size_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
static size_t record_size(const char *key, size_t value)
{
    size_t rest = strlen(key) + value + 3, size = rest + decimals(rest);
    return rest + decimals(size);
}

static void add_record(struct str *into, const char *key, const char *value)
{
    str_print(into, "%zu %s=%s\n", record_size(key, strlen(value)), key, value);
}

static size_t path_size(const struct image_member *member)
{
    return strlen(member->path) + (member->kind == IMAGE_FOLDER);
}

static int has_long_target(const struct image_member *member)
{
    return member->kind == IMAGE_LINK && strlen(member->target) > NAME_SIZE;
}

static void add_records(struct str *into, const struct image_member *member)
{
    char size[24];
    if (has_long_target(member))
        add_record(into, "linkpath", member->target);
    if (path_size(member) > NAME_SIZE) {
        CLEANUP_STR struct str path = {0};
        str_print(&path, "%s%s", member->path, member->kind == IMAGE_FOLDER ? "/" : "");
        add_record(into, "path", path.text);
    }
    if (tar_content(member) >= octal_max) {
        snprintf(size, sizeof size, "%llu", (unsigned long long)member->size);
        add_record(into, "size", size);
    }
}

static uint64_t records_size(const struct image_member *member)
{
    char size[24];
    uint64_t sum = 0;
    if (has_long_target(member))
        sum += record_size("linkpath", strlen(member->target));
    if (path_size(member) > NAME_SIZE)
        sum += record_size("path", path_size(member));
    if (tar_content(member) >= octal_max) {
        snprintf(size, sizeof size, "%llu", (unsigned long long)member->size);
        sum += record_size("size", strlen(size));
    }
    return sum;
}

uint64_t tar_header_size(const struct image_member *member)
{
    uint64_t records = records_size(member);
    return TAR_BLOCK + (records ? TAR_BLOCK + tar_padded(records) : 0);
}

static void put_name(char *field, const char *text, const char *more)
{
    size_t size = strlen(text);
    memcpy(field, text, size < NAME_SIZE ? size : NAME_SIZE);
    if (size < NAME_SIZE && *more)
        field[size] = *more;
}

// The fields of ustar: name, mode, uid, gid, size, time, sum, type, target, magic, version.
static void add_block(struct str *into, const char *name, const char *more, unsigned mode,
                      uint64_t size, char type, const char *target)
{
    char block[TAR_BLOCK] = {0};
    unsigned sum = 0;
    put_name(block, name, more);
    snprintf(block + 100, 8, "%07o", mode);
    memcpy(block + 108, "0000000", 8);
    memcpy(block + 116, "0000000", 8);
    snprintf(block + 124, 12, "%011llo", (unsigned long long)(size < octal_max ? size : 0));
    snprintf(block + 136, 12, "%011o", IMAGE_TIME);
    memset(block + SUM_AT, ' ', SUM_SIZE);
    block[TYPE_AT] = type;
    put_name(block + 157, target, "");
    static const char magic[8] = {'u', 's', 't', 'a', 'r', '\0', '0', '0'};
    memcpy(block + 257, magic, sizeof magic);
    for (size_t i = 0; i < sizeof block; i++)
        sum += (unsigned char)block[i];
    snprintf(block + SUM_AT, SUM_SIZE, "%06o", sum & 0777777);
    str_add_bytes(into, block, sizeof block);
}

void tar_add_header(struct str *into, const struct image_member *member)
{
    const char *more = member->kind == IMAGE_FOLDER ? "/" : "";
    unsigned mode = member->kind == IMAGE_FILE   ? 0644
                    : member->kind == IMAGE_LINK ? 0777
                                                 : 0755;
    char type = member->kind == IMAGE_FOLDER ? '5' : member->kind == IMAGE_LINK ? '2' : '0';
    uint64_t records = records_size(member);
    if (records) {
        size_t from = into->size;
        static const char zeros[TAR_BLOCK];
        add_block(into, "././@PaxHeader", "", 0644, records, 'x', "");
        add_records(into, member);
        str_add_bytes(into, zeros, (from + TAR_BLOCK + tar_padded(records)) - into->size);
    }
    add_block(into, member->path, more, mode, tar_content(member), type,
              member->kind == IMAGE_LINK ? member->target : "");
}
