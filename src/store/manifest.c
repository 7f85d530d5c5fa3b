// SPDX-License-Identifier: Apache-2.0
// manifest: the text of an entry's manifest. It is read in place, in one pass: 3,000 files in a
// quarter of a millisecond.
#include "store/manifest.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "base/lang.h"

#define FIRST_LINE "lopin-entry 1\n"
#define FIRST_WORD "lopin-entry "
enum { MAX_ITEMS = 1 << 22, END_SIZE = 13 }; // "end 01234567\n"

const char *scheme_folder(enum scheme scheme)
{
    static const char *const folders[SCHEME_COUNT] = {"tree", "scripts", "data", "headers"};
    return folders[scheme];
}

static void add_head(struct str *into, const struct manifest *manifest)
{
    str_print(into, FIRST_LINE "wheel %s\nsha256 %s\nname %s\nversion %s\n", manifest->wheel,
              manifest->sha256, manifest->name, manifest->version);
    str_print(into, "tags %s\ninfo %s\npython %s\npurelib %d\n", manifest->tags, manifest->info,
              manifest->python, manifest->purelib);
    if (manifest->boot)
        str_print(into, "boot %s\n", manifest->boot);
    if (manifest->glibc.major)
        str_print(into, "glibc %d.%d\n", manifest->glibc.major, manifest->glibc.minor);
    if (manifest->machine)
        str_print(into, "machine %u\n", manifest->machine);
    for (size_t i = 0; i < manifest->interpreter_count; i++)
        str_print(into, "interpreter %s\n", manifest->interpreter[i]);
    for (size_t i = 0; i < manifest->script_count; i++)
        str_print(into, "%s %s=%s\n", manifest->script[i].gui ? "gui" : "console",
                  manifest->script[i].name, manifest->script[i].value);
}

static void add_file(struct str *into, const struct manifest_file *file)
{
    char start[32];
    int size = snprintf(start, sizeof start, "%c %" PRIu64 " ", file->kind, file->size);
    str_add_bytes(into, start, (size_t)size);
    str_add_bytes(into, file->hash, MANIFEST_HASH);
    str_add_char(into, ' ');
    str_add(into, file->name);
    str_add_char(into, '\n');
}

// How many files each folder has, and which folders have any, below them too; numbers of those that
// stay.
static size_t count_files(const struct manifest *manifest, size_t *files, unsigned *number)
{
    size_t total = 0;
    for (size_t i = 0; i < manifest->folder_count; i++)
        for (size_t j = 0; j < manifest->folder[i].count; j++)
            files[i] += manifest->file[manifest->folder[i].first + j].hash != NULL;
    for (size_t i = 0; i < manifest->folder_count; i++) {
        number[i] = files[i] > 0;
        total += files[i];
    }
    for (size_t i = manifest->folder_count; i-- > 0;)
        number[manifest->folder[i].parent] |= number[i];
    return total;
}

void manifest_write(struct str *into, const struct manifest *manifest)
{
    size_t from = into->size, count = manifest->folder_count;
    CLEANUP_FREE size_t *files = mem_zero(count + 1, sizeof *files);
    CLEANUP_FREE unsigned *number = mem_zero(count + 1, sizeof *number);
    size_t total = count_files(manifest, files, number);
    unsigned kept = 0;
    for (size_t i = 0; i < count; i++)
        number[i] = number[i] ? kept++ : UINT32_MAX;
    add_head(into, manifest);
    str_print(into, "folders %u files %zu\n", kept, total);
    for (size_t i = 0; i < count; i++) {
        const struct manifest_folder *folder = &manifest->folder[i];
        if (number[i] == UINT32_MAX)
            continue;
        str_print(into, "folder %s %u %c %zu %s\n", scheme_folder(folder->scheme),
                  number[folder->parent], folder->leaf ? 'l' : '-', files[i], folder->path);
        for (size_t j = 0; j < folder->count; j++)
            if (manifest->file[folder->first + j].hash)
                add_file(into, &manifest->file[folder->first + j]);
    }
    str_print(into, "end %08x\n",
              (unsigned)libdeflate_crc32(0, into->text + from, into->size - from));
}

struct reader {
    char *at, *end;
    int failed;
};

// The rest of the line, ended by a NUL in place of its newline; "" when there is none.
static char *take_line(struct reader *reader)
{
    char *line = reader->at, *end = memchr(line, '\n', (size_t)(reader->end - line));
    if (!end) {
        reader->failed = 1;
        return reader->end; // the NUL behind the text
    }
    *end = '\0';
    reader->at = end + 1;
    return line;
}

// A word and the space behind it.
static char *take_word(struct reader *reader, size_t max)
{
    char *word = reader->at;
    size_t left = (size_t)(reader->end - word);
    char *end = memchr(word, ' ', left < max + 1 ? left : max + 1);
    if (!end) {
        reader->failed = 1;
        return reader->end;
    }
    *end = '\0';
    reader->at = end + 1;
    return word;
}

