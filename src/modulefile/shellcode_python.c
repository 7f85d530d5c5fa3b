// SPDX-License-Identifier: Apache-2.0
// shellcode_python: the change as a program for exec(), in Lmod's words: it ends by setting _mlstatus.
// All of it is ASCII, so that it means the same in every locale.
#include "modulefile/shellcode.h"

// Reads a character of UTF-8. Returns how many bytes it takes; what is none is a byte, as a lone
// surrogate of os.fsdecode (PEP 383).
static size_t take_character(const unsigned char *at, unsigned *ret)
{
    size_t size = *at < 0x80 ? 1 : *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : *at >= 0xc2 ? 2 : 0;
    unsigned code = size == 1 ? *at : size ? *at & (0x7fU >> size) : 0;
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 1; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80)
            size = 0;
        code = code << 6 | (at[i] & 0x3f);
    }
    if (!size || code < least[size] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
        *ret = 0xdc00 + *at;
        return 1;
    }
    *ret = code;
    return size;
}

static void add_text(struct str *into, const char *text)
{
    str_add_char(into, '\'');
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        unsigned code;
        at += take_character(at, &code);
        if (code == '\'' || code == '\\')
            str_print(into, "\\%c", (char)code);
        else if (code >= ' ' && code < 0x7f)
            str_add_char(into, (char)code);
        else if (code < 0x100)
            str_print(into, "\\x%02x", code);
        else
            str_print(into, code < 0x10000 ? "\\u%04x" : "\\U%08x", code);
    }
    str_add_char(into, '\'');
}

void shellcode_python(struct str *into, const struct shellcode_changes *changes)
{
    str_add(into, "import os\n");
    for (size_t i = 0; i < changes->count; i++) {
        const struct shellcode_change *change = &changes->item[i];
        str_add(into, change->value ? "os.environ[" : "os.environ.pop(");
        add_text(into, change->name);
        str_add(into, change->value ? "] = " : ", None");
        if (change->value)
            add_text(into, change->value);
        str_add(into, change->value ? "\n" : ")\n");
    }
}
