// SPDX-License-Identifier: Apache-2.0
#include "module/base64.h"

#include <nettle/base64.h>
#include <stdlib.h>

#include "base/mem.h"

void base64_add(struct str *into, const char *bytes, size_t size)
{
    size_t room = BASE64_ENCODE_RAW_LENGTH(size);
    char *text = mem_alloc(room);
    base64_encode_raw(text, size, (const uint8_t *)bytes);
    str_add_bytes(into, text, room);
    free(text);
}

int base64_read(const char *text, size_t size, struct str *into)
{
    struct base64_decode_ctx ctx;
    size_t made = BASE64_DECODE_LENGTH(size);
    uint8_t *bytes = mem_alloc(made);
    base64_decode_init(&ctx);
    int good =
        base64_decode_update(&ctx, &made, bytes, size, text) && base64_decode_final(&ctx);
    if (good)
        str_add_bytes(into, bytes, made);
    free(bytes);
    return good ? 0 : -1;
}
