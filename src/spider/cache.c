// SPDX-License-Identifier: Apache-2.0
#include "spider/cache.h"

#include <fcntl.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "lopin-spider 3\n"
enum {
    MAX_CACHE = 1 << 30,
    IS_LUA = 1,
    IS_OPEN = 2,
    SAME_NAME = 4,
    LEAST_MODULE = 26,       // bytes of one
    LEAST_ENTRY = 1 + 8 + 4, // of the index
};
struct head { // 40 bytes; numbers are little-endian, as the machines are that this runs on
    char magic[16];
    uint64_t size; // of the folders, which follow
    uint64_t rest; // of the index behind them
    uint32_t sum;  // the index's CRC-32
    uint32_t folders;
};

// A reader that ends at the first thing that is not as it must be.
struct reading {
    const char *at, *end;
    int is_bad;
};

static uint64_t read_bytes(struct reading *reading, size_t size)
{
    uint64_t number = 0;
    if (reading->is_bad || (size_t)(reading->end - reading->at) < size) {
        reading->is_bad = 1;
        return 0;
    }
    memcpy(&number, reading->at, size);
    reading->at += size;
    return number;
}

// A count of things that take at least so many bytes each: 7 bits a byte, the last below 128.
static size_t read_count(struct reading *reading, size_t least)
{
    size_t count = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint64_t byte = read_bytes(reading, 1);
        count |= (byte & 127) << shift;
        if (byte < 128)
            break;
        if (shift > 28)
            reading->is_bad = 1;
        if (reading->is_bad)
            return 0;
    }
    if (count * least > (size_t)(reading->end - reading->at))
        reading->is_bad = 1;
    return reading->is_bad ? 0 : count;
}

static const char *read_text(struct reading *reading)
{
    const char *text = reading->at;
    size_t left = (size_t)(reading->end - reading->at);
    const char *end = reading->is_bad || !left ? NULL : memchr(text, '\0', left);
    if (!end) {
        reading->is_bad = 1;
        return "";
    }
    reading->at = end + 1;
    return text;
}

// Each value in a statement of its own: initialisers have no order.
static struct texts read_texts(struct reading *reading)
{
    struct texts texts = {0};
    texts.count = read_count(reading, 1);
    texts.first = reading->at;
    for (size_t i = 0; i < texts.count && !reading->is_bad; i++)
        read_text(reading);
    if (reading->is_bad)
        texts.count = 0;
    return texts;
}

// Its name is often that of the module before it.
static void read_module(struct reading *reading, struct spider_module *module,
                        const char *before)
{
    unsigned flags = (unsigned)read_bytes(reading, 1);
    *module = (struct spider_module){.is_known = 1,
                                     .is_lua = (flags & IS_LUA) != 0,
                                     .is_open = (flags & IS_OPEN) != 0,
                                     .name = before};
    if (!(flags & SAME_NAME))
        module->name = read_text(reading);
    module->full = read_text(reading);
    size_t size = strlen(module->name);
    if (strncmp(module->full, module->name, size) != 0)
        reading->is_bad = 1;
    else
        module->version = module->full + size + (module->full[size] == '/');
    module->order = read_text(reading);
    struct texts *lists[] = {&module->whatis, &module->extensions, &module->paths,
                             &module->marks,  &module->asked,      &module->also};
    for (size_t i = 0; i < COUNT(lists); i++)
        *lists[i] = read_texts(reading);
    const char *family = read_text(reading);
    module->family = *family ? family : NULL;
    module->changed_ns = (int64_t)read_bytes(reading, 8);
    module->size = (int64_t)read_bytes(reading, 8);
}

static void read_place(struct reading *reading, struct spider_place *place)
{
    place->path = read_text(reading);
    place->changed_ns = (int64_t)read_bytes(reading, 8);
    place->inode = read_bytes(reading, 8);
}

static void read_rc(struct reading *reading, struct rc_entry *rc)
{
    rc->kind = (enum rc_kind)read_bytes(reading, 1);
    rc->name = (char *)read_text(reading);
    rc->target = (char *)read_text(reading);
    rc->when = (char *)read_text(reading);
}

