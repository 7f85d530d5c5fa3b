// SPDX-License-Identifier: Apache-2.0
// page_html: the <a>, <base> and <meta> of a page, by the tokenizer's rules of HTML (WHATWG,
// 13.2.5) as far as these three need them.
#include <string.h>

#include "source/page_parts.h"
#include "source/url.h"

enum { ATTRIBUTES = 32 }; // more of one tag are not looked at
struct attribute {
    struct piece name, value; // as written, with references
};
struct tag {
    struct piece name;
    struct attribute attribute[ATTRIBUTES];
    size_t count;
};
struct cursor {
    const char *at, *end;
};

static int is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r' || byte == '\f';
}

static void skip_blanks(struct cursor *cursor)
{
    while (cursor->at < cursor->end && is_blank(*cursor->at))
        cursor->at++;
}

static void skip_past(struct cursor *cursor, const char *text)
{
    size_t size = strlen(text);
    const char *found = memmem(cursor->at, (size_t)(cursor->end - cursor->at), text, size);
    cursor->at = found ? found + size : cursor->end;
}

static struct piece read_value(struct cursor *cursor)
{
    skip_blanks(cursor);
    char quote = cursor->at < cursor->end ? *cursor->at : '\0';
    const char *from = cursor->at;
    if (quote == '"' || quote == '\'') {
        from = ++cursor->at;
        while (cursor->at < cursor->end && *cursor->at != quote)
            cursor->at++;
        struct piece value = {from, (size_t)(cursor->at - from)};
        cursor->at += cursor->at < cursor->end;
        return value;
    }
    while (cursor->at < cursor->end && !is_blank(*cursor->at) && *cursor->at != '>')
        cursor->at++;
    return (struct piece){from, (size_t)(cursor->at - from)};
}

// Behind the tag's name, up to and with its '>'.
static void read_attributes(struct cursor *cursor, struct tag *tag)
{
    for (;;) {
        while (cursor->at < cursor->end && (is_blank(*cursor->at) || *cursor->at == '/'))
            cursor->at++;
        if (cursor->at >= cursor->end || *cursor->at == '>')
            break;
        const char *from = cursor->at++;
        while (cursor->at < cursor->end && !is_blank(*cursor->at) &&
               !memchr("/>=", *cursor->at, 3))
            cursor->at++;
        struct attribute attribute = {.name = {from, (size_t)(cursor->at - from)}};
        skip_blanks(cursor);
        if (cursor->at < cursor->end && *cursor->at == '=') {
            cursor->at++;
            attribute.value = read_value(cursor);
        }
        if (tag->count < ATTRIBUTES)
            tag->attribute[tag->count++] = attribute;
    }
    cursor->at += cursor->at < cursor->end;
}

// The next start tag. Returns 0 at the end.
static int next_tag(struct cursor *cursor, struct tag *ret)
{
    while (cursor->at < cursor->end) {
        const char *open = memchr(cursor->at, '<', (size_t)(cursor->end - cursor->at));
        if (!open || open + 1 >= cursor->end)
            return 0;
        cursor->at = open + 1;
        struct piece rest = {cursor->at, (size_t)(cursor->end - cursor->at)};
        if (rest.size >= 3 && memcmp(rest.text, "!--", 3) == 0) {
            cursor->at += 3;
            skip_past(cursor, "-->");
        } else if (*rest.text == '!' || *rest.text == '?' || *rest.text == '/') {
            skip_past(cursor, ">");
        } else if (text_is_alnum(*rest.text) && !text_is_digit(*rest.text)) {
            while (cursor->at < cursor->end && !is_blank(*cursor->at) && *cursor->at != '/' &&
                   *cursor->at != '>')
                cursor->at++;
            *ret = (struct tag){.name = {rest.text, (size_t)(cursor->at - rest.text)}};
            read_attributes(cursor, ret);
            return 1;
        }
    }
    return 0;
}

// The first attribute of that name; text NULL if there is none, "" without a value.
static struct piece get(const struct tag *tag, const char *name)
{
    for (size_t i = 0; i < tag->count; i++)
        if (piece_like(tag->attribute[i].name, piece_of(name)))
            return tag->attribute[i].value.text ? tag->attribute[i].value : piece_of("");
    return (struct piece){0};
}

