// SPDX-License-Identifier: Apache-2.0
#include "env/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/pool.h"
#include "base/table.h"
#include "env/origin.h"

enum { BUFFER = 1 << 18 };

struct job { // one file
    const char *path;
    const struct dist *dist;
    const char *entry;
    char hash[MANIFEST_HASH + 1];
    int errnum; // it cannot be read
    int wrong, missing;
    uint64_t bytes;
};
struct work {
    const struct verify_ask *ask;
    struct verify *into;
    struct job *job;
    size_t count, room;
    struct table known; // absolute paths of what belongs to a distribution
    atomic_size_t next;
};

static void add_fault(struct work *work, enum verify_kind kind, const char *path,
                      const struct dist *dist, const char *entry)
{
    struct verify *into = work->into;
    mem_room(&into->fault, &into->room, into->count + 1, sizeof *into->fault);
    into->fault[into->count++] =
        (struct verify_fault){kind, arena_dup(&into->arena, path), dist, entry};
}

static const char *know(struct work *work, const char *path)
{
    int is_new;
    const char *kept = arena_dup(&work->into->arena, path);
    table_put(&work->known, kept, &is_new);
    return kept;
}

static void add_job(struct work *work, const char *path, const struct dist *dist,
                    const char *entry, const char *hash)
{
    mem_room(&work->job, &work->room, work->count + 1, sizeof *work->job);
    struct job *job = &work->job[work->count++];
    *job = (struct job){.path = path, .dist = dist, .entry = entry};
    memcpy(job->hash, hash, MANIFEST_HASH);
}

static void encode(const unsigned char *digest, char ret[MANIFEST_HASH + 1])
{
    char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE)];
    base64_encode_raw(text, SHA256_DIGEST_SIZE, digest);
    for (int i = 0; i < MANIFEST_HASH; i++)
        ret[i] = (char)(text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
    ret[MANIFEST_HASH] = '\0';
}

static int hash_fd(struct job *job, int fd, char *buffer)
{
    struct sha256_ctx hash;
    unsigned char digest[SHA256_DIGEST_SIZE];
    char text[MANIFEST_HASH + 1];
    ssize_t size;
    sha256_init(&hash);
    while ((size = read(fd, buffer, BUFFER)) > 0) {
        sha256_update(&hash, (size_t)size, (const uint8_t *)buffer);
        job->bytes += (uint64_t)size;
    }
    if (size < 0)
        return errno;
    sha256_digest(&hash, sizeof digest, digest);
    encode(digest, text);
    job->wrong = strcmp(text, job->hash) != 0;
    return 0;
}

static void check_file(struct job *job, char *buffer)
{
    struct stat st;
    CLEANUP_CLOSE int fd = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        job->missing = 1;
    else if (fd < 0 || fstat(fd, &st) < 0)
        job->errnum = errno;
    else if (!S_ISREG(st.st_mode))
        job->wrong = 1;
    else
        job->errnum = hash_fd(job, fd, buffer);
}

static void check_files(void *context)
{
    struct work *work = context;
    char *buffer = mem_alloc(BUFFER);
    for (;;) {
        size_t i = atomic_fetch_add(&work->next, 1);
        if (i >= work->count)
            break;
        check_file(&work->job[i], buffer);
    }
    free(buffer);
}

// The entry's files, as they are seen from the environment. Those of dist-info are its own.
static void add_linked(struct work *work, const struct dist *dist, const char *entry,
                       const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->file_count; i++) {
        const struct manifest_file *file = &manifest->file[i];
        const struct manifest_folder *folder = &manifest->folder[file->folder];
        if (folder->scheme != SCHEME_SITE || file->folder == manifest->info_folder ||
            str_starts(folder->path, dist->info))
            continue;
        CLEANUP_FREE char *path = mem_print("%s/%s%s%s", dist->folder, folder->path,
                                            *folder->path ? "/" : "", file->name);
        add_job(work, know(work, path), dist, entry, file->hash);
    }
}

// What RECORD lists without a hash: links, bytecode, RECORD itself.
static void check_plain(struct work *work, const struct dist *dist, const char *path)
{
    struct stat st, behind;
    int found = lstat(path, &st) == 0;
    if (found && S_ISLNK(st.st_mode) && stat(path, &behind) < 0)
        found = 0;
    if (!found && !str_ends(path, ".pyc")) // bytecode is Python's to make again
        add_fault(work, VERIFY_MISSING, path, dist, NULL);
    else if (found && S_ISDIR(st.st_mode))
        add_fault(work, VERIFY_REPLACED, path, dist, NULL);
}

