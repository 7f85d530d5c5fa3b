// SPDX-License-Identifier: Apache-2.0
// fill_work: one wheel, step by step, from its file to its entry.
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "store/fill_parts.h"

static const char *base(const struct work *work)
{
    return fs_base(work->wheel->path);
}

static const char *tag(const struct work *work)
{
    const struct store_python *python = work->fill->order->python;
    return python ? python->tag : "plain";
}

// Whether what was found by one name or the other is as it was made.
static int is_good(const struct work *work, const struct store_entry *found)
{
    const struct store *store = work->fill->store;
    return !work->fill->order->check ||
           store_is_whole(store, fs_base(found->folder), &found->manifest);
}

int work_recall(struct work *work, struct arena *arena, struct err *err)
{
    if (work->wheel->stat)
        work->st = *work->wheel->stat;
    else if (stat(work->wheel->path, &work->st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), work->wheel->path);
    store_key(work->wheel->path, &work->st, tag(work), work->key);
    CLEANUP_FREE char *name = mem_print(".seen/%s", work->key);
    struct store_entry found;
    // what cannot be used is made again
    if (store_load(work->fill->store, name, work->wheel->sha256, arena, &found, NULL) == 0 &&
        found.folder && strcmp(found.manifest.wheel, base(work)) == 0 &&
        strcmp(found.manifest.python, tag(work)) == 0 &&
        !store_is_doubtful(work->fill->store, found.folder, &found.manifest) &&
        is_good(work, &found))
        *work->entry = found;
    return 0;
}

static int map_file(struct work *work, struct err *err)
{
    struct stat st;
    CLEANUP_CLOSE int fd =
        open(work->wheel->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), work->wheel->path);
    if (!S_ISREG(st.st_mode) || st.st_size == 0)
        return err_set(err, ERR_BAD_WHEEL, _("'%s' is empty or no file"), work->wheel->path);
    work->st = st;
    work->size = (size_t)st.st_size;
    work->bytes = mmap(NULL, work->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (work->bytes == MAP_FAILED) {
        work->bytes = NULL;
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), work->wheel->path);
    }
    madvise(work->bytes, work->size, MADV_WILLNEED);
    return 0;
}

static void hash_file_bytes(struct work *work)
{
    static const char digits[] = "0123456789abcdef";
    struct sha256_ctx hash;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&hash);
    sha256_update(&hash, work->size, work->bytes);
    sha256_digest(&hash, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) {
        work->sha256[2 * i] = digits[digest[i] >> 4];
        work->sha256[2 * i + 1] = digits[digest[i] & 15];
    }
}

static int name_wheel(const struct work *work, struct err *err)
{
    return err_wrap(err, "%s", base(work));
}

// Whether the entry is there, by its name, and good.
static int is_there(struct work *work)
{
    struct arena arena = {0};
    struct store_entry found;
    int loaded =
        store_load(work->fill->store, work->name, work->sha256, &arena, &found, NULL) == 0;
    int there = loaded && found.folder;
    if (there && store_is_doubtful(work->fill->store, found.folder, &found.manifest)) {
        there = store_verify(work->fill->store, work->name, &found.manifest);
        work->replaces = !there;
    } else if (there && !is_good(work, &found)) {
        there = 0;
        work->replaces = 1;
    }
    arena_free(&arena);
    return there;
}