static void add_utf8(struct str *into, unsigned long code)
{
    char bytes[4];
    size_t size = 1;
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        code = 0xFFFD;
    if (code < 0x80) {
        bytes[0] = (char)code;
    } else {
        size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        for (size_t i = size - 1; i > 0; i--, code >>= 6)
            bytes[i] = (char)(0x80 | (code & 0x3F));
        bytes[0] = (char)((0xF00 >> size & 0xF0) | (int)code);
    }
    str_add_bytes(into, bytes, size);
}

// A character reference at `at` ('&'). Returns its size, 0 if it is none of these.
static size_t add_reference(struct str *into, const char *at, const char *end)
{
    static const struct {
        const char *name, *text;
    } known[] = {{"&gt;", ">"},   {"&lt;", "<"},        {"&amp;", "&"}, {"&quot;", "\""},
                 {"&apos;", "'"}, {"&nbsp;", "\u00a0"}, {"&gt", ">"},   {"&lt", "<"},
                 {"&amp", "&"},   {"&quot", "\""}};
    size_t size = (size_t)(end - at);
    for (size_t i = 0; i < COUNT(known); i++) {
        size_t length = strlen(known[i].name);
        if (size >= length && memcmp(at, known[i].name, length) == 0) {
            str_add(into, known[i].text);
            return length;
        }
    }
    const char *digit = at + 2;
    int base = 10;
    unsigned long code = 0;
    if (size < 3 || at[1] != '#')
        return 0;
    if (text_lower(*digit) == 'x') {
        base = 16;
        digit++;
    }
    const char *from = digit;
    for (; digit < end && digit < from + 7; digit++) {
        char byte = text_lower(*digit);
        int value = text_is_digit(byte)          ? byte - '0'
                    : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                                                 : 99;
        if (value >= base)
            break;
        code = code * (unsigned)base + (unsigned)value;
    }
    if (digit == from)
        return 0;
    add_utf8(into, code);
    digit += digit < end && *digit == ';';
    return (size_t)(digit - at);
}

static const char *decode(struct arena *arena, struct piece value)
{
    CLEANUP_STR struct str text = {0};
    if (!value.text)
        return NULL;
    const char *end = value.text + value.size;
    for (const char *at = value.text; at < end;) {
        size_t size = *at == '&' ? add_reference(&text, at, end) : 0;
        if (!size)
            str_add_char(&text, *at ? *at : ' ');
        at += size ? size : 1;
    }
    return arena_dupn(arena, str_text(&text), text.size);
}

static void read_link(struct page_reader *reader, const struct tag *tag)
{
    struct page_link link = {.size = -1};
    const char *href = decode(reader->arena, piece_strip(get(tag, "href")));
    if (!href)
        return;
    link.requires_python = decode(reader->arena, get(tag, "data-requires-python"));
    link.yanked = decode(reader->arena, get(tag, "data-yanked"));
    struct piece metadata = get(tag, "data-core-metadata"); // PEP 714: before the old name
    if (!metadata.text)
        metadata = get(tag, "data-dist-info-metadata");
    if (metadata.text && !piece_is(metadata, "false")) {
        struct piece digits = metadata;
        link.has_metadata = 1;
        if (piece_is(piece_cut(&digits, '='), "sha256") && digits.text)
            link.metadata_sha256 = page_sha256(reader->arena, digits);
    }
    page_add(reader, piece_of(href), link);
}

int page_html(struct page_reader *reader, struct piece text)
{
    struct cursor cursor = {text.text, text.text + text.size};
    struct tag tag;
    int based = 0;
    while (next_tag(&cursor, &tag)) {
        if (piece_like(tag.name, piece_of("a"))) {
            read_link(reader, &tag);
        } else if (piece_like(tag.name, piece_of("base")) && !based) {
            const char *href = decode(reader->arena, piece_strip(get(&tag, "href")));
            if (href) {
                reader->base = url_join(reader->arena, reader->url, piece_of(href));
                based = 1;
            }
        } else if (piece_like(tag.name, piece_of("meta"))) {
            struct piece name = get(&tag, "name"), content = get(&tag, "content");
            if (name.text && piece_is(name, "pypi:repository-version") && content.text &&
                page_version(reader, content) < 0)
                return -1;
        } else if (piece_like(tag.name, piece_of("script"))) {
            skip_past(&cursor, "</script");
        } else if (piece_like(tag.name, piece_of("style"))) {
            skip_past(&cursor, "</style");
        }
    }
    return 0;
}
