// SPDX-License-Identifier: Apache-2.0
// source_metadata: METADATA of a file: out of the wheel, from beside it (PEP 658), or out of the
// wheel when it has been downloaded.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/lang.h"
#include "source/digest.h"
#include "source/source_parts.h"
#include "wheel/zip.h"

enum { MOST_METADATA = 1 << 24 };

static int read_zip(struct source *source, struct piece bytes, struct piece *ret,
                    struct err *err)
{
    struct zip_entry entry;
    CLEANUP_INFLATER struct inflater *inflater = inflater_new();
    struct piece text;
    if (zip_find(bytes, "METADATA", &entry, err) < 0 ||
        zip_read(inflater, bytes, &entry, MOST_METADATA, &text, err) < 0)
        return -1;
    *ret = (struct piece){arena_dupn(&source->arena, text.text, text.size), text.size};
    return 0;
}

// Of a wheel on this machine, of which only the pages that hold it are read.
static int read_wheel(struct source *source, const char *path, struct piece *ret,
                      struct err *err)
{
    CLEANUP_CLOSE int fd =
        open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); // a FIFO may have the name
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path);
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return err_set(err, ERR_BAD_WHEEL, _("'%s' is empty or no file"), path);
    size_t size = (size_t)st.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), path);
    int result = read_zip(source, (struct piece){bytes, size}, ret, err);
    munmap(bytes, size);
    return result < 0 ? err_wrap(err, "'%s'", path) : 0;
}

static void set_metadata(struct source *source, struct source_file *file, struct piece text,
                         struct err *err)
{
    struct metadata *metadata = arena_alloc(&source->arena, sizeof *metadata);
    struct err why = {0};
    if (metadata_parse(&source->arena, text, metadata, &why) < 0)
        err_set(err, ERR_BAD_WHEEL, "'%s': %s", file->name, why.text);
    else if (piece_compare(metadata->normal, file->wheel.normal) != 0 ||
             version_compare(metadata->version, file->version, VERSION_WHOLE) != 0)
        err_set(err, ERR_BAD_WHEEL, _("'%s' has the METADATA of another project or version"),
                file->name);
    else
        file->metadata = metadata;
}

// What came from beside the wheel. What cannot be used is left: the wheel itself will tell.
static void take_beside(struct source *source, struct source_file *file, struct want *want)
{
    char digits[SHA256_TEXT];
    struct piece text = {str_text(&want->got.body), want->got.body.size};
    if (want->err.code || want->missing || want->offline)
        return;
    sha256_bytes(text, digits);
    if (file->metadata_sha256 && strcmp(digits, file->metadata_sha256) != 0)
        return;
    text.text = arena_dupn(&source->arena, text.text, text.size);
    set_metadata(source, file, text, NULL);
}

void source_prefetch_metadata(struct source *source, struct source_file *const *files,
                              size_t count)
{
    struct want *wants = mem_zero(count, sizeof *wants);
    struct source_file **asked = mem_zero(count, sizeof *asked);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (files[i]->metadata || files[i]->local || files[i]->path || !files[i]->has_metadata)
            continue;
        CLEANUP_FREE char *url = mem_print("%s.metadata", files[i]->url);
        asked[used] = files[i];
        wants[used++] = (struct want){
            .url = arena_dup(&source->arena, url), .most = MOST_METADATA, .lasting = 1};
    }
    if (used)
        source_get(source, wants, used);
    for (size_t i = 0; i < used; i++) {
        take_beside(source, asked[i], &wants[i]);
        cached_free(&wants[i].got);
    }
    free(wants);
    free(asked);
}

static void take_known(struct source *source, struct source_file *file)
{
    CLEANUP_STR struct str text = {0};
    if (!source->ask.known || !file->local || !file->is_wheel ||
        source->ask.known(source->ask.known_context, file->url, &text) < 0)
        return;
    const struct piece kept = {arena_dupn(&source->arena, str_text(&text), text.size),
                               text.size};
    set_metadata(source, file, kept, NULL);
}

const struct metadata *source_metadata(struct source *source, struct source_file *file,
                                       struct err *err)
{
    struct piece text;
    if (!file->metadata)
        take_known(source, file);
    if (!file->metadata)
        source_prefetch_metadata(source, &file, 1);
    if (file->metadata)
        return file->metadata;
    if (!file->is_wheel) {
        err_set(err, ERR_NO_WHEEL, _("'%s' is a source archive"), file->name);
        return NULL;
    }
    if (source_fetch(source, &file, 1, err) < 0 ||
        read_wheel(source, file->path, &text, err) < 0)
        return NULL;
    set_metadata(source, file, text, err);
    return file->metadata;
}
