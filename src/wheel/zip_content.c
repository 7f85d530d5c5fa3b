// SPDX-License-Identifier: Apache-2.0
// zip_content: what an entry holds, by libdeflate: whole, into memory whose size is known before.
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "wheel/zip.h"

// A buffer larger than this is not kept for the next entry.
static const size_t keep_size = 32 << 20;

struct inflater {
    struct libdeflate_decompressor *state;
    unsigned char *buffer;
    size_t room;
};

struct inflater *inflater_new(void)
{
    struct inflater *inflater = mem_zero(1, sizeof *inflater);
    inflater->state = libdeflate_alloc_decompressor();
    if (!inflater->state)
        mem_alloc(SIZE_MAX); // ends the program, as memory does
    return inflater;
}

void inflater_free(struct inflater *inflater)
{
    if (!inflater)
        return;
    libdeflate_free_decompressor(inflater->state);
    free(inflater->buffer);
    free(inflater);
}

void inflater_free_at(struct inflater **inflater)
{
    inflater_free(*inflater);
}

static int refuse(const struct zip_entry *entry, const char *words, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, entry->name.text, entry->name.size < 200 ? entry->name.size : 200);
    return err_set(err, ERR_BAD_WHEEL, _("entry '%s': %s"), str_text(&shown), words);
}

static int check_crc(const struct zip_entry *entry, const void *bytes, struct err *err)
{
    if (libdeflate_crc32(0, bytes, entry->size) != entry->crc)
        return refuse(entry, _("its checksum is wrong"), err);
    return 0;
}

int zip_read_into(struct inflater *inflater, struct piece bytes, const struct zip_entry *entry,
                  void *out, struct err *err)
{
    const char *packed = bytes.text + entry->data;
    size_t used = 0;
    if (!entry->deflated) {
        memcpy(out, packed, entry->size);
        return check_crc(entry, out, err);
    }
    enum libdeflate_result result = libdeflate_deflate_decompress_ex(
        inflater->state, packed, entry->packed, out, entry->size, &used, NULL);
    if (result == LIBDEFLATE_SHORT_OUTPUT || result == LIBDEFLATE_INSUFFICIENT_SPACE)
        return refuse(entry, _("its size is not its own"), err);
    if (result != LIBDEFLATE_SUCCESS || used != entry->packed)
        return refuse(entry, _("its packed bytes are damaged"), err);
    return check_crc(entry, out, err);
}

int zip_read(struct inflater *inflater, struct piece bytes, const struct zip_entry *entry,
             uint64_t limit, struct piece *ret, struct err *err)
{
    if (entry->size > limit)
        return refuse(entry, _("it is too large"), err);
    if (!entry->deflated) {
        *ret = (struct piece){bytes.text + entry->data, entry->size};
        return check_crc(entry, ret->text, err);
    }
    if (entry->size > inflater->room || inflater->room > keep_size) {
        free(inflater->buffer);
        inflater->room = entry->size < (1 << 20) ? 1 << 20 : entry->size;
        inflater->buffer = mem_alloc(inflater->room);
    }
    *ret = (struct piece){(const char *)inflater->buffer, entry->size};
    return zip_read_into(inflater, bytes, entry, inflater->buffer, err);
}
