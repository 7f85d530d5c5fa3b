// SPDX-License-Identifier: Apache-2.0
// mem: memory that is there or the program ends, cleanup at scope's end, and arenas.
//
// Out of memory ends the process with one line and status 6: the journal makes that safe.
#pragma once

#include <stddef.h>

__attribute__((noreturn)) void mem_out(void); // that end, for a library that has none left
__attribute__((noreturn)) void
mem_out_with(const char *line);            // with other words, which end the line
void *mem_alloc(size_t size);              // never NULL; size 0 gives one byte
void *mem_zero(size_t count, size_t size); // zeroed array
void *mem_resize(void *old, size_t count, size_t size);
char *mem_dup(const char *text);                // NULL gives NULL
char *mem_dupn(const char *bytes, size_t size); // adds a NUL
char *mem_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Grows *array (of *room items of `size` bytes) so that `need` fit.
void mem_room(void *array_pointer, size_t *room, size_t need, size_t size);

void mem_free_at(void *pointer_to_pointer); // for CLEANUP_FREE
void mem_close_at(int *fd);                 // for CLEANUP_CLOSE: ignores -1, keeps errno
#define CLEANUP(function) __attribute__((cleanup(function)))
#define CLEANUP_FREE      CLEANUP(mem_free_at)
#define CLEANUP_CLOSE     CLEANUP(mem_close_at)
// Hands a value over: the variable becomes NULL, or -1 for a descriptor.
#define TAKE(pointer)                                                                          \
    ({                                                                                         \
        __typeof__(pointer) taken_ = (pointer);                                                \
        (pointer) = NULL;                                                                      \
        taken_;                                                                                \
    })
#define TAKE_FD(fd)                                                                            \
    ({                                                                                         \
        int taken_ = (fd);                                                                     \
        (fd) = -1;                                                                             \
        taken_;                                                                                \
    })
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// An arena frees all at once. Zero-initialise to begin.
struct arena {
    struct arena_block *block;
};
void *arena_alloc(struct arena *arena, size_t size); // aligned to 16, not zeroed
char *arena_dup(struct arena *arena, const char *text);
char *arena_dupn(struct arena *arena, const char *bytes, size_t size); // adds a NUL
void arena_free(struct arena *arena); // empty again, may be used again
