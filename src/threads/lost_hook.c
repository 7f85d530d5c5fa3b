// SPDX-License-Identifier: Apache-2.0
// lost_hook: CPython's own reading of its line: letters of one word may stand together, the script, -c and -m
// end the options.
#include "threads/lost_hook.h"

#include <ctype.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/process.h"

static const char guard_name[] = "/guard.bin";
static const char folder_name[] = "/hook-";
enum { HASH_SIZE = 16 };

static int is_hash(const char *text)
{
    for (int i = 0; i < HASH_SIZE; i++)
        if (!isxdigit((unsigned char)text[i]))
            return 0;
    return 1;
}

int lost_hook_is_guard(const char *path, size_t size)
{
    size_t tail = sizeof folder_name - 1 + HASH_SIZE + sizeof guard_name - 1;
    if (size < tail)
        return 0;
    const char *at = path + size - tail;
    return memcmp(at, folder_name, sizeof folder_name - 1) == 0 &&
           is_hash(at + sizeof folder_name - 1) &&
           memcmp(path + size - (sizeof guard_name - 1), guard_name, sizeof guard_name - 1) ==
               0;
}

static int is_hook_folder(const char *entry, size_t size)
{
    size_t tail = sizeof folder_name - 1 + HASH_SIZE;
    return size >= tail &&
           memcmp(entry + size - tail, folder_name, sizeof folder_name - 1) == 0 &&
           is_hash(entry + size - HASH_SIZE);
}

// "python", "python3.11", "python3.13t"; also pypy's are not ours.
static int is_python(const char *program)
{
    const char *base = fs_base(program);
    return str_starts(base, "python") &&
           base[strspn(base, "abcdefghijklmnopqrstuvwxyz0123456789.")] == '\0';
}

static int is_isolated(const struct str *line)
{
    const char *end = str_text(line) + line->size;
    const char *at = str_text(line);
    for (at += line->size ? strlen(at) + 1 : 0; at < end; at += strlen(at) + 1) {
        if (*at != '-' || !at[1] || at[1] == '-')
            return 0;
        for (const char *letter = at + 1; *letter; letter++) {
            if (strchr("IES", *letter))
                return 1;
            if (strchr("cm", *letter))
                return 0;
            if (strchr("WX", *letter)) { // with a value, here or in the next word
                at += letter[1] ? 0 : strlen(at) + 1;
                break;
            }
        }
    }
    return 0;
}

enum hook lost_hook(const char *program, const struct str *line, const struct str *environment,
                    int mapped)
{
    static const char name[] = "PYTHONPATH=";
    if (!is_python(program))
        return HOOK_NONE;
    if (mapped)
        return HOOK_THERE;
    if (is_isolated(line))
        return HOOK_ISOLATED;
    const char *path = process_entry(environment, name, sizeof name - 1);
    CLEANUP_STRV struct strv entries = {0};
    if (path)
        strv_split(&entries, path, ':');
    for (size_t i = 0; i < entries.count; i++)
        if (is_hook_folder(entries.item[i], strlen(entries.item[i])))
            return i ? HOOK_HIDDEN : HOOK_LOST;
    return HOOK_DROPPED;
}
