// SPDX-License-Identifier: Apache-2.0
// zip: the end records, the central directory and local headers of an archive.
//
// Invariant: every offset and size is checked against the bytes that are there before it is used,
// in 64 bits, without a sum that could overflow.
#include "wheel/zip.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/lang.h"

enum {
    CENTRAL_SIGN = 0x02014b50,
    LOCAL_SIGN = 0x04034b50,
    LOCAL_SIZE = 30,
    DESCRIPTOR_SIGN = 0x08074b50,
    END_SIGN = 0x06054b50,
    END64_SIGN = 0x06064b50,
    LOCATOR_SIGN = 0x07064b50,
    END_SIZE = 22,
    LOCATOR_SIZE = 20,
    END64_SIZE = 56,
    CENTRAL_SIZE = 46,
    MAX_COMMENT = 0xffff,
    MAX_ENTRIES = 1 << 20,
    EXTRA_ZIP64 = 1,
    FLAG_ENCRYPTED = 1 | 1 << 6 | 1 << 13,
    FLAG_DESCRIPTOR = 1 << 3,
    FLAG_PATCH = 1 << 5,
    FLAG_UTF8 = 1 << 11,
    FLAGS_MEANT = FLAG_ENCRYPTED | FLAG_DESCRIPTOR | FLAG_PATCH | FLAG_UTF8,
};
static unsigned get16(const unsigned char *at)
{
    return at[0] | (unsigned)at[1] << 8;
}

static uint32_t get32(const unsigned char *at)
{
    return get16(at) | (uint32_t)get16(at + 2) << 16;
}

static uint64_t get64(const unsigned char *at)
{
    return get32(at) | (uint64_t)get32(at + 4) << 32;
}

static const uint32_t none32 = 0xffffffff; // the value is in a zip64 record
static const uint64_t max_size = UINT64_C(1) << 48;

struct central { // where the central directory is
    const unsigned char *at, *end;
    uint64_t count;
};

static int bad(struct err *err, const char *words)
{
    return err_set(err, ERR_BAD_WHEEL, "%s", words);
}

static int bad_entry(struct err *err, struct piece name, const char *words)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, name.text, name.size < 200 ? name.size : 200);
    return err_set(err, ERR_BAD_WHEEL, _("entry '%s': %s"), str_text(&shown), words);
}

// The end record ends the file, behind it only its own comment.
static const unsigned char *find_end(struct piece bytes)
{
    const unsigned char *start = (const unsigned char *)bytes.text;
    for (size_t comment = 0; comment <= MAX_COMMENT && comment + END_SIZE <= bytes.size;
         comment++) {
        const unsigned char *at = start + bytes.size - END_SIZE - comment;
        if (get32(at) == END_SIGN)
            return get16(at + 20) == comment ? at : NULL;
    }
    return NULL;
}

// What the end record leaves to the zip64 one; that stands right before its locator.
static int read_end64(struct piece bytes, const unsigned char *end, uint64_t *count,
                      uint64_t *size, uint64_t *from, const unsigned char **ret_end)
{
    const unsigned char *start = (const unsigned char *)bytes.text, *locator, *record;
    if (end - start < LOCATOR_SIZE + END64_SIZE)
        return -1;
    locator = end - LOCATOR_SIZE;
    uint64_t where = get64(locator + 8);
    if (get32(locator) != LOCATOR_SIGN || get32(locator + 4) != 0 || get32(locator + 16) > 1 ||
        where > (uint64_t)(locator - start) - END64_SIZE)
        return -1;
    record = start + where;
    if (get32(record) != END64_SIGN || get64(record + 4) != (uint64_t)(locator - record) - 12 ||
        get32(record + 16) != 0 || get32(record + 20) != 0 ||
        get64(record + 24) != get64(record + 32))
        return -1;
    int same = (*count == 0xffff || *count == get64(record + 32)) &&
               (*size == none32 || *size == get64(record + 40)) &&
               (*from == none32 || *from == get64(record + 48));
    *count = get64(record + 32);
    *size = get64(record + 40);
    *from = get64(record + 48);
    *ret_end = record;
    return same ? 0 : -1;
}

