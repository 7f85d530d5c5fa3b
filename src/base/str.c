// SPDX-License-Identifier: Apache-2.0
// str: a growing string and a list of strings; see quote.c for the quotings.
#include "base/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// Most of what is printed is shorter: it is written at once, without being measured before.
enum { SHORT = 48 };

static void reserve(struct str *str, size_t more)
{
    mem_room(&str->text, &str->room, str->size + more + 1, 1);
}

void str_add_bytes(struct str *str, const void *bytes, size_t size)
{
    reserve(str, size);
    if (size)
        memcpy(str->text + str->size, bytes, size);
    str->size += size;
    str->text[str->size] = '\0';
}

void str_add(struct str *str, const char *text)
{
    str_add_bytes(str, text, strlen(text));
}

void str_add_char(struct str *str, char byte)
{
    str_add_bytes(str, &byte, 1);
}

void str_vprint(struct str *str, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    reserve(str, SHORT);
    size_t room = str->room - str->size;
    int length = vsnprintf(str->text + str->size, room, format, again);
    if (length >= 0 && (size_t)length >= room) {
        reserve(str, (size_t)length);
        vsnprintf(str->text + str->size, (size_t)length + 1, format, list);
    }
    if (length >= 0) {
        str->size += (size_t)length;
    } else {
        str->text[str->size] = '\0';
    }
    va_end(again);
}

void str_print(struct str *str, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    str_vprint(str, format, list);
    va_end(list);
}

void str_clear(struct str *str)
{
    str->size = 0;
    if (str->text)
        str->text[0] = '\0';
}

void str_free(struct str *str)
{
    free(str->text);
    *str = (struct str){0};
}

char *str_take(struct str *str)
{
    char *text = str->text ? str->text : mem_dup("");
    *str = (struct str){0};
    return text;
}

const char *str_text(const struct str *str)
{
    return str->text ? str->text : "";
}

void strv_take(struct strv *list, char *text)
{
    mem_room(&list->item, &list->room, list->count + 2, sizeof *list->item);
    list->item[list->count++] = text;
    list->item[list->count] = NULL;
}

void strv_add(struct strv *list, const char *text)
{
    strv_take(list, mem_dup(text));
}

void strv_add_all(struct strv *list, const struct strv *more)
{
    for (size_t i = 0; i < more->count; i++)
        strv_add(list, more->item[i]);
}

void strv_split(struct strv *list, const char *text, char separator)
{
    for (;;) {
        const char *end = strchrnul(text, separator);
        strv_take(list, mem_dupn(text, (size_t)(end - text)));
        if (!*end)
            return;
        text = end + 1;
    }
}

int strv_has(const struct strv *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->item[i], text) == 0)
            return 1;
    return 0;
}

void strv_free(struct strv *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->item[i]);
    free(list->item);
    *list = (struct strv){0};
}

int str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

int str_ends(const char *text, const char *suffix)
{
    size_t size = strlen(text);
    size_t tail = strlen(suffix);
    return size >= tail && memcmp(text + size - tail, suffix, tail) == 0;
}

int str_number(const char *text, unsigned long max, unsigned long *ret)
{
    unsigned long number = 0;
    if (!*text)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        if (__builtin_mul_overflow(number, 10UL, &number) ||
            __builtin_add_overflow(number, (unsigned long)(*text - '0'), &number))
            return -1;
    }
    if (number > max)
        return -1;
    *ret = number;
    return 0;
}

size_t str_columns(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xC0) != 0x80;
    return columns;
}
