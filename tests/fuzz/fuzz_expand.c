// SPDX-License-Identifier: Apache-2.0
// Templates: a mark, a word and a text, with NULs between. One word always gives one word, and what has no placeholder
// comes back as it is.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dataset/expand.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static char *part(const char **at, const char *end)
{
    const char *stop = memchr(*at, '\0', (size_t)(end - *at));
    char *text;

    stop = stop != NULL ? stop : end;
    text = mem_dupn(*at, (size_t)(stop - *at));
    *at = stop < end ? stop + 1 : end;
    return text;
}

// What expand_shell makes is a template again.
static void shell(const char *word, const char *mark, const struct datasets *datasets)
{
    CLEANUP_STRV struct strv list = {0};

    if (expand_shell(&word, 1, mark, datasets, 1, &list, NULL) < 0)
        return;
    if (list.count < 4 || strcmp(list.item[0], "-c") != 0)
        abort();
    expand_free(
        expand_new((const char *const *)list.item, list.count, mark, datasets, 1, NULL));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    const char *at = (const char *)bytes, *end = at + size;
    CLEANUP_FREE char *mark = part(&at, end);
    CLEANUP_FREE char *word = part(&at, end);
    CLEANUP_FREE char *text = part(&at, end);
    char *names[] = {(char[]){"a"}, (char[]){"b.c"}};
    const char *columns[] = {text, "x/y.z"};
    const struct dataset dataset = {.column = columns, .text = text, .number = 4294967295};
    struct datasets datasets = {.columns = 2, .name = names};

    for (datasets.columns = 1; datasets.columns <= 2; datasets.columns++) {
        CLEANUP_STR struct str out = {0};
        struct expand *expand = expand_new((const char *const[]){word}, 1,
                                           mark[0] != '\0' ? mark : NULL, &datasets, 1, NULL);

        shell(word, mark[0] != '\0' ? mark : NULL, &datasets);
        if (expand == NULL)
            continue;
        expand_words(expand, &(struct expand_value){&dataset, 1, "out/x"}, &out);
        if (out.size == 0 || strlen(out.text) != out.size - 1)
            abort();
        if (mark[0] == '\0' && strpbrk(word, "{") == NULL && strcmp(out.text, word) != 0)
            abort();
        expand_free(expand);
    }
    return 0;
}