static uint64_t read_number(struct reader *reader, const char *word)
{
    uint64_t value = 0;
    const char *at = word;
    for (; *at && at - word < 18; at++) {
        reader->failed |= !text_is_digit(*at);
        value = value * 10 + (unsigned char)(*at - '0');
    }
    reader->failed |= *at || at == word;
    return reader->failed ? 0 : value;
}

static uint64_t take_number(struct reader *reader, uint64_t max)
{
    uint64_t value = read_number(reader, take_word(reader, 20));
    reader->failed |= value > max;
    return reader->failed ? 0 : value;
}

static int is_name(const char *name)
{
    return *name && !strchr(name, '/') &&
           (*name != '.' || (strcmp(name, ".") != 0 && strcmp(name, "..") != 0));
}

static void read_files(struct reader *reader, struct manifest *manifest,
                       struct manifest_folder *folder, size_t max)
{
    static const char kinds[] = {FILE_PLAIN, FILE_EXECUTABLE, FILE_SCRIPT, FILE_BYTECODE};
    reader->failed |= folder->count > max - manifest->file_count;
    for (size_t i = 0; i < folder->count && !reader->failed; i++) {
        struct manifest_file *file = &manifest->file[manifest->file_count++];
        char *line = take_line(reader);
        char *name = line + 2;
        uint64_t size = 0;
        reader->failed |= !memchr(kinds, *line, sizeof kinds) || !*line || line[1] != ' ';
        for (; !reader->failed && *name >= '0' && *name <= '9' && name - line < 20; name++)
            size = size * 10 + (unsigned char)(*name - '0');
        char *hash = name + 1;
        // the hash has no NUL and no space, and is as long as it should be
        reader->failed |=
            reader->failed || name == line + 2 || *name != ' ' ||
            memchr(hash, ' ', (size_t)(reader->at - hash)) != hash + MANIFEST_HASH;
        if (reader->failed)
            return;
        hash[MANIFEST_HASH] = '\0';
        *file = (struct manifest_file){.kind = (enum file_kind) * line,
                                       .size = size,
                                       .hash = hash,
                                       .name = hash + MANIFEST_HASH + 1,
                                       .folder = (unsigned)(folder - manifest->folder)};
        reader->failed |= strlen(hash) != MANIFEST_HASH || !is_name(file->name);
    }
}

// "folder tree 0 - 12 numpy/core": its parent came before it, and its path is below the parent's.
static void read_folder(struct reader *reader, struct manifest *manifest, size_t max)
{
    struct manifest_folder *folder = &manifest->folder[manifest->folder_count];
    reader->failed |= strcmp(take_word(reader, 6), "folder") != 0;
    const char *scheme = take_word(reader, 8);
    enum scheme kind = 0;
    while (kind < SCHEME_COUNT && strcmp(scheme_folder(kind), scheme) != 0)
        kind++;
    uint64_t parent = take_number(reader, manifest->folder_count);
    const char *leaf = take_word(reader, 1);
    uint64_t count = take_number(reader, MAX_ITEMS);
    char *path = take_line(reader), *slash = strrchr(path, '/');
    *folder = (struct manifest_folder){.path = path,
                                       .name = slash ? slash + 1 : path,
                                       .scheme = kind,
                                       .parent = (unsigned)parent,
                                       .leaf = *leaf == 'l',
                                       .first = manifest->file_count,
                                       .count = count};
    folder->real = folder->leaf;
    const struct manifest_folder *above = &manifest->folder[parent];
    reader->failed |= kind == SCHEME_COUNT;
    if (parent == manifest->folder_count) {
        reader->failed |= *path != '\0';
    } else {
        size_t length = strlen(above->path);
        size_t start = slash ? (size_t)(slash - path) : 0;
        reader->failed |= above->scheme != kind || !is_name(folder->name) || length != start ||
                          memcmp(above->path, path, length) != 0;
    }
    manifest->folder_count++;
    read_files(reader, manifest, folder, max);
}

static void read_script(struct arena *arena, struct reader *reader, struct manifest *manifest,
                        char *text, int gui)
{
    enum { MAX_SCRIPTS = 4096 };
    if (!manifest->script)
        manifest->script = arena_alloc(arena, MAX_SCRIPTS * sizeof *manifest->script);
    char *value = strchr(text, '=');
    if (!value || manifest->script_count == MAX_SCRIPTS) {
        reader->failed = 1;
        return;
    }
    *value = '\0';
    manifest->script[manifest->script_count++] =
        (struct manifest_script){.name = text, .value = value + 1, .gui = gui};
    reader->failed |= !is_name(text);
}

