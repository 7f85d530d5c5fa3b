// SPDX-License-Identifier: Apache-2.0
// made: asks the journals of all runs, newest first, and only if something is there at all.
#include "run/made.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/table.h"
#include "run/folder.h"
#include "run/journal.h"

struct found { // a goal that is there
    const char *path;
    int64_t inode, size, mtime; // of a folder only the inode counts: -1
    int made;
};
struct search {
    struct found *found;
    size_t count, room, unknown;
    struct table by_path; // -> index + 1
};

static void look(struct search *search, const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0)
        return;
    int is_file = S_ISREG(st.st_mode);
    mem_room(&search->found, &search->room, search->count + 1, sizeof *search->found);
    search->found[search->count++] = (struct found){
        .path = path,
        .inode = (int64_t)st.st_ino,
        .size = is_file ? st.st_size : -1,
        .mtime = is_file ? clock_ns(st.st_mtim) : -1,
    };
    *table_put(&search->by_path, path, NULL) = search->count;
}

static int each_record(void *context, const struct record *record, unsigned parcel,
                       unsigned restart)
{
    (void)parcel;
    (void)restart;
    struct search *search = context;
    if (record->kind != RECORD_END || record->state != TASK_DONE || !*record->output)
        return 0;
    const uint64_t *place = table_get(&search->by_path, record->output);
    struct found *found = place ? &search->found[*place - 1] : NULL;
    if (!found || found->made || record->output_inode != found->inode)
        return 0;
    if (found->size >= 0 &&
        (record->output_size != found->size || record->output_mtime != found->mtime))
        return 0;
    found->made = 1;
    search->unknown--;
    return 0;
}

static void ask_runs(struct search *search, const char *cwd)
{
    size_t runs;
    CLEANUP_FREE unsigned *number = folder_list(cwd, &runs);
    for (size_t i = runs; i-- > 0 && search->unknown;) {
        struct folder folder CLEANUP_FOLDER = FOLDER_NONE;
        if (folder_open(cwd, number[i], &folder, NULL) == 0)
            journal_read(folder.fd, each_record, search, NULL, NULL);
    }
}

static int refuse(const struct search *search, struct err *err)
{
    const struct found *first = search->found;
    while (first->made)
        first++;
    err_set(err, ERR_OUTPUT_EXISTS,
            _("'%s' is there, and no run of this folder made it as it is"), first->path);
    if (search->unknown > 1)
        err_hint(err, "found", _("%zu such outputs"), search->unknown);
    return err_hint(err, "try", _("--overwrite to replace them, or another --out"));
}

int made_check(const char *cwd, const char *const *goal, size_t count, const uint8_t *skip,
               struct err *err)
{
    struct search search = {0};
    for (size_t i = 0; i < count; i++)
        if (!skip || !skip[i])
            look(&search, goal[i]);
    search.unknown = search.count;
    if (search.unknown)
        ask_runs(&search, cwd);
    int result = search.unknown ? refuse(&search, err) : 0;
    free(search.found);
    table_free(&search.by_path);
    return result;
}