int work_begin(struct work *work, struct err *err)
{
    struct store *store = work->fill->store;
    const struct store_python *python = work->fill->order->python;
    if (map_file(work, err) < 0)
        return -1;
    if (work->wheel->sha256)
        memcpy(work->sha256, work->wheel->sha256, MANIFEST_SHA256 + 1);
    else
        hash_file_bytes(work);
    store_key(work->wheel->path, &work->st, tag(work), work->key);
    work->name = store_name(base(work), work->sha256, tag(work));
    if (is_there(work))
        return 0;
    struct inflater *inflater = fill_inflater(work->fill);
    struct piece bytes = {work->bytes, work->size};
    int planned = plan_make(&work->arena, bytes, base(work), work->sha256,
                            python ? python->tag : NULL, inflater, &work->plan, err);
    fill_give_back(work->fill, inflater);
    if (planned < 0)
        return name_wheel(work, err);
    work->temporary = store_temporary(store, work->number, err);
    if (!work->temporary)
        return -1;
    work->dir = openat(store->dir, work->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (work->dir < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s/%s'"), store->path,
                         work->temporary);
    if (unpack_folders(work->dir, &work->plan.manifest, err) < 0)
        return name_wheel(work, err);
    work->compiled = mem_zero(work->plan.manifest.file_count + 1, 1);
    work->sources_left = work_sources(work);
    work->dir_open = 1;
    return 0;
}

size_t work_sources(const struct work *work)
{
    size_t count = 0;
    for (size_t i = 0; i < work->plan.manifest.file_count; i++)
        count += !work->plan.entry[i];
    return count;
}

// "x.cpython-311.pyc" in a folder's __pycache__ is of "x.py" in the folder.
static uint64_t source_size(const struct manifest *manifest,
                            const struct manifest_folder *folder, const char *name, size_t size)
{
    for (size_t i = folder->first; i < folder->first + folder->count; i++)
        if (strncmp(manifest->file[i].name, name, size) == 0 &&
            strcmp(manifest->file[i].name + size, ".py") == 0)
            return manifest->file[i].size;
    return 0;
}

void work_list_sources(struct work *work, struct bytecode_item *into)
{
    const struct manifest *manifest = &work->plan.manifest;
    const char *root = work->fill->store->path;
    size_t tail = strlen(tag(work)) + strlen("..pyc");
    for (size_t i = 0; i < manifest->file_count; i++) {
        if (work->plan.entry[i])
            continue;
        const struct manifest_folder *cache = &manifest->folder[manifest->file[i].folder];
        const struct manifest_folder *folder = &manifest->folder[cache->parent];
        const char *name = manifest->file[i].name;
        int stem = (int)(strlen(name) - tail);
        CLEANUP_STR struct str path = {0};
        unpack_path(&path, folder);
        *into++ = (struct bytecode_item){
            .source =
                mem_print("%s/%s/%s/%.*s.py", root, work->temporary, path.text, stem, name),
            .target =
                mem_print("%s/%s/%s/__pycache__/%s", root, work->temporary, path.text, name),
            .shown = mem_print("%s/%s/%s/%.*s.py", root, work->name, path.text, stem, name),
            .size = source_size(manifest, folder, name, (size_t)stem),
            .owner = work,
            .file = i};
    }
}

static int hash_bytecode(struct work *work, size_t index, struct err *err)
{
    struct manifest_file *file = &work->plan.manifest.file[index];
    CLEANUP_STR struct str path = {0}, text = {0};
    char hash[MANIFEST_HASH + 1];
    unpack_path(&path, &work->plan.manifest.folder[file->folder]);
    str_print(&path, "/%s", file->name);
    if (fs_read(work->dir, path.text, 1 << 30, &text, err) < 0)
        return -1;
    plan_hash((struct piece){str_text(&text), text.size}, hash);
    file->hash = arena_dupn(&work->arena, hash, MANIFEST_HASH);
    file->size = text.size;
    return 0;
}

static int finish_bytecode(struct work *work, struct err *err)
{
    const struct manifest *manifest = &work->plan.manifest;
    for (size_t i = 0; i < manifest->folder_count; i++) {
        const struct manifest_folder *folder = &manifest->folder[i];
        size_t kept = 0;
        for (size_t j = folder->first; j < folder->first + folder->count; j++) {
            if (!work->plan.entry[j] && work->compiled[j] && hash_bytecode(work, j, err) < 0)
                return -1;
            kept += manifest->file[j].hash != NULL;
        }
        CLEANUP_STR struct str path = {0};
        unpack_path(&path, folder);
        if (!kept && folder->count && unlinkat(work->dir, path.text, AT_REMOVEDIR) < 0)
            return err_errno(err, ERR_SYSTEM, errno, _("cannot remove '%s'"), path.text);
    }
    return 0;
}

// On a disk that others have too, nobody else could know of a crash of this node.
static int must_sync(const struct work *work)
{
    return work->fill->order->sync || !work->fill->store->local;
}

static int write_manifest(struct work *work, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (!must_sync(work) && *work->fill->store->boot)
        work->plan.manifest.boot = work->fill->store->boot;
    manifest_write(&text, &work->plan.manifest);
    int fd = openat(work->dir, MANIFEST_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
    if (fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), MANIFEST_FILE);
    int failed = fs_write_all(fd, text.text, text.size) < 0 || fchmod(fd, 0444) < 0;
    int errnum = errno;
    if (close(fd) < 0 && !failed) {
        failed = 1;
        errnum = errno;
    }
    if (failed)
        return err_errno(err, ERR_SYSTEM, errnum, _("cannot write '%s'"), MANIFEST_FILE);
    return 0;
}

int work_finish(struct work *work, struct err *err)
{
    struct store *store = work->fill->store;
    if (finish_bytecode(work, err) < 0 || write_manifest(work, err) < 0 ||
        unpack_close(work->dir, &work->plan.manifest, err) < 0)
        return name_wheel(work, err);
    if (fchmod(work->dir, 0555) < 0 || (must_sync(work) && syncfs(work->dir) < 0)) {
        err_errno(err, ERR_SYSTEM, errno, _("cannot close folder '%s'"), work->temporary);
        return name_wheel(work, err);
    }
    if (store_publish(store, work->temporary, work->name, work->replaces, err) < 0)
        return name_wheel(work, err);
    free(TAKE(work->temporary));
    return 0;
}

int work_load(struct work *work, struct arena *arena, struct err *err)
{
    struct stat st;
    if (work->entry->folder)
        return 0;
    struct store *store = work->fill->store;
    if (store_load(store, work->name, work->sha256, arena, work->entry, err) < 0)
        return name_wheel(work, err);
    if (!work->entry->folder) {
        err_set(err, ERR_SYSTEM, _("'%s/%s' is another user's, or gone again"), store->path,
                work->name);
        return name_wheel(work, err);
    }
    work->entry->is_new = work->done;
    if (stat(work->wheel->path, &st) == 0 && st.st_ino == work->st.st_ino &&
        st.st_size == work->st.st_size && st.st_mtim.tv_nsec == work->st.st_mtim.tv_nsec &&
        st.st_mtim.tv_sec == work->st.st_mtim.tv_sec)
        store_remember(store, work->key, work->name, &st);
    return 0;
}

void work_free(struct work *work)
{
    mem_close_at(&work->dir);
    if (work->temporary)
        fs_remove(work->fill->store->dir, work->temporary);
    if (work->bytes)
        munmap(work->bytes, work->size);
    free(work->temporary);
    free(work->name);
    free(work->compiled);
    arena_free(&work->arena);
}
