// SPDX-License-Identifier: Apache-2.0
#include "source/arch.h"

#include <string.h>

#include "machine/isa.h"
#include "wheel/text.h"

const char *arch_label(const char *path)
{
    struct piece rest = piece_of(path);
    while (rest.size && rest.text[rest.size - 1] == '/')
        rest.size--;
    const char *slash = rest.size ? memrchr(rest.text, '/', rest.size) : NULL;
    if (slash)
        rest = (struct piece){slash + 1, rest.size - (size_t)(slash - rest.text) - 1};
    const char *word = NULL;
    isa_word(rest.text, rest.size, NULL, &word);
    return word;
}

int arch_level(const char *label)
{
    return label ? isa_word(label, strlen(label), NULL, NULL) : -1;
}
