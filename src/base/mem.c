// SPDX-License-Identifier: Apache-2.0
// mem: allocation that ends the process when there is none left, and arenas.
//
// An arena is a list of blocks, each twice the one before up to 1 MiB; large items get a block
// of their own.
#include "base/mem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct arena_block {
    struct arena_block *next;
    size_t used, room;
    _Alignas(16) char bytes[];
};

// Nothing may be allocated any more, so neither stdio nor translations: one write.
void mem_out_with(const char *line)
{
    ssize_t ignored = write(STDERR_FILENO, line, strlen(line));
    (void)ignored;
    _exit(6);
}

void mem_out(void)
{
    mem_out_with("lopin: out of memory [system]\n");
}

void *mem_alloc(size_t size)
{
    void *new = malloc(size ? size : 1);
    if (!new)
        mem_out();
    return new;
}

void *mem_zero(size_t count, size_t size)
{
    void *new = calloc(count ? count : 1, size ? size : 1);
    if (!new)
        mem_out();
    return new;
}

void *mem_resize(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        mem_out();
    void *new = realloc(old, bytes ? bytes : 1);
    if (!new)
        mem_out();
    return new;
}

char *mem_dup(const char *text)
{
    return text ? mem_dupn(text, strlen(text)) : NULL;
}

char *mem_dupn(const char *bytes, size_t size)
{
    char *new = mem_alloc(size + 1);
    if (size)
        memcpy(new, bytes, size);
    new[size] = '\0';
    return new;
}

char *mem_print(const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&text, format, list);
    va_end(list);
    if (length < 0)
        mem_out();
    return text;
}

void mem_room(void *array_pointer, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return;
    size_t more = *room ? *room * 2 : 8;
    if (more < need)
        more = need;
    void *array;
    memcpy(&array, array_pointer, sizeof array);
    array = mem_resize(array, more, size);
    memcpy(array_pointer, &array, sizeof array);
    *room = more;
}

void mem_free_at(void *pointer_to_pointer)
{
    void *pointer;
    memcpy(&pointer, pointer_to_pointer, sizeof pointer);
    free(pointer);
}

void mem_close_at(int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    close(*fd);
    errno = saved;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t need = (size + 15) & ~(size_t)15;
    struct arena_block *block = arena->block;
    if (need < size)
        mem_out();
    if (!block || block->room - block->used < need) {
        size_t room = block ? block->room * 2 : 4096;
        if (room > 1 << 20)
            room = 1 << 20;
        if (room < need)
            room = need;
        struct arena_block *new = mem_alloc(sizeof *new + room);
        new->next = block;
        new->used = 0;
        new->room = room;
        arena->block = block = new;
    }
    void *item = block->bytes + block->used;
    block->used += need;
    return item;
}

char *arena_dupn(struct arena *arena, const char *bytes, size_t size)
{
    char *new = arena_alloc(arena, size + 1);
    if (size)
        memcpy(new, bytes, size);
    new[size] = '\0';
    return new;
}

char *arena_dup(struct arena *arena, const char *text)
{
    return arena_dupn(arena, text, strlen(text));
}

void arena_free(struct arena *arena)
{
    while (arena->block) {
        struct arena_block *next = arena->block->next;
        free(arena->block);
        arena->block = next;
    }
}
