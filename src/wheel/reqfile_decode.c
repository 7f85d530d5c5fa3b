// SPDX-License-Identifier: Apache-2.0
// reqfile_decode: the encoding of a requirements file, by iconv: its byte order mark, else what its first
// two lines say as Python has it (PEP 263), else UTF-8.
#include <ctype.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/lang.h"
#include "base/mem.h"
#include "wheel/reqfile_parts.h"

enum { NAME_MAX_SIZE = 40 };

static const struct {
    const char *mark, *name;
    size_t size;
} marks[] = {
    // UTF-32's begins with UTF-16's
    {"\xff\xfe\0\0", "UTF-32LE", 4}, {"\0\0\xfe\xff", "UTF-32BE", 4},
    {"\xff\xfe", "UTF-16LE", 2},     {"\xfe\xff", "UTF-16BE", 2},
    {"\xef\xbb\xbf", "UTF-8", 3},
};

// "# -*- coding: latin-1 -*-" or "# vim: set fileencoding=latin-1 :".
static void find_said(struct piece text, char ret[NAME_MAX_SIZE])
{
    for (int number = 0; number < 2 && text.size; number++) {
        struct piece line = piece_cut(&text, '\n');
        const char *at = line.size && *line.text == '#'
                             ? memmem(line.text, line.size, "coding", strlen("coding"))
                             : NULL;
        if (!at)
            continue;
        const char *end = line.text + line.size;
        at += strlen("coding");
        if (at == end || (*at != ':' && *at != '='))
            continue;
        for (at++; at < end && (*at == ' ' || *at == '\t');)
            at++;
        size_t size = 0;
        while (at < end && size < NAME_MAX_SIZE - 1 &&
               (isalnum((unsigned char)*at) || strchr("-_.", *at)))
            ret[size++] = *at++;
        ret[size] = '\0';
        return;
    }
}

static int convert(struct piece text, const char *name, struct str *ret)
{
    char *from = (char *)(uintptr_t)text.text; // read only
    size_t left = text.size;
    char bare[NAME_MAX_SIZE];
    size_t size = 0;
    for (const char *at = name; *at; at++) // Python's latin-1 is iconv's latin1
        if (*at != '-' && *at != '_')
            bare[size++] = *at;
    bare[size] = '\0';
    iconv_t converter = iconv_open("UTF-8", name);
    if (converter == (iconv_t)-1)
        converter = iconv_open("UTF-8", bare);
    if (converter == (iconv_t)-1)
        return -1;
    int result = 0;
    while (left && result == 0) {
        char block[4096], *to = block;
        size_t room = sizeof block;
        if (iconv(converter, &from, &left, &to, &room) == (size_t)-1 && to == block)
            result = -1;
        str_add_bytes(ret, block, (size_t)(to - block));
    }
    iconv_close(converter);
    return result;
}

int reqfile_decode(struct piece text, struct str *ret, struct err *err)
{
    char name[NAME_MAX_SIZE] = "UTF-8";
    size_t mark = 0;
    for (size_t i = 0; i < COUNT(marks) && !mark; i++)
        if (text.size >= marks[i].size &&
            memcmp(text.text, marks[i].mark, marks[i].size) == 0) {
            strcpy(name, marks[i].name);
            mark = marks[i].size;
        }
    if (!mark)
        find_said(text, name);
    text.text += mark;
    text.size -= mark;
    if (strcasecmp(name, "UTF-8") == 0 || strcasecmp(name, "utf8") == 0)
        str_add_bytes(ret, text.text, text.size);
    else if (convert(text, name, ret) < 0)
        return err_set(err, ERR_USAGE, _("not a text in %s"), name);
    if (!text_is_utf8((struct piece){str_text(ret), ret->size}) ||
        strlen(str_text(ret)) != ret->size)
        return err_set(err, ERR_USAGE, _("not a text in %s"), name);
    return 0;
}