static void read_glibc(struct reader *reader, char *text, struct manifest *manifest)
{
    char *minor = strchr(text, '.');
    if (!minor) {
        reader->failed = 1;
        return;
    }
    *minor = '\0';
    manifest->glibc.major = (int)read_number(reader, text);
    manifest->glibc.minor = (int)read_number(reader, minor + 1);
}

// Lines "key value" up to "folders"; unknown keys are of a later lopin of the same version.
static void read_head(struct arena *arena, struct reader *reader, struct manifest *ret)
{
    enum { MAX_INTERPRETERS = 64 };
    const struct {
        const char *key;
        const char **value;
    } texts[] = {{"wheel", &ret->wheel},     {"sha256", &ret->sha256}, {"name", &ret->name},
                 {"version", &ret->version}, {"tags", &ret->tags},     {"info", &ret->info},
                 {"python", &ret->python}};
    ret->interpreter = arena_alloc(arena, MAX_INTERPRETERS * sizeof *ret->interpreter);
    for (;;) {
        const char *key = take_word(reader, 32);
        if (reader->failed || strcmp(key, "folders") == 0)
            break;
        char *value = take_line(reader);
        for (size_t i = 0; i < COUNT(texts); i++)
            if (strcmp(key, texts[i].key) == 0)
                *texts[i].value = value;
        if (strcmp(key, "boot") == 0)
            ret->boot = value;
        else if (strcmp(key, "purelib") == 0)
            ret->purelib = *value == '1';
        else if (strcmp(key, "machine") == 0)
            ret->machine = (unsigned)read_number(reader, value);
        else if (strcmp(key, "glibc") == 0)
            read_glibc(reader, value, ret);
        else if (strcmp(key, "interpreter") == 0 && ret->interpreter_count < MAX_INTERPRETERS)
            ret->interpreter[ret->interpreter_count++] = value;
        else if (strcmp(key, "console") == 0 || strcmp(key, "gui") == 0)
            read_script(arena, reader, ret, value, *key == 'g');
    }
    for (size_t i = 0; i < COUNT(texts); i++)
        reader->failed |= !*texts[i].value;
    reader->failed |= reader->failed || strlen(ret->sha256) != MANIFEST_SHA256;
}

static void read_body(struct arena *arena, struct reader *reader, struct manifest *ret)
{
    uint64_t folders = take_number(reader, MAX_ITEMS);
    reader->failed |= strcmp(take_word(reader, 5), "files") != 0;
    uint64_t files = read_number(reader, take_line(reader));
    // each has a line of several bytes, so a small text cannot ask for much memory
    if (reader->failed || folders + files > (uint64_t)(reader->end - reader->at)) {
        reader->failed = 1;
        return;
    }
    ret->folder = arena_alloc(arena, (folders + 1) * sizeof *ret->folder);
    ret->file = arena_alloc(arena, (files + 1) * sizeof *ret->file);
    for (uint64_t i = 0; i < folders && !reader->failed; i++)
        read_folder(reader, ret, files);
    reader->failed |= reader->at != reader->end || ret->file_count != files;
    ret->info_folder = UINT32_MAX;
    for (size_t i = ret->folder_count; i-- > 0;) {
        struct manifest_folder *folder = &ret->folder[i];
        ret->folder[folder->parent].real |= folder->real;
        if (folder->scheme == SCHEME_SITE && strcmp(folder->path, ret->info) == 0)
            ret->info_folder = (unsigned)i;
    }
    reader->failed |= ret->info_folder == UINT32_MAX;
}

int manifest_read(struct arena *arena, char *text, size_t size, struct manifest *ret,
                  struct err *err)
{
    char end[END_SIZE + 1];
    const size_t first = strlen(FIRST_LINE);
    *ret = (struct manifest){0};
    if (size > strlen(FIRST_WORD) && memcmp(text, FIRST_WORD, strlen(FIRST_WORD)) == 0 &&
        (size < first || memcmp(text, FIRST_LINE, first) != 0))
        return err_set(err, ERR_RUN_FORMAT, _("written by another version of lopin"));
    if (size < first + END_SIZE || memcmp(text, FIRST_LINE, first) != 0)
        return err_set(err, ERR_BAD_WHEEL, _("no manifest of a store"));
    size -= END_SIZE;
    snprintf(end, sizeof end, "end %08x\n", (unsigned)libdeflate_crc32(0, text, size));
    if (memcmp(end, text + size, END_SIZE) != 0)
        return err_set(err, ERR_BAD_WHEEL, _("its checksum is wrong"));
    text[size] = '\0';
    struct reader reader = {.at = text + first, .end = text + size};
    read_head(arena, &reader, ret);
    if (!reader.failed)
        read_body(arena, &reader, ret);
    if (reader.failed)
        return err_set(err, ERR_BAD_WHEEL, _("no manifest of a store"));
    return 0;
}
