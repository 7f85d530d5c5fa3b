// SPDX-License-Identifier: Apache-2.0
// quote: the quotings that we write: for a shell to paste, for our own files (%XX), for a
// terminal.
#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

static int shell_plain(unsigned char byte)
{
    return isalnum(byte) || (byte && strchr("_@%+=:,./-{}", byte));
}

// "{out}" is itself to every shell; bash and zsh make more of "{a,b}" and "{1..3}", zsh of "}"
// and "=ls".
static int shell_expands(const char *word)
{
    int open = 0;
    if (*word == '=')
        return 1;
    for (const char *at = word; *at; at++) {
        if (*at == (open ? '{' : '}') || (open && (*at == ',' || str_starts(at, ".."))))
            return 1;
        open = *at == '{' || (open && *at != '}');
    }
    return open;
}

void str_add_quoted(struct str *str, const char *text)
{
    str_add_char(str, '"');
    for (size_t plain; *text; text += plain) {
        plain = strcspn(text + 1, "\"\\") + 1; // with the one that it may begin with
        if (*text == '"' || *text == '\\')
            str_add_char(str, '\\');
        str_add_bytes(str, text, plain);
    }
    str_add_char(str, '"');
}

void str_add_shell(struct str *str, const char *word)
{
    int plain = *word && !shell_expands(word);
    int control = 0;
    for (const char *at = word; *at; at++) {
        plain &= shell_plain((unsigned char)*at) != 0;
        control |= (unsigned char)*at < ' ' || *at == 127;
    }
    if (plain) {
        str_add(str, word);
        return;
    }
    str_add(str, control ? "$'" : "'");
    for (const char *at = word; *at; at++) {
        unsigned char byte = (unsigned char)*at;
        if (!control && byte == '\'')
            str_add(str, "'\\''");
        else if (control && (byte < ' ' || byte == 127))
            str_print(str, "\\%03o", byte);
        else if (control && (byte == '\'' || byte == '\\'))
            str_print(str, "\\%c", byte);
        else
            str_add_char(str, *at);
    }
    str_add_char(str, '\'');
}

void str_add_percent(struct str *str, const char *bytes, size_t size, const char *also)
{
    static const char digit[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte > ' ' && byte < 127 && byte != '%' && !strchr(also, byte)) {
            str_add_char(str, bytes[i]);
        } else {
            char coded[3] = {'%', digit[byte >> 4], digit[byte & 15]};
            str_add_bytes(str, coded, 3);
        }
    }
}

static int hex(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

int str_add_unpercent(struct str *str, const char *text, size_t size)
{
    size_t before = str->size;
    str_add_bytes(str, "", 0);
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '%') {
            str_add_char(str, text[i]);
            continue;
        }
        int high = i + 2 < size ? hex(text[i + 1]) : -1;
        int low = high >= 0 ? hex(text[i + 2]) : -1;
        if (low < 0) {
            str->size = before;
            str->text[before] = '\0';
            return -1;
        }
        str_add_char(str, (char)(high << 4 | low));
        i += 2;
    }
    return 0;
}

// Length of the valid UTF-8 sequence at `at`, 0 if broken, overlong or a surrogate (RFC 3629).
static size_t sequence(const unsigned char *at, size_t left)
{
    size_t size = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    if (at[0] < 0xC2 || at[0] > 0xF4 || left < size)
        return 0;
    uint32_t code = at[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3F);
    }
    if ((size == 3 && code < 0x800) || (size == 4 && (code < 0x10000 || code > 0x10FFFF)))
        return 0;
    return code >= 0xD800 && code < 0xE000 ? 0 : size;
}

void str_add_visible(struct str *str, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        size_t length = 0;
        if (byte >= ' ' && byte < 127)
            length = 1;
        else if (byte >= 0xC2)
            length = sequence((const unsigned char *)bytes + i, size - i);
        if (length == 2 && byte == 0xC2 && (unsigned char)bytes[i + 1] < 0xA0)
            length = 0; // C1 controls
        if (length) {
            str_add_bytes(str, bytes + i, length);
            i += length - 1;
        } else {
            str_print(str, "\\x%02x", byte);
        }
    }
}
