// SPDX-License-Identifier: Apache-2.0
#include "run/submission.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/line.h"
#include "base/mem.h"
#include "base/str.h"

#define FIRST_LINE "lopin-job 1\n"
#define LINE       "job=%23s round=%u parcels=%u nodes=%u cores=%u time_us=%" SCNd64 " at_us=%" SCNd64

int submission_save(const struct submission *submission, int run_dir, struct err *err)
{
    char name[32];
    CLEANUP_STR struct str text = {0};
    str_add(&text, FIRST_LINE);
    size_t from = text.size;
    str_print(&text,
              "job=%s round=%u parcels=%u nodes=%u cores=%u time_us=%" PRId64 " at_us=%" PRId64,
              submission->job, submission->round, submission->parcels, submission->nodes,
              submission->cores, submission->time_us, submission->at_us);
    line_end(&text, from);
    snprintf(name, sizeof name, "job.%s", submission->job);
    return fs_replace(run_dir, name, text.text, text.size, 0600, 1, err);
}

int submission_is_of(int run_dir, const char *job)
{
    CLEANUP_FREE char *name = mem_print("job.%s", job);
    return faccessat(run_dir, name, F_OK, 0) == 0;
}

static int read_one(int run_dir, const char *name, struct submission *ret)
{
    CLEANUP_STR struct str text = {0};
    if (!str_starts(name, "job.") || strspn(name + 4, "0123456789") != strlen(name + 4) ||
        fs_read(run_dir, name, 4096, &text, NULL) < 0 ||
        !str_starts(str_text(&text), FIRST_LINE))
        return -1;
    char *line = text.text + strlen(FIRST_LINE);
    line[strcspn(line, "\n")] = '\0';
    *ret = (struct submission){0};
    return line_check(line, strlen(line)) >= 0 &&
                   sscanf(line, LINE, ret->job, &ret->round, &ret->parcels, &ret->nodes,
                          &ret->cores, &ret->time_us, &ret->at_us) == 7
               ? 0
               : -1;
}

static int by_time(const void *a, const void *b)
{
    const struct submission *left = a, *right = b;
    return (left->at_us > right->at_us) - (left->at_us < right->at_us);
}

struct submission *submission_list(int run_dir, size_t *ret_count)
{
    struct submission *list = NULL;
    size_t count = 0, room = 0;
    int fd = openat(run_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    if (!stream)
        mem_close_at(&fd);
    while (stream && (entry = readdir(stream))) {
        mem_room(&list, &room, count + 1, sizeof *list);
        count += read_one(run_dir, entry->d_name, &list[count]) == 0;
    }
    if (stream)
        closedir(stream);
    if (count)
        qsort(list, count, sizeof *list, by_time);
    *ret_count = count;
    return list;
}
