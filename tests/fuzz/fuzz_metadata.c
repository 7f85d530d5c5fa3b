// SPDX-License-Identifier: Apache-2.0
// The files of a wheel: METADATA, WHEEL, RECORD, entry points; names of files; script headers. Each
// text is read as all of them.
#include <stdlib.h>
#include <string.h>

#include "wheel/entries.h"
#include "wheel/metadata.h"
#include "wheel/record.h"
#include "wheel/script.h"
#include "wheel/wheelname.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void inside(struct piece part, struct piece whole)
{
    if (part.size &&
        (part.text < whole.text || part.text + part.size > whole.text + whole.size))
        abort();
}

static void a_record(struct arena *arena, struct piece text)
{
    CLEANUP_STR struct str written = {0};
    struct record_file record, again;
    if (record_file_parse(arena, text, &record, NULL) < 0)
        return;
    for (size_t i = 0; i < record.count; i++)
        record_file_add(&written, record.row[i].path.text,
                        record.row[i].has_sha256 ? record.row[i].sha256 : NULL,
                        record.row[i].size);
    struct piece all = {str_text(&written), written.size};
    if (record_file_parse(arena, all, &again, NULL) < 0 || again.count != record.count)
        abort();
    for (size_t i = 0; i < record.count; i++)
        if (piece_compare(record.row[i].path, again.row[i].path) != 0 ||
            memcmp(record.row[i].sha256, again.row[i].sha256, RECORD_SHA256) != 0 ||
            record.row[i].size != again.row[i].size)
            abort();
}

static void some_entries(struct arena *arena, struct piece text)
{
    struct entries entries;
    struct piece module, object;
    if (entries_parse(arena, text, &entries, NULL) < 0)
        return;
    for (size_t i = 0; i < entries.count; i++) {
        inside(entries.item[i].value, text);
        if (entry_object(entries.item[i].value, &module, &object) == 0 &&
            (piece_holds(module, ';') || piece_holds(object, '(') || piece_holds(module, '\n')))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    struct piece text = {arena_dupn(&arena, (const char *)bytes, size), size}, block;
    struct headers headers;
    struct metadata metadata;
    struct wheel_file wheel;
    struct wheelname wheelname;
    struct sdistname sdistname;
    headers_parse(&arena, text, &headers);
    for (size_t i = 0; i < headers.count; i++)
        inside(headers.item[i].value, text);
    inside(headers.body, text);
    metadata_parse(&arena, text, &metadata, NULL);
    wheel_file_parse(&arena, text, &wheel, NULL);
    a_record(&arena, text);
    some_entries(&arena, text);
    script_block(&arena, text, "script", &block, NULL);
    wheelname_parse(&arena, text, &wheelname, NULL);
    sdistname_parse(&arena, text, &sdistname, NULL);
    arena_free(&arena);
    return 0;
}