static int find_central(struct piece bytes, struct central *ret, struct err *err)
{
    const unsigned char *start = (const unsigned char *)bytes.text, *end = find_end(bytes);
    if (!end)
        return bad(err, _("not a whole zip archive: it has no end"));
    uint64_t count = get16(end + 10), size = get32(end + 12), from = get32(end + 16);
    int on_disks = get16(end + 4) != 0 || get16(end + 6) != 0 || get16(end + 8) != count;
    int has64 = end - start >= LOCATOR_SIZE && get32(end - LOCATOR_SIZE) == LOCATOR_SIGN;
    if (has64 && read_end64(bytes, end, &count, &size, &from, &end) < 0)
        return bad(err, _("its zip64 end record is malformed"));
    uint64_t before = (uint64_t)(end - start);
    // nothing between the directory and its end: else it could be meant to be somewhere else
    if (on_disks || from > before || size != before - from || count > MAX_ENTRIES ||
        count > size / CENTRAL_SIZE)
        return bad(err, _("its end record does not fit its central directory"));
    *ret = (struct central){start + from, end, count};
    return 0;
}

// What 4 bytes were too few for, in the order in which it was.
static int read_zip64(const unsigned char *extra, size_t size, uint64_t **wanted)
{
    const unsigned char *end = extra + size;
    int seen = 0;
    while (end - extra >= 4) {
        unsigned id = get16(extra), length = get16(extra + 2);
        extra += 4;
        if (length > end - extra)
            return -1;
        for (unsigned used = 0; id == EXTRA_ZIP64 && *wanted; wanted++, used += 8) {
            if (used + 8 > length || seen)
                return -1;
            **wanted = get64(extra + used);
        }
        seen |= id == EXTRA_ZIP64;
        extra += length;
    }
    return *wanted ? -1 : 0;
}

// One entry of the central directory; central->at moves behind it.
static int read_entry(struct central *central, struct zip_entry *ret, struct err *err)
{
    const unsigned char *at = central->at;
    if (central->end - at < CENTRAL_SIZE || get32(at) != CENTRAL_SIGN)
        return bad(err, _("its central directory is malformed"));
    size_t name = get16(at + 28), extra = get16(at + 30), comment = get16(at + 32);
    if ((size_t)(central->end - at) - CENTRAL_SIZE < name + extra + comment)
        return bad(err, _("its central directory is malformed"));
    unsigned method = get16(at + 10);
    *ret = (struct zip_entry){
        .name = {(const char *)at + CENTRAL_SIZE, name},
        .size = get32(at + 24),
        .packed = get32(at + 20),
        .header = get32(at + 42),
        .crc = get32(at + 16),
        .mode = get32(at + 38) >> 16,
        .flags = get16(at + 8),
        .deflated = method == 8,
    };
    uint64_t *wanted[4], **next = wanted;
    if (ret->size == none32)
        *next++ = &ret->size;
    if (ret->packed == none32)
        *next++ = &ret->packed;
    if (ret->header == none32)
        *next++ = &ret->header;
    *next = NULL;
    if (read_zip64(at + CENTRAL_SIZE + name, extra, wanted) < 0 || get16(at + 34) != 0)
        return bad_entry(err, ret->name, _("its header is malformed"));
    if (method != 0 && method != 8)
        return bad_entry(err, ret->name, _("it is neither stored nor deflated"));
    if (ret->flags & (FLAG_ENCRYPTED | FLAG_PATCH))
        return bad_entry(err, ret->name, _("it is encrypted"));
    if (ret->size > max_size || ret->packed > max_size ||
        (!ret->deflated && ret->size != ret->packed))
        return bad_entry(err, ret->name, _("its size is not its own"));
    central->at = at + CENTRAL_SIZE + name + extra + comment;
    return 0;
}