static void read_folder(struct reading *reading, struct arena *arena,
                        struct spider_folder *folder)
{
    const char *name = "";
    *folder = (struct spider_folder){.path = read_text(reading)};
    size_t places = read_count(reading, 17);
    folder->place = arena_alloc(arena, (places + 1) * sizeof *folder->place);
    for (; folder->places < places && !reading->is_bad; folder->places++)
        read_place(reading, &folder->place[folder->places]);
    size_t rcs = read_count(reading, 4);
    folder->rc = arena_alloc(arena, (rcs + 1) * sizeof *folder->rc);
    for (; folder->rcs < rcs && !reading->is_bad; folder->rcs++)
        read_rc(reading, &folder->rc[folder->rcs]);
    size_t modules = read_count(reading, LEAST_MODULE);
    folder->module = arena_alloc(arena, (modules + 1) * sizeof *folder->module);
    for (; folder->modules < modules && !reading->is_bad; folder->modules++) {
        struct spider_module *module = &folder->module[folder->modules];
        read_module(reading, module, name);
        module->folder = folder;
        name = module->name;
    }
}

struct spider_folder *cache_read_folder(struct arena *arena, const char *bytes, size_t size)
{
    struct spider_folder *folder = arena_alloc(arena, sizeof *folder);
    struct reading reading = {bytes, bytes + size, 0};
    read_folder(&reading, arena, folder);
    return reading.is_bad || reading.at != reading.end ? NULL : folder;
}

// Read, not mapped: who writes into a mapped file or cuts it ends whoever looks at it. Returns NULL
// if there is not so much, or it is not what it was when it was written.
static const char *read_part(const struct spider_cache *cache, uint64_t place, size_t size,
                             uint32_t sum)
{
    char *bytes = arena_alloc(cache->arena, size + 1);
    for (size_t got = 0; got < size;) {
        ssize_t more = pread(cache->fd, bytes + got, size - got, (off_t)(place + got));
        if (more <= 0)
            return NULL;
        got += (size_t)more;
    }
    return libdeflate_crc32(0, bytes, size) == sum ? bytes : NULL;
}

static int read_index(struct spider_cache *cache, const struct head *head)
{
    size_t size = (size_t)head->rest, folders = head->folders;
    uint64_t place = sizeof *head;
    const char *bytes = read_part(cache, sizeof *head + head->size, size, head->sum);
    if (!bytes || folders > size / LEAST_ENTRY)
        return -1;
    struct reading reading = {bytes, bytes + size, 0};
    cache->part = arena_alloc(cache->arena, (folders + 1) * sizeof *cache->part);
    for (; cache->count < folders && !reading.is_bad; cache->count++) {
        struct cache_part *part = &cache->part[cache->count];
        *part = (struct cache_part){.path = read_text(&reading), .place = place};
        part->size = (size_t)read_bytes(&reading, 8);
        part->sum = (uint32_t)read_bytes(&reading, 4);
        if (part->size > head->size - (place - sizeof *head))
            return -1;
        place += part->size;
        *table_put(&cache->places, part->path, NULL) = cache->count + 1;
    }
    return reading.is_bad || reading.at != reading.end ? -1 : 0;
}

static int read_head(struct spider_cache *cache)
{
    struct head head;
    struct stat found;
    if (fstat(cache->fd, &found) < 0 || !S_ISREG(found.st_mode) || found.st_size > MAX_CACHE ||
        pread(cache->fd, &head, sizeof head, 0) != sizeof head ||
        memcmp(head.magic, MAGIC, sizeof MAGIC) != 0)
        return -1;
    uint64_t all = (uint64_t)found.st_size - sizeof head;
    return head.size > all || head.rest != all - head.size ? -1 : read_index(cache, &head);
}

