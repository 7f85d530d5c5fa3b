// SPDX-License-Identifier: Apache-2.0
// A lock: what is read is written, and that is read and written the same; what is selected of it.
#include <stdlib.h>
#include <string.h>

#include "wheel/lock.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static void choose(struct arena *arena, const struct lock *lock)
{
    static const struct tag_facts facts = {
        .major = 3, .minor = 11, .platform = "linux-x86_64", .glibc = {2, 36}};
    struct marker_env markers = {0};
    struct tags tags;
    struct lock_choice *choice;
    size_t count;
    struct err err = {0};
    const struct lock_ask ask = {.markers = &markers, .tags = &tags};
    for (size_t i = 0; i < MARKER_EXTRA; i++)
        markers.value[i] = "linux";
    markers.value[MARKER_PYTHON_VERSION] = "3.11";
    markers.value[MARKER_PYTHON_FULL_VERSION] = "3.11.7+";
    tags_supported(arena, &facts, &tags);
    if (lock_select(arena, lock, &ask, &choice, &count, &err) < 0 && !*err.text)
        abort();
    tags_free(&tags);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    CLEANUP_STR struct str text = {0}, again = {0};
    struct err err = {0};
    const struct piece given = {arena_dupn(&arena, (const char *)bytes, size), size};
    const struct lock *lock = lock_read(&arena, given, &err);
    if (lock) {
        lock_write(&text, lock);
        const struct lock *other =
            lock_read(&arena, (struct piece){str_text(&text), text.size}, &err);
        if (!other)
            abort();
        lock_write(&again, other);
        if (strcmp(str_text(&text), str_text(&again)) != 0)
            abort();
        choose(&arena, lock);
    } else if (!*err.text) {
        abort();
    }
    arena_free(&arena);
    return 0;
}