// The data descriptor behind an entry: with or without a signature, sizes of 4 or 8 bytes.
// Returns its size, or 0.
static size_t descriptor(const unsigned char *at, uint64_t room, const struct zip_entry *entry)
{
    for (size_t sign = 4;; sign = 0) {
        for (size_t width = 4; width <= 8; width += 4) {
            const unsigned char *crc = at + sign, *sizes = crc + 4;
            if (room < sign + 4 + 2 * width || (sign && get32(at) != DESCRIPTOR_SIGN))
                continue;
            uint64_t packed = width == 4 ? get32(sizes) : get64(sizes);
            uint64_t size = width == 4 ? get32(sizes + width) : get64(sizes + width);
            if (get32(crc) == entry->crc && packed == entry->packed && size == entry->size)
                return sign + 4 + 2 * width;
        }
        if (!sign)
            return 0;
    }
}

static int read_local(struct piece bytes, uint64_t limit, struct zip_entry *entry,
                      uint64_t *ret_end, struct err *err)
{
    const unsigned char *start = (const unsigned char *)bytes.text, *at = start + entry->header;
    if (entry->header > limit || limit - entry->header < LOCAL_SIZE || get32(at) != LOCAL_SIGN)
        return bad_entry(err, entry->name, _("it has no local header"));
    size_t name = get16(at + 26), extra = get16(at + 28);
    uint64_t room = limit - entry->header - LOCAL_SIZE;
    if (room < name + extra || room - name - extra < entry->packed)
        return bad_entry(err, entry->name, _("it is not all there"));
    uint64_t size = get32(at + 22), packed = get32(at + 18);
    uint64_t *wanted[3], **next = wanted;
    if (size == none32)
        *next++ = &size;
    if (packed == none32)
        *next++ = &packed;
    *next = NULL;
    if (read_zip64(at + LOCAL_SIZE + name, extra, wanted) < 0)
        return bad_entry(err, entry->name, _("its header is malformed"));
    int later = (entry->flags & FLAG_DESCRIPTOR) != 0; // then each may be 0 here
    uint32_t crc = get32(at + 14);
    int agrees = (size == entry->size || (later && size == 0)) &&
                 (packed == entry->packed || (later && packed == 0)) &&
                 (crc == entry->crc || (later && crc == 0));
    if (!agrees || name != entry->name.size ||
        memcmp(at + LOCAL_SIZE, entry->name.text, name) != 0 ||
        get16(at + 8) != (entry->deflated ? 8 : 0) ||
        (get16(at + 6) ^ entry->flags) & FLAGS_MEANT)
        return bad_entry(err, entry->name,
                         _("its local header differs from the central directory"));
    entry->data = entry->header + LOCAL_SIZE + name + extra;
    *ret_end = entry->data + entry->packed;
    size_t tail = later ? descriptor(start + *ret_end, limit - *ret_end, entry) : 0;
    if (later && !tail)
        return bad_entry(err, entry->name, _("its data descriptor is wrong"));
    *ret_end += tail;
    return 0;
}

static int by_header(const void *one, const void *two)
{
    uint64_t a = (*(struct zip_entry *const *)one)->header;
    uint64_t b = (*(struct zip_entry *const *)two)->header;
    return (a > b) - (a < b);
}

// Local headers, in the order in which they are in the archive: none begins inside another.
static int check_places(struct zip *zip, uint64_t limit, struct err *err)
{
    CLEANUP_FREE struct zip_entry **order = mem_alloc((zip->count + 1) * sizeof(void *));
    int sorted = 1, result = 0;
    for (size_t i = 0; i < zip->count; i++) {
        order[i] = &zip->entry[i];
        sorted &= i == 0 || order[i - 1]->header < order[i]->header;
    }
    if (!sorted)
        qsort(order, zip->count, sizeof(void *), by_header);
    uint64_t end = 0;
    for (size_t i = 0; i < zip->count && result == 0; i++) {
        struct zip_entry *entry = order[i];
        if (entry->header < end)
            result = bad_entry(err, entry->name, _("it overlaps another entry"));
        else
            result = read_local(zip->bytes, limit, entry, &end, err);
    }
    return result;
}