int cache_open(struct spider_cache *cache, struct arena *arena, const char *path)
{
    *cache = (struct spider_cache){.arena = arena,
                                   .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (cache->fd >= 0 && read_head(cache) == 0)
        return 0;
    cache_close(cache);
    return -1;
}

void cache_close(struct spider_cache *cache)
{
    if (cache->arena && cache->fd >= 0)
        close(cache->fd);
    table_free(&cache->places);
    *cache = (struct spider_cache){0};
}

struct spider_folder *cache_get(struct spider_cache *cache, const char *path)
{
    const uint64_t *place = table_get(&cache->places, path);
    if (!place)
        return NULL;
    struct cache_part *part = &cache->part[*place - 1];
    const char *bytes =
        part->is_read ? NULL : read_part(cache, part->place, part->size, part->sum);
    if (bytes)
        part->folder = cache_read_folder(cache->arena, bytes, part->size);
    if (part->folder && strcmp(part->folder->path, path) != 0)
        part->folder = NULL;
    part->is_read = 1;
    return part->folder;
}

static void add_number(struct str *into, uint64_t number, size_t size)
{
    str_add_bytes(into, &number, size);
}

static void add_text(struct str *into, const char *text)
{
    str_add_bytes(into, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void add_count(struct str *into, size_t count)
{
    for (; count > 127; count >>= 7)
        str_add_char(into, (char)(count | 128));
    str_add_char(into, (char)count);
}

static void add_texts(struct str *into, struct texts texts)
{
    const char *end = texts.first;
    for (size_t i = 0; i < texts.count; i++)
        end = texts_next(end);
    add_count(into, texts.count);
    if (texts.count)
        str_add_bytes(into, texts.first, (size_t)(end - texts.first));
}

void cache_add_head(struct cache_text *into)
{
    const struct head head = {0};
    str_add_bytes(&into->all, &head, sizeof head);
}

static void add_module(struct str *into, const struct spider_module *module, const char *before)
{
    const struct texts lists[] = {module->whatis, module->extensions, module->paths,
                                  module->marks,  module->asked,      module->also};
    int is_same = strcmp(module->name, before) == 0;
    add_number(into,
               (module->is_lua ? IS_LUA : 0U) |
                   (module->is_open || !module->is_known ? IS_OPEN : 0U) |
                   (is_same ? SAME_NAME : 0U),
               1);
    if (!is_same)
        add_text(into, module->name);
    add_text(into, module->full);
    add_text(into, module->order);
    for (size_t k = 0; k < COUNT(lists); k++)
        add_texts(into, lists[k]);
    add_text(into, module->family);
    add_number(into, (uint64_t)module->changed_ns, 8);
    add_number(into, (uint64_t)module->size, 8);
}

void cache_write_folder(struct str *into, const struct spider_folder *folder)
{
    const char *name = "";
    add_text(into, folder->path);
    add_count(into, folder->places);
    for (size_t i = 0; i < folder->places; i++) {
        add_text(into, folder->place[i].path);
        add_number(into, (uint64_t)folder->place[i].changed_ns, 8);
        add_number(into, folder->place[i].inode, 8);
    }
    add_count(into, folder->rcs);
    for (size_t i = 0; i < folder->rcs; i++) {
        add_number(into, folder->rc[i].kind, 1);
        add_text(into, folder->rc[i].name);
        add_text(into, folder->rc[i].target);
        add_text(into, folder->rc[i].when);
    }
    add_count(into, folder->modules);
    for (size_t i = 0; i < folder->modules; i++) {
        add_module(into, &folder->module[i], name);
        name = folder->module[i].name;
    }
}

// What was added to the text last is a folder.
static void add_entry(struct cache_text *into, const char *path, size_t before)
{
    size_t size = into->all.size - before;
    add_text(&into->index, path);
    add_number(&into->index, size, 8);
    add_number(&into->index, libdeflate_crc32(0, into->all.text + before, size), 4);
    into->folders++;
}

void cache_add_folder(struct cache_text *into, const struct spider_folder *folder)
{
    size_t before = into->all.size;
    cache_write_folder(&into->all, folder);
    add_entry(into, folder->path, before);
}

void cache_add_part(struct cache_text *into, const struct spider_cache *cache, size_t which)
{
    const struct cache_part *part = &cache->part[which];
    const char *bytes = read_part(cache, part->place, part->size, part->sum);
    size_t before = into->all.size;
    if (!bytes)
        return;
    str_add_bytes(&into->all, bytes, part->size);
    add_entry(into, part->path, before);
}

void cache_add_end(struct cache_text *into)
{
    struct head head = {.magic = MAGIC, .folders = into->folders};
    head.size = into->all.size - sizeof head;
    head.rest = into->index.size;
    head.sum = libdeflate_crc32(0, str_text(&into->index), into->index.size);
    str_add_bytes(&into->all, str_text(&into->index), into->index.size);
    memcpy(into->all.text, &head, sizeof head);
}

void cache_text_free(struct cache_text *text)
{
    str_free(&text->all);
    str_free(&text->index);
}
