// SPDX-License-Identifier: Apache-2.0
// Versions and specifiers: what is accepted has a normal form that means the same.
#include <stdlib.h>

#include "wheel/specifier.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void a_version(struct arena *arena, struct piece text)
{
    CLEANUP_STR struct str normal = {0}, again = {0}, trimmed = {0};
    const struct version *version = version_parse(arena, text, NULL);
    if (!version)
        return;
    version_add(&normal, version, VERSION_WHOLE);
    const struct version *second = version_parse(arena, piece_of(str_text(&normal)), NULL);
    if (!second || version_compare(version, second, VERSION_WHOLE) != 0)
        abort();
    version_add(&again, second, VERSION_WHOLE);
    if (piece_compare(piece_of(normal.text), piece_of(again.text)) != 0)
        abort();
    version_add_trimmed(&trimmed, version);
    second = version_parse(arena, piece_of(str_text(&trimmed)), NULL);
    if (!second || version_compare(version, second, VERSION_WHOLE) != 0)
        abort();
}

static void some_specifiers(struct arena *arena, struct piece text, struct piece other)
{
    CLEANUP_STR struct str normal = {0}, again = {0};
    const struct candidate candidates[] = {{other, version_parse(arena, other, NULL)},
                                           {text, version_parse(arena, text, NULL)}};
    struct specifiers set, second;
    unsigned char keep[2];
    if (specifiers_parse(arena, text, &set, NULL) < 0)
        return;
    specifiers_add(&normal, &set);
    if (specifiers_parse(arena, (struct piece){str_text(&normal), normal.size}, &second, NULL) <
        0)
        abort();
    specifiers_add(&again, &second);
    if (piece_compare((struct piece){str_text(&normal), normal.size},
                      (struct piece){str_text(&again), again.size}) != 0)
        abort();
    size_t all = specifiers_filter(&set, candidates, 2, PRERELEASES_YES, keep);
    if (specifiers_filter(&set, candidates, 2, PRERELEASES_NO, keep) > all)
        abort();
}

// "SPECIFIERS|VERSION"; both are tried as both.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    struct piece rest = {arena_dupn(&arena, (const char *)bytes, size), size};
    struct piece first = piece_cut(&rest, '|');
    struct piece second = rest.text ? rest : first;
    a_version(&arena, first);
    a_version(&arena, second);
    some_specifiers(&arena, first, second);
    some_specifiers(&arena, second, first);
    arena_free(&arena);
    return 0;
}
