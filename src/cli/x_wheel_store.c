// SPDX-License-Identifier: Apache-2.0
// x_wheel_store: `lopin x-wheel store FOLDER TAG=PYTHON|- WHEEL...`, for tests: fills a store, and
// writes a line an entry: its folder, 1 if it is new, what its manifest has.
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "cli/say.h"
#include "cli/x_wheel.h"
#include "store/store.h"

static void add_entry(struct arena *arena, const struct store_entry *entry, struct str *out)
{
    const struct manifest *manifest = &entry->manifest;
    char glibc[32];
    struct x_line line = {.arena = arena, .out = out};
    snprintf(glibc, sizeof glibc, "%d.%d", manifest->glibc.major, manifest->glibc.minor);
    x_add_text(&line, entry->folder);
    x_add_number(&line, entry->is_new);
    x_add_text(&line, manifest->name);
    x_add_text(&line, manifest->version);
    x_add_text(&line, manifest->tags);
    x_add_text(&line, manifest->info);
    x_add_text(&line, manifest->python);
    x_add_number(&line, (long)manifest->folder_count);
    x_add_number(&line, (long)manifest->file_count);
    x_add_text(&line, glibc);
    x_add_number(&line, (long)manifest->machine);
    x_add_text(&line, manifest->interpreter_count ? manifest->interpreter[0] : "");
    for (size_t i = 0; i < manifest->folder_count; i++)
        if (manifest->folder[i].leaf)
            x_add_text(&line, manifest->folder[i].path);
    str_add_char(out, '\n');
}

static unsigned two(void *context)
{
    (void)context;
    return 2;
}

int cmd_x_store(struct cli *cli, struct err *err)
{
    struct arena arena = {0};
    CLEANUP_STR struct str out = {0};
    CLEANUP_STORE struct store *store = NULL;
    size_t count = cli->words.count;
    if (count < 4)
        return err_set(err, ERR_USAGE, _("unknown command '%s'"), "x-wheel store");
    count -= 3;
    struct store_wheel *wheel = arena_alloc(&arena, count * sizeof *wheel);
    struct store_entry *entry = arena_alloc(&arena, count * sizeof *entry);
    CLEANUP_STRV struct strv paths = {0};
    for (size_t i = 0; i < count; i++) {
        strv_take(&paths, fs_absolute(cli->cwd, cli->words.item[i + 3]));
        wheel[i] = (struct store_wheel){.path = paths.item[i]};
    }
    CLEANUP_FREE char *folder = fs_absolute(cli->cwd, cli->words.item[1]);
    CLEANUP_FREE char *tag = mem_dup(cli->words.item[2]);
    char *path = strchr(tag, '=');
    if (path)
        *path++ = '\0';
    const struct store_python python = {.path = path, .tag = tag, .vars = &cli->vars};
    const struct store_order order = {
        .wheel = wheel, .count = count, .python = path ? &python : NULL, .threads = two};
    store = store_open(folder, NULL, 0, err);
    int result = store ? store_fill(store, &order, &arena, entry, err) : -1;
    for (size_t i = 0; i < count && result == 0; i++)
        add_entry(&arena, &entry[i], &out);
    if (result == 0)
        result = say_data(cli, &out, err);
    arena_free(&arena);
    return result;
}
