// SPDX-License-Identifier: Apache-2.0
// plan_check: the files of a wheel's dist-info folder, against its name and its files.
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>

#include "base/lang.h"
#include "base/table.h"
#include "store/plan_parts.h"
#include "wheel/entries.h"
#include "wheel/metadata.h"
#include "wheel/name.h"
#include "wheel/wheelname.h"

static const uint64_t max_text = 16 << 20;    // of METADATA, WHEEL, entry_points.txt
static const uint64_t max_record = 256 << 20; // two million files

// What readers of formats refuse is [usage]: here it is the wheel that is wrong.
static int wrong(struct err *err, const char *file)
{
    if (!err)
        return -1;
    err->code = ERR_BAD_WHEEL;
    return err_wrap(err, "%s", file);
}

static int is_info(const char *path)
{
    return str_ends(path, ".dist-info") && !strchr(path, '/');
}

// The one dist-info folder of the top.
static int find_info(struct manifest *manifest, struct err *err)
{
    for (size_t i = 0; i < manifest->folder_count; i++) {
        const struct manifest_folder *folder = &manifest->folder[i];
        if (folder->scheme != SCHEME_SITE || !is_info(folder->path))
            continue;
        if (manifest->info)
            return err_set(err, ERR_BAD_WHEEL, _("it has two folders '%s' and '%s'"),
                           manifest->info, folder->path);
        manifest->info = folder->path;
        manifest->info_folder = (unsigned)i;
    }
    if (!manifest->info)
        return err_set(err, ERR_BAD_WHEEL, _("it has no '.dist-info' folder"));
    return 0;
}

static const struct zip_entry *find_file(const struct plan *plan, const char *name)
{
    const struct manifest_folder *info = &plan->manifest.folder[plan->manifest.info_folder];
    for (size_t i = info->first; i < info->first + info->count; i++)
        if (strcmp(plan->manifest.file[i].name, name) == 0)
            return plan->entry[i];
    return NULL;
}

// A file of the dist-info folder, copied into the arena; {NULL, 0} if it is not there.
static int read_file(struct arena *arena, struct inflater *inflater, const struct plan *plan,
                     const char *name, uint64_t limit, struct piece *ret, struct err *err)
{
    const struct zip_entry *entry = find_file(plan, name);
    *ret = (struct piece){NULL, 0};
    if (!entry)
        return 0;
    if (zip_read(inflater, plan->zip.bytes, entry, limit, ret, err) < 0)
        return -1;
    ret->text = arena_dupn(arena, ret->text, ret->size);
    return 0;
}

static int need_file(struct arena *arena, struct inflater *inflater, const struct plan *plan,
                     const char *name, uint64_t limit, struct piece *ret, struct err *err)
{
    if (read_file(arena, inflater, plan, name, limit, ret, err) < 0)
        return -1;
    return ret->text
               ? 0
               : err_set(err, ERR_BAD_WHEEL, _("it has no '%s/%s'"), plan->manifest.info, name);
}

static int same_version(const struct version *one, const struct version *two)
{
    CLEANUP_STR struct str first = {0}, second = {0};
    version_add_trimmed(&first, one);
    version_add_trimmed(&second, two);
    return strcmp(first.text, second.text) == 0;
}

static int check_metadata(struct arena *arena, struct piece text, struct manifest *manifest,
                          struct err *err)
{
    struct metadata metadata;
    struct wheelname name;
    CLEANUP_STR struct str tags = {0};
    const char *words = zip_check_name(piece_of(manifest->wheel));
    if (words)
        return err_set(err, ERR_BAD_WHEEL, "%s", words);
    if (wheelname_parse(arena, piece_of(manifest->wheel), &name, err) < 0)
        return wrong(err, manifest->wheel);
    if (metadata_parse(arena, text, &metadata, err) < 0)
        return wrong(err, "METADATA");
    struct piece written = headers_get(&metadata.headers, "Version", 0);
    manifest->name = arena_dupn(arena, metadata.name.text, metadata.name.size);
    written = piece_strip(written);
    manifest->version = arena_dupn(arena, written.text, written.size);
    if (piece_compare(metadata.normal, name.normal) != 0 ||
        !same_version(metadata.version, name.version))
        return err_set(err, ERR_BAD_WHEEL, _("METADATA is of %s %s, which its name is not"),
                       manifest->name, manifest->version);
    struct piece folder = piece_of(manifest->info);
    folder.size -= strlen(".dist-info");
    struct piece of = piece_cut(&folder, '-');
    if (piece_compare(name_normal(arena, of), name.normal) != 0)
        return err_set(err, ERR_BAD_WHEEL, _("its folder '%s' is of another project"),
                       manifest->info);
    tag_set_add(&tags, &name.tags);
    manifest->tags = arena_dupn(arena, str_text(&tags), tags.size);
    return 0;
}