static void add_rows(struct work *work, const struct dist *dist, const char *entry,
                     const struct record_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        const struct record_row *row = &file->row[i];
        char hash[MANIFEST_HASH + 1];
        CLEANUP_FREE char *path = fs_absolute(dist->folder, row->path.text);
        int is_own =
            str_starts(row->path.text, dist->info) || str_starts(row->path.text, "../");
        const char *kept = know(work, path);
        if (!row->has_sha256) {
            check_plain(work, dist, kept);
        } else if (!entry || is_own) {
            encode(row->sha256, hash);
            add_job(work, kept, dist, NULL, hash);
        }
    }
}

static void add_dist(struct work *work, const struct dist *dist)
{
    CLEANUP_STR struct str record = {0};
    struct arena *arena = &work->into->arena;
    struct record_file file;
    const struct manifest *manifest;
    work->into->packages++;
    int known = dist->kind == DIST_INFO && dist_file(dist, "RECORD", &record, NULL) == 0;
    const struct piece kept = {arena_dupn(arena, str_text(&record), record.size), record.size};
    if (!known || record_file_parse(arena, kept, &file, NULL) < 0) {
        CLEANUP_FREE char *path = mem_print("%s/%s", dist->folder, dist->info);
        add_fault(work, VERIFY_UNKNOWN, path, dist, NULL);
        return;
    }
    CLEANUP_FREE char *found = origin_entry(dist, &file);
    const char *entry = found ? arena_dup(arena, found) : NULL;
    if (entry && (origin_read(arena, entry, &manifest, NULL) < 0 ||
                  strcmp(manifest->info, dist->info) != 0))
        entry = NULL;
    if (entry)
        add_linked(work, dist, entry, manifest);
    add_rows(work, dist, entry, &file);
}

// Files in folders of packages that nobody lists. Links lead to what was compared.
static void find_extra(struct work *work, const char *folder, int depth)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        struct stat st;
        const char *name = entry->d_name;
        if (*name == '.' || strcmp(name, "__pycache__") == 0 || str_ends(name, ".pyc"))
            continue;
        CLEANUP_FREE char *path = mem_print("%s/%s", folder, name);
        if (lstat(path, &st) < 0)
            continue;
        if (S_ISDIR(st.st_mode))
            find_extra(work, path, depth + 1);
        else if (depth && !table_get(&work->known, path))
            add_fault(work, VERIFY_EXTRA, path, NULL, NULL);
    }
    if (dir)
        closedir(dir);
}

static int run_threads(struct work *work, struct err *err)
{
    struct pool *pool = pool_new(work->ask->threads, err);
    if (!pool)
        return -1;
    for (unsigned i = 0; i < work->ask->threads; i++)
        pool_add(pool, check_files, NULL, work);
    pool_drain(pool);
    pool_free(pool);
    return 0;
}

// A command that two packages have is one file, of whoever came last, as pip and uv have it too.
static int is_of_another(const struct work *work, const struct job *job)
{
    for (size_t i = 0; i < work->count; i++) {
        const struct job *other = &work->job[i];
        if (other != job && !other->wrong && !other->missing &&
            strcmp(other->path, job->path) == 0)
            return 1;
    }
    return 0;
}

static int take_results(struct work *work, struct err *err)
{
    for (size_t i = 0; i < work->count; i++) {
        const struct job *job = &work->job[i];
        if (job->errnum)
            return err_errno(err, ERR_SYSTEM, job->errnum, _("cannot read '%s'"), job->path);
        if (job->missing || (job->wrong && !is_of_another(work, job)))
            add_fault(work, job->wrong ? VERIFY_CHANGED : VERIFY_MISSING, job->path, job->dist,
                      job->entry);
        work->into->files += !job->missing;
        work->into->bytes += job->bytes;
    }
    return 0;
}

int verify_env(const struct verify_ask *ask, struct verify *ret, struct err *err)
{
    struct work work = {.ask = ask, .into = ret};
    for (size_t i = 0; i < ask->dists->count; i++)
        if (strcmp(ask->dists->item[i].folder, ask->site->packages) == 0)
            add_dist(&work, &ask->dists->item[i]);
    int status = run_threads(&work, err);
    if (status == 0)
        status = take_results(&work, err);
    if (status == 0 && ask->extra)
        find_extra(&work, ask->site->packages, 0);
    table_free(&work.known);
    free(work.job);
    return status;
}

void verify_free(struct verify *verify)
{
    free(verify->fault);
    arena_free(&verify->arena);
    *verify = (struct verify){0};
}
