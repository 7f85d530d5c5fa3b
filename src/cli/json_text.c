// SPDX-License-Identifier: Apache-2.0
// json_text: what is valid UTF-8 is jansson's to say, since it must take the string.
#include "cli/json_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/say.h"

// Size of the character at `at`, 0 if it is broken.
static size_t character(const char *at)
{
    size_t left = strnlen(at, 4);
    for (size_t size = 1; size <= left; size++) {
        json_t *text = json_stringn(at, size);
        json_decref(text);
        if (text)
            return size;
    }
    return 0;
}

// NULL if the bytes are not valid UTF-8.
static json_t *as_it_is(const char *bytes)
{
    return bytes ? json_string(bytes) : json_null();
}

static json_t *mended(const char *bytes)
{
    CLEANUP_STR struct str text = {0};
    while (*bytes) {
        size_t size = character(bytes);
        if (size)
            str_add_bytes(&text, bytes, size);
        else
            str_add(&text, "\xEF\xBF\xBD");
        bytes += size ? size : 1;
    }
    return json_string(str_text(&text));
}

json_t *json_text(const char *bytes)
{
    json_t *text = as_it_is(bytes);
    return text ? text : mended(bytes);
}

void json_put_text(json_t *object, const char *name, const char *bytes)
{
    json_t *text = as_it_is(bytes);
    json_object_set_new(object, name, text ? text : mended(bytes));
    if (text)
        return;
    CLEANUP_STR struct str coded = {0};
    str_add_percent(&coded, bytes, strlen(bytes), "");
    CLEANUP_FREE char *other = mem_print("%s_bytes", name);
    json_object_set_new(object, strcmp(name, "text") == 0 ? "bytes" : other,
                        json_string(str_text(&coded)));
}

json_t *json_seconds(int64_t us)
{
    return json_real((double)us / 1e6);
}

int json_add_line(struct str *into, json_t *value)
{
    CLEANUP_FREE char *text = json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(16));
    json_decref(value);
    if (!text)
        return -1;
    str_add(into, text);
    str_add_char(into, '\n');
    return 0;
}

int json_say(const struct cli *cli, json_t *value, struct err *err)
{
    CLEANUP_STR struct str line = {0};
    if (json_add_line(&line, value) < 0)
        return err_set(err, ERR_SYSTEM, _("cannot write '%s'"), "JSON");
    return say_data(cli, &line, err);
}