static int check_wheel(struct arena *arena, struct piece text, struct manifest *manifest,
                       struct err *err)
{
    struct wheel_file wheel;
    if (wheel_file_parse(arena, text, &wheel, err) < 0)
        return wrong(err, "WHEEL");
    manifest->purelib = wheel.purelib;
    return 0;
}

static int add_script(struct arena *arena, const struct entry *entry, struct manifest *manifest,
                      struct err *err)
{
    struct piece module, object;
    const char *words = zip_check_name(entry->name);
    if (words || piece_holds(entry->name, '/') || piece_holds(entry->name, '=') ||
        entry_object(entry->value, &module, &object) < 0)
        return plan_refuse(err, entry->name, _("no script can be made of this entry point"));
    CLEANUP_STR struct str value = {0};
    str_print(&value, "%.*s:%.*s", (int)module.size, module.text, (int)object.size,
              object.text);
    manifest->script[manifest->script_count++] =
        (struct manifest_script){.name = arena_dupn(arena, entry->name.text, entry->name.size),
                                 .value = arena_dupn(arena, value.text, value.size),
                                 .gui = piece_is(entry->group, "gui_scripts")};
    return 0;
}

static int check_entries(struct arena *arena, struct piece text, struct manifest *manifest,
                         struct err *err)
{
    enum { MAX_SCRIPTS = 4096 };
    struct entries entries;
    if (!text.text)
        return 0;
    if (entries_parse(arena, text, &entries, err) < 0)
        return wrong(err, "entry_points.txt");
    manifest->script = arena_alloc(arena, entries.count * sizeof *manifest->script);
    for (size_t i = 0; i < entries.count; i++) {
        struct piece group = entries.item[i].group;
        if (!piece_is(group, "console_scripts") && !piece_is(group, "gui_scripts"))
            continue;
        if (add_script(arena, &entries.item[i], manifest, err) < 0)
            return -1;
    }
    if (manifest->script_count > MAX_SCRIPTS)
        return err_set(err, ERR_BAD_WHEEL, _("it has more than %d scripts"), MAX_SCRIPTS);
    return 0;
}

// RECORD and its signatures, which cannot be in RECORD with their hashes (PEP 427).
static int is_record(const struct plan *plan, size_t file)
{
    static const char *const names[] = {"RECORD", "RECORD.jws", "RECORD.p7s"};
    const struct manifest_file *about = &plan->manifest.file[file];
    for (size_t i = 0; i < COUNT(names); i++)
        if (about->folder == plan->manifest.info_folder && strcmp(about->name, names[i]) == 0)
            return 1;
    return 0;
}

static int take_row(struct plan *plan, const struct record_row *row, size_t file,
                    struct err *err)
{
    static const char *const hashes[] = {"sha256=", "sha384=", "sha512="};
    int good = 0;
    if (is_record(plan, file))
        return 0;
    for (size_t i = 0; i < COUNT(hashes); i++)
        good |= row->hash.size && strncmp(row->hash.text, hashes[i], strlen(hashes[i])) == 0;
    if (!good)
        return plan_refuse(err, row->path, _("RECORD has no SHA-256 of it"));
    if (row->size >= 0 && (uint64_t)row->size != plan->entry[file]->size)
        return plan_refuse(err, row->path, _("it has not the size that RECORD says"));
    if (plan->row[file] && piece_compare(plan->row[file]->hash, row->hash) != 0)
        return plan_refuse(err, row->path, _("RECORD has it twice"));
    plan->row[file] = row;
    return 0;
}

