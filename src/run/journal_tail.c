// SPDX-License-Identifier: Apache-2.0
// journal_tail: of each file the offset behind the last whole line that was read.
//
// A file is opened for each look: on a network file system that is what asks the server how
// long it is now. Those that nothing is expected of, as they are closed or their parcel has a
// later one, are looked at when the folder is, which is when it changed, and each two seconds.
#include "run/journal_tail.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lang.h"
#include "base/mem.h"

#define ROOM    ((size_t)1 << 19) // more than any line
#define SCAN_US 2000000

struct followed { // one journal
    struct journal_name name;
    int64_t at;
    int passed; // older than the tail
    int closed;
};
struct journal_tail {
    int run_dir;
    struct followed *file; // by parcel, then restart
    size_t files;
    int64_t scan_us, folder_ns; // when the folder was read, and its time then
    char *text;                 // ROOM bytes
    struct str scratch;
};

struct journal_tail *journal_tail_new(int run_dir)
{
    struct journal_tail *tail = mem_zero(1, sizeof *tail);
    tail->run_dir = run_dir;
    tail->text = mem_alloc(ROOM);
    return tail;
}

void journal_tail_free(struct journal_tail *tail)
{
    if (!tail)
        return;
    free(tail->file);
    free(tail->text);
    str_free(&tail->scratch);
    free(tail);
}

static int by_parcel(const void *a, const void *b)
{
    const struct journal_name *left = a, *right = b;
    if (left->parcel != right->parcel)
        return left->parcel < right->parcel ? -1 : 1;
    return (left->restart > right->restart) - (left->restart < right->restart);
}

// Whether its parcel has a later journal.
static int is_replaced(const struct journal_tail *tail, const struct followed *file)
{
    return file + 1 < tail->file + tail->files && file[1].name.parcel == file->name.parcel;
}

// Takes up the journals that are there now.
static int scan(struct journal_tail *tail, struct err *err)
{
    CLEANUP_FREE struct journal_name *list = NULL;
    ssize_t count = journal_list(tail->run_dir, &list);
    if (count < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read the run's folder"));
    if (count > 0)
        qsort(list, (size_t)count, sizeof *list, by_parcel);
    struct followed *file = mem_zero((size_t)count, sizeof *file);
    for (size_t i = 0, old = 0; i < (size_t)count; i++) {
        while (old < tail->files && by_parcel(&tail->file[old].name, &list[i]) < 0)
            old++;
        file[i].name = list[i];
        if (old < tail->files && by_parcel(&tail->file[old].name, &list[i]) == 0)
            file[i] = tail->file[old];
        else
            file[i].passed =
                !tail->scan_us && i + 1 < (size_t)count && list[i + 1].parcel == list[i].parcel;
    }
    free(tail->file);
    tail->file = file;
    tail->files = (size_t)count;
    return 0;
}

static int take_line(struct journal_tail *tail, struct followed *file, const char *line,
                     size_t size, journal_each *each, void *context)
{
    struct record record;
    if (record_parse(line, size, &record, &tail->scratch) != 0)
        return 0;
    file->closed = record.kind == RECORD_CLOSE;
    return each(context, &record, file->name.parcel, file->name.restart);
}

// Takes the whole lines of `got` bytes that stand at file->at, and moves that on. Returns 0, or
// what `each` did.
static int take_lines(struct journal_tail *tail, struct followed *file, size_t got,
                      journal_each *each, void *context)
{
    const char *line = tail->text, *end = tail->text + got, *newline;
    while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
        size_t size = (size_t)(newline - line);
        file->at += (int64_t)size + 1;
        int result = take_line(tail, file, line, size, each, context);
        if (result)
            return result;
        line = newline + 1;
    }
    if (got == ROOM && line == tail->text)
        file->at += (int64_t)got; // damage: no line is so long
    return 0;
}

static int go_on(struct journal_tail *tail, struct followed *file, journal_each *each,
                 void *context, struct err *err)
{
    char name[64];
    snprintf(name, sizeof name, "journal.%u-%u", file->name.parcel, file->name.restart);
    CLEANUP_CLOSE int fd = openat(tail->run_dir, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0; // the run is being removed
    for (;;) {
        int64_t before = file->at;
        ssize_t got = fd < 0 ? -1 : pread(fd, tail->text, ROOM, file->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), name);
        int result = take_lines(tail, file, (size_t)got, each, context);
        if (result || file->at == before)
            return result;
    }
}

int journal_tail_go_on(struct journal_tail *tail, unsigned parcel, unsigned restart,
                       journal_each *each, void *context, struct err *err)
{
    const struct journal_name name = {parcel, restart};
    struct followed *file =
        tail->files ? bsearch(&name, tail->file, tail->files, sizeof *file, by_parcel) : NULL;
    return file ? go_on(tail, file, each, context, err) : 0;
}

int journal_tail_read(struct journal_tail *tail, journal_each *each, void *context,
                      struct err *err)
{
    int64_t now = clock_boot_us();
    struct stat st;
    int scans = !tail->scan_us || now - tail->scan_us >= SCAN_US ||
                fstat(tail->run_dir, &st) < 0 || clock_ns(st.st_mtim) != tail->folder_ns;
    if (scans) {
        int64_t folder_ns = fstat(tail->run_dir, &st) == 0 ? clock_ns(st.st_mtim) : 0;
        if (scan(tail, err) < 0)
            return -1;
        tail->scan_us = now;
        tail->folder_ns = folder_ns;
    }
    for (size_t i = 0; i < tail->files; i++) {
        struct followed *file = &tail->file[i];
        if (file->passed || (!scans && (file->closed || is_replaced(tail, file))))
            continue;
        int result = go_on(tail, file, each, context, err);
        if (result)
            return result;
    }
    return 0;
}
