// SPDX-License-Identifier: Apache-2.0
// page_json: a project's page in JSON (PEP 691, 700, 714).
#include <jansson.h>
#include <string.h>

#include "base/lang.h"
#include "source/digest.h"
#include "source/page_parts.h"
#include "source/url.h"

static const char *text_of(struct page_reader *reader, const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? arena_dup(reader->arena, json_string_value(value)) : NULL;
}

static const char *sha256_of(struct page_reader *reader, const json_t *hashes)
{
    const char *text = json_string_value(json_object_get(hashes, "sha256"));
    return text ? page_sha256(reader->arena, piece_of(text)) : NULL;
}

static const char *digest_of(struct page_reader *reader, const json_t *hashes)
{
    const char *found = NULL;
    for (size_t i = 0; digest_algorithms[i] && !found; i++) {
        const char *text = json_string_value(json_object_get(hashes, digest_algorithms[i]));
        if (text)
            found = digest_text(reader->arena, digest_algorithms[i], piece_of(text));
    }
    return found;
}

static void read_file(struct page_reader *reader, const json_t *file)
{
    struct page_link link = {.size = -1};
    const char *url = json_string_value(json_object_get(file, "url"));
    const json_t *yanked = json_object_get(file, "yanked");
    const json_t *size = json_object_get(file, "size");
    const json_t *metadata = json_object_get(file, "core-metadata");
    if (!url)
        return;
    if (!metadata)
        metadata = json_object_get(file, "dist-info-metadata");
    link.sha256 = sha256_of(reader, json_object_get(file, "hashes"));
    if (!link.sha256)
        link.digest = digest_of(reader, json_object_get(file, "hashes"));
    link.requires_python = text_of(reader, file, "requires-python");
    link.has_metadata = json_is_true(metadata) || json_is_object(metadata);
    link.metadata_sha256 = sha256_of(reader, metadata);
    if (json_is_true(yanked))
        link.yanked = "";
    else if (json_is_string(yanked))
        link.yanked = text_of(reader, file, "yanked");
    if (json_is_integer(size) && json_integer_value(size) >= 0)
        link.size = json_integer_value(size);
    page_add(reader, piece_of(url), link);
}

int page_json(struct page_reader *reader, struct piece text)
{
    json_error_t error;
    json_t *root = json_loadb(text.text ? text.text : "", text.size, 0, &error), *file;
    const json_t *files = json_object_get(root, "files");
    const char *version =
        json_string_value(json_object_get(json_object_get(root, "meta"), "api-version"));
    size_t i;
    int result = 0;
    if (!json_is_array(files)) {
        CLEANUP_STR struct str shown = {0};
        url_add_shown(&shown, reader->url);
        result = err_set(reader->err, ERR_FETCH, _("%s is no page of a simple index"),
                         str_text(&shown));
        if (!root)
            err_hint(reader->err, "found", "%d:%d: %s", error.line, error.column, error.text);
    } else if (version) {
        result = page_version(reader, piece_of(version));
    }
    if (result == 0)
        json_array_foreach(files, i, file) read_file(reader, file);
    json_decref(root);
    return result;
}
