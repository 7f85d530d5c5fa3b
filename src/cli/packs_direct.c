// SPDX-License-Identifier: Apache-2.0
#include "cli/packs_direct.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json_text.h"
#include "source/url.h"

// The URL without what is private, and without its fragment.
static void add_url(json_t *root, const char *url)
{
    CLEANUP_FREE char *plain = url_plain(url);
    plain[strcspn(plain, "#")] = '\0';
    json_object_set_new(root, "url", json_text(plain));
}

static json_t *archive_info(const char *sha256)
{
    json_t *archive = json_object();
    if (!sha256)
        return archive;
    json_t *hashes = json_object();
    CLEANUP_FREE char *hash = mem_print("sha256=%s", sha256);
    json_object_set_new(hashes, "sha256", json_text(sha256));
    json_object_set_new(archive, "hash", json_text(hash));
    json_object_set_new(archive, "hashes", hashes);
    return archive;
}

void packs_add_wheel_url(struct str *into, const char *url, const char *sha256)
{
    json_t *root = json_object();
    add_url(root, url);
    json_object_set_new(root, "archive_info", archive_info(sha256));
    json_add_line(into, root);
}

// "git+https://host/project@REVISION".
static void add_repository(json_t *root, const struct packs_source *source)
{
    json_t *info = json_object();
    const char *plus = strchr(source->source, '+');
    CLEANUP_FREE char *kind = mem_dupn(source->source, (size_t)(plus - source->source));
    CLEANUP_FREE char *url = mem_dupn(plus + 1, strcspn(plus + 1, "#"));
    char *host = strstr(url, "://");
    char *path = host ? strchr(host + 3, '/') : NULL;
    char *revision = path ? strrchr(path, '@') : NULL;
    if (revision) {
        *revision = '\0';
        json_object_set_new(info, "requested_revision", json_text(revision + 1));
    }
    add_url(root, url);
    json_object_set_new(info, "vcs", json_text(kind));
    json_object_set_new(info, "commit_id", json_text(source->commit ? source->commit : ""));
    json_object_set_new(root, "vcs_info", info);
}

void packs_add_source_url(struct str *into, const struct packs_source *source)
{
    json_t *root = json_object();
    if (source->is_repository) {
        add_repository(root, source);
    } else if (source->is_folder) {
        json_t *info = json_object();
        add_url(root, source->url);
        if (source->editable)
            json_object_set_new(info, "editable", json_true());
        json_object_set_new(root, "dir_info", info);
    } else {
        add_url(root, source->url);
        json_object_set_new(root, "archive_info", archive_info(source->identity));
    }
    json_add_line(into, root);
}