int zip_open(struct arena *arena, struct piece bytes, struct zip *ret, struct err *err)
{
    struct central central = {0};
    if (find_central(bytes, &central, err) < 0)
        return -1;
    *ret = (struct zip){.bytes = bytes, .count = central.count};
    uint64_t limit = (uint64_t)(central.at - (const unsigned char *)bytes.text);
    ret->entry = arena_alloc(arena, ret->count * sizeof *ret->entry);
    for (size_t i = 0; i < ret->count; i++) {
        if (read_entry(&central, &ret->entry[i], err) < 0)
            return -1;
        ret->total += ret->entry[i].size; // 2^20 times 2^48: no overflow
    }
    if (central.at != central.end)
        return bad(err, _("its central directory has more entries than its end record says"));
    return check_places(ret, limit, err);
}

// Whether it is NAME.dist-info/`file` at the top.
static int is_info(struct piece name, const char *file)
{
    static const char infix[] = ".dist-info/";
    size_t tail = strlen(file), middle = sizeof infix - 1;
    if (name.size <= tail + middle || memcmp(name.text + name.size - tail, file, tail) != 0)
        return 0;
    const char *at = name.text + name.size - tail - middle;
    return memcmp(at, infix, middle) == 0 && !memchr(name.text, '/', (size_t)(at - name.text));
}

int zip_find(struct piece bytes, const char *file, struct zip_entry *ret, struct err *err)
{
    struct central central = {0};
    struct zip_entry entry = {0};
    int found = 0;
    if (find_central(bytes, &central, err) < 0)
        return -1;
    const unsigned char *start = (const unsigned char *)bytes.text;
    uint64_t limit = (uint64_t)(central.at - start), end;
    for (uint64_t i = 0; i < central.count; i++) {
        if (read_entry(&central, &entry, err) < 0)
            return -1;
        if (!is_info(entry.name, file))
            continue;
        if (found++)
            return bad_entry(err, entry.name, _("it is there twice"));
        *ret = entry;
    }
    if (!found)
        return err_set(err, ERR_BAD_WHEEL, _("it has no '.dist-info/%s'"), file);
    return read_local(bytes, limit, ret, &end, err);
}

int zip_is_folder(const struct zip_entry *entry)
{
    return entry->name.size && entry->name.text[entry->name.size - 1] == '/';
}

int zip_is_special(const struct zip_entry *entry)
{
    unsigned type = entry->mode & S_IFMT;
    return type != 0 && type != S_IFREG && (type != S_IFDIR || !zip_is_folder(entry));
}

const char *zip_check_name(struct piece name)
{
    enum { MAX_NAME = 1024, MAX_PART = 255, MAX_PARTS = 64 };
    if (name.size > MAX_NAME)
        return _("its name is too long");
    if (!text_is_utf8(name))
        return _("its name is not UTF-8");
    for (size_t i = 0; i < name.size; i++)
        if ((unsigned char)name.text[i] < ' ' || name.text[i] == 0x7f || name.text[i] == '\\')
            return _("its name has a backslash or a control character");
    if (name.size && name.text[0] == '/')
        return _("its name is absolute");
    if (name.size && name.text[name.size - 1] == '/')
        name.size--;
    for (int more = 1, parts = 0; more; parts++) {
        struct piece part = piece_cut(&name, '/');
        more = name.text != NULL;
        if (piece_is(part, ".."))
            return _("its name leads out of its folder");
        if (!part.size || piece_is(part, "."))
            return _("its name has an empty part");
        if (part.size > MAX_PART || parts == MAX_PARTS)
            return _("its name is too long");
    }
    return NULL;
}