// All of RECORD is there, and what is there is in RECORD. Entries that bytecode of ours replaces
// are looked at too.
static int match_record(struct plan *plan, const struct record_file *record,
                        struct table *places, struct err *err)
{
    for (size_t i = 0; i < record->count; i++) {
        const struct record_row *row = &record->row[i];
        const uint64_t *file = table_get(places, row->path.text);
        if (!file)
            return plan_refuse(err, row->path, _("RECORD has it, the wheel has not"));
        if (*file && take_row(plan, row, *file - 1, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < plan->manifest.file_count; i++)
        if (plan->entry[i] && !plan->row[i] && !is_record(plan, i))
            return plan_refuse(err, plan->entry[i]->name, _("it is not in RECORD"));
    return 0;
}

static int check_record(struct arena *arena, struct piece text, struct plan *plan,
                        struct err *err)
{
    struct record_file record;
    struct table places = {0}; // name of an entry -> file + 1; 0: it will not be written
    int is_new;
    if (record_file_parse(arena, text, &record, err) < 0)
        return wrong(err, plan->manifest.info);
    for (size_t i = 0; i < plan->zip.count; i++) {
        struct piece name = plan->zip.entry[i].name;
        if (!zip_is_folder(&plan->zip.entry[i]))
            table_put(&places, arena_dupn(arena, name.text, name.size), &is_new);
    }
    for (size_t i = 0; i < plan->manifest.file_count; i++)
        if (plan->entry[i]) {
            struct piece name = plan->entry[i]->name;
            *table_put(&places, arena_dupn(arena, name.text, name.size), &is_new) = i + 1;
        }
    int result = match_record(plan, &record, &places, err);
    table_free(&places);
    return result;
}

int plan_check(struct arena *arena, struct inflater *inflater, struct plan *plan,
               struct err *err)
{
    struct manifest *manifest = &plan->manifest;
    struct piece metadata, wheel, entries, record;
    if (find_info(manifest, err) < 0 ||
        need_file(arena, inflater, plan, "METADATA", max_text, &metadata, err) < 0 ||
        need_file(arena, inflater, plan, "WHEEL", max_text, &wheel, err) < 0 ||
        need_file(arena, inflater, plan, "RECORD", max_record, &record, err) < 0 ||
        read_file(arena, inflater, plan, "entry_points.txt", max_text, &entries, err) < 0)
        return -1;
    if (check_metadata(arena, metadata, manifest, err) < 0 ||
        check_wheel(arena, wheel, manifest, err) < 0 ||
        check_entries(arena, entries, manifest, err) < 0)
        return -1;
    return check_record(arena, record, plan, err);
}

// Base64 for URLs, without "=" at the end. `ret` has room for 88 digits.
static void encode(char *ret, const uint8_t *digest, size_t size)
{
    size_t used = BASE64_ENCODE_RAW_LENGTH(size);
    char text[BASE64_ENCODE_RAW_LENGTH(SHA512_DIGEST_SIZE) + 1];
    base64_encode_raw(text, size, digest);
    while (used && text[used - 1] == '=')
        used--;
    for (size_t i = 0; i < used; i++)
        ret[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
    ret[used] = '\0';
}

void plan_hash(struct piece content, char ret[MANIFEST_HASH + 1])
{
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    sha256_update(&hash, content.size, (const uint8_t *)content.text);
    sha256_digest(&hash, sizeof digest, digest);
    encode(ret, digest, sizeof digest);
}

static void long_hash(struct piece content, int is_384, char ret[96])
{
    struct sha512_ctx hash;
    uint8_t digest[SHA512_DIGEST_SIZE];
    if (is_384)
        sha384_init(&hash);
    else
        sha512_init(&hash);
    sha512_update(&hash, content.size, (const uint8_t *)content.text);
    if (is_384)
        sha384_digest(&hash, SHA384_DIGEST_SIZE, digest);
    else
        sha512_digest(&hash, sizeof digest, digest);
    encode(ret, digest, is_384 ? SHA384_DIGEST_SIZE : SHA512_DIGEST_SIZE);
}

int plan_check_hash(const struct plan *plan, size_t file, struct piece content,
                    char ret[MANIFEST_HASH + 1], struct err *err)
{
    const struct record_row *row = plan->row[file];
    char text[96];
    plan_hash(content, ret);
    if (!row)
        return 0;
    struct piece value = row->hash, kind = piece_cut(&value, '=');
    if (row->has_sha256)
        memcpy(text, ret, MANIFEST_HASH + 1);
    else
        long_hash(content, piece_is(kind, "sha384"), text);
    if (!piece_is(value, text))
        return plan_refuse(err, row->path, _("its content is not what RECORD says"));
    return 0;
}
