// SPDX-License-Identifier: Apache-2.0
// unpack: folders first, then frames, by several threads, links last, so that no name leads through
// one. A file of several frames is made beforehand and each thread writes its part.
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "image/parts.h"
#include "image/tar.h"

// The time of reading stays: who cleans /tmp goes by it.
static const struct timespec file_times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = IMAGE_TIME}};

struct unpack {
    const struct image_unpack *ask;
    const struct image *image;
    int fd, into;
    size_t largest, largest_packed;
    pthread_mutex_t lock;
    size_t next; // frame
    int failed;
    struct err err;
};
struct unpacker { // of one thread
    struct unpack *unpack;
    ZSTD_DCtx *zstd;
    unsigned char *packed, *raw;
    struct str header, script;
    int folder; // of the last file
    char folder_path[3072];
    struct err err;
};

static int cannot_write(struct err *err, const char *path)
{
    return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), path);
}

static int bad_frame(struct unpacker *unpacker, size_t number)
{
    return err_set(&unpacker->err, ERR_BAD_IMAGE, _("part %zu of %zu is damaged"), number + 1,
                   unpacker->unpack->image->frame_count);
}

static int read_packed(struct unpacker *unpacker, const struct image_frame *frame)
{
    for (size_t got = 0; got < frame->packed;) {
        ssize_t size = pread(unpacker->unpack->fd, unpacker->packed + got, frame->packed - got,
                             (off_t)(frame->at + got));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return err_errno(&unpacker->err, ERR_SYSTEM, errno, _("cannot read the image"));
        if (size == 0)
            return err_set(&unpacker->err, ERR_BAD_IMAGE, _("it became shorter meanwhile"));
        got += (size_t)size;
    }
    return 0;
}

static int read_frame(struct unpacker *unpacker, size_t number)
{
    const struct image_frame *frame = &unpacker->unpack->image->frame[number];
    struct sha256_ctx hash;
    uint8_t digest[IMAGE_SHA256];
    if (read_packed(unpacker, frame) < 0)
        return -1;
    sha256_init(&hash);
    sha256_update(&hash, frame->packed, unpacker->packed);
    sha256_digest(&hash, sizeof digest, digest);
    if (memcmp(digest, frame->sha256, sizeof digest) != 0)
        return bad_frame(unpacker, number);
    size_t size = ZSTD_decompressDCtx(unpacker->zstd, unpacker->raw, frame->size,
                                      unpacker->packed, frame->packed);
    return ZSTD_isError(size) || size != frame->size ? bad_frame(unpacker, number) : 0;
}

// The folder of a file, opened once for all files of it that follow one another; *ret_name is the
// file's name in it.
static int open_folder(struct unpacker *unpacker, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    *ret_name = slash ? slash + 1 : path;
    if (!slash)
        return unpacker->unpack->into;
    if (unpacker->folder >= 0 && strlen(unpacker->folder_path) == size &&
        memcmp(unpacker->folder_path, path, size) == 0)
        return unpacker->folder;
    mem_close_at(&unpacker->folder);
    memcpy(unpacker->folder_path, path, size); // image_check: no path is longer
    unpacker->folder_path[size] = '\0';
    unpacker->folder = openat(unpacker->unpack->into, unpacker->folder_path,
                              O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return unpacker->folder;
}

static int make_file(struct unpacker *unpacker, const struct image_member *member,
                     const char *bytes, size_t size)
{
    const char *name;
    int folder = open_folder(unpacker, member->path, &name);
    int fd = folder < 0
                 ? -1
                 : openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          member->kind == IMAGE_FILE ? 0644 : 0755);
    if (fd < 0)
        return cannot_write(&unpacker->err, member->path);
    int failed = fs_write_all(fd, bytes, size) < 0 || futimens(fd, file_times) < 0;
    int errnum = errno;
    if (close(fd) < 0 && !failed) {
        failed = 1;
        errnum = errno;
    }
    errno = errnum;
    return failed ? cannot_write(&unpacker->err, member->path) : 0;
}

static int make_script(struct unpacker *unpacker, const struct image_member *member,
                       const char *bytes, size_t size)
{
    static const char first[] = "#!python\n";
    if (size < strlen(first) || memcmp(bytes, first, strlen(first)) != 0)
        return err_set(&unpacker->err, ERR_BAD_IMAGE, _("'%s' does not begin with '#!python'"),
                       member->path);
    str_clear(&unpacker->script);
    str_add(&unpacker->script, unpacker->unpack->ask->first);
    str_add_bytes(&unpacker->script, bytes + strlen(first), size - strlen(first));
    return make_file(unpacker, member, str_text(&unpacker->script), unpacker->script.size);
}

// A part of a file that is there already.
static int fill_file(struct unpacker *unpacker, const struct image_member *member,
                     const char *bytes, size_t size, uint64_t at)
{
    const char *name;
    int folder = open_folder(unpacker, member->path, &name);
    CLEANUP_CLOSE int fd =
        folder < 0 ? -1 : openat(folder, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return cannot_write(&unpacker->err, member->path);
    while (size) {
        ssize_t got = pwrite(fd, bytes, size, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot_write(&unpacker->err, member->path);
        bytes += got;
        size -= (size_t)got;
        at += (uint64_t)got;
    }
    return 0;
}

static int is_zero(const unsigned char *bytes, uint64_t size)
{
    for (uint64_t i = 0; i < size; i++)
        if (bytes[i])
            return 0;
    return 1;
}

// Whether a frame has all of it.
static int is_whole(const struct image_member *member, const struct image_frame *frame)
{
    return member->at >= frame->begin &&
           member->at + tar_header_size(member) + member->size <= frame->begin + frame->size;
}

static int check_header(struct unpacker *unpacker, const struct image_frame *frame,
                        const struct image_member *member, size_t number)
{
    if (member->at < frame->begin)
        return 0;
    str_clear(&unpacker->header);
    tar_add_header(&unpacker->header, member);
    uint64_t from = member->at - frame->begin, size = unpacker->header.size;
    return size <= frame->size - from &&
                   memcmp(unpacker->raw + from, unpacker->header.text, size) == 0
               ? 0
               : bad_frame(unpacker, number);
}

static int take_member(struct unpacker *unpacker, size_t number,
                       const struct image_member *member)
{
    const struct image_frame *frame = &unpacker->unpack->image->frame[number];
    uint64_t content = member->at + tar_header_size(member), end = frame->begin + frame->size;
    uint64_t size = tar_content(member), behind = content + tar_padded(size);
    if (check_header(unpacker, frame, member, number) < 0)
        return -1;
    uint64_t from = content > frame->begin ? content : frame->begin;
    uint64_t to = content + size < end ? content + size : end;
    const char *bytes = (const char *)unpacker->raw + (from - frame->begin);
    uint64_t rest = to > frame->begin ? to : frame->begin; // what fills the last block
    if (rest >= content + size &&
        !is_zero(unpacker->raw + (rest - frame->begin), (behind < end ? behind : end) - rest))
        return bad_frame(unpacker, number);
    if (member->kind == IMAGE_FOLDER || member->kind == IMAGE_LINK)
        return 0;
    if (!is_whole(member, frame))
        return from < to ? fill_file(unpacker, member, bytes, to - from, from - content) : 0;
    return member->kind == IMAGE_SCRIPT ? make_script(unpacker, member, bytes, to - from)
                                        : make_file(unpacker, member, bytes, to - from);
}

static int take_frame(struct unpacker *unpacker, size_t number)
{
    const struct image *image = unpacker->unpack->image;
    const struct image_frame *frame = &image->frame[number];
    uint64_t end = frame->begin + frame->size, files = image->size - TAR_END;
    if (read_frame(unpacker, number) < 0)
        return -1;
    for (size_t i = image_member_at(image, frame->begin);
         i < image->member_count && image->member[i].at < end; i++)
        if (take_member(unpacker, number, &image->member[i]) < 0)
            return -1;
    uint64_t last = files > frame->begin ? files : frame->begin;
    return last >= end || is_zero(unpacker->raw + (last - frame->begin), end - last)
               ? 0
               : bad_frame(unpacker, number);
}

static void fail(struct unpack *unpack, const struct err *err)
{
    pthread_mutex_lock(&unpack->lock);
    if (!unpack->failed)
        unpack->err = *err;
    unpack->failed = 1;
    pthread_mutex_unlock(&unpack->lock);
}

static void *take_frames(void *context)
{
    struct unpack *unpack = context;
    struct unpacker unpacker = {.unpack = unpack,
                                .zstd = ZSTD_createDCtx(),
                                .packed = mem_alloc(unpack->largest_packed),
                                .raw = mem_alloc(unpack->largest),
                                .folder = -1};
    for (;;) {
        pthread_mutex_lock(&unpack->lock);
        size_t number = unpack->failed ? unpack->image->frame_count : unpack->next++;
        pthread_mutex_unlock(&unpack->lock);
        if (number >= unpack->image->frame_count)
            break;
        if (take_frame(&unpacker, number) < 0) {
            fail(unpack, &unpacker.err);
            break;
        }
    }
    ZSTD_freeDCtx(unpacker.zstd);
    free(unpacker.packed);
    free(unpacker.raw);
    str_free(&unpacker.header);
    str_free(&unpacker.script);
    mem_close_at(&unpacker.folder);
    return NULL;
}

static void run_threads(struct unpack *unpack)
{
    unsigned count = 0;
    CLEANUP_FREE pthread_t *thread = mem_zero(unpack->ask->threads, sizeof *thread);
    while (count + 1 < unpack->ask->threads && count + 1 < unpack->image->frame_count &&
           pthread_create(&thread[count], NULL, take_frames, unpack) == 0)
        count++;
    take_frames(unpack);
    for (unsigned i = 0; i < count; i++)
        pthread_join(thread[i], NULL);
}

static int make_folders(const struct image *image, int into, struct err *err)
{
    for (size_t i = 0; i < image->member_count; i++)
        if (image->member[i].kind == IMAGE_FOLDER &&
            mkdirat(into, image->member[i].path, 0755) < 0)
            return cannot_write(err, image->member[i].path);
    return 0;
}

// Calls `each` for the files that no frame has all of.
static int each_split(const struct image *image, int into,
                      int (*each)(int into, const struct image_member *member, struct err *err),
                      struct err *err)
{
    size_t last = SIZE_MAX;
    for (size_t f = 0; f < image->frame_count; f++) {
        size_t i = image_member_at(image, image->frame[f].begin);
        for (; i < image->member_count &&
               image->member[i].at < image->frame[f].begin + image->frame[f].size;
             i++) {
            const struct image_member *member = &image->member[i];
            uint64_t end = member->at + tar_header_size(member) + tar_content(member);
            if (i == last || end <= image->frame[f].begin || !tar_content(member) ||
                is_whole(member, &image->frame[f]))
                continue;
            last = i;
            if (each(into, member, err) < 0)
                return -1;
        }
    }
    return 0;
}

static int make_split(int into, const struct image_member *member, struct err *err)
{
    if (member->kind == IMAGE_SCRIPT)
        return err_set(err, ERR_BAD_IMAGE, _("'%s' is cut in two"), member->path);
    CLEANUP_CLOSE int fd =
        openat(into, member->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               member->kind == IMAGE_FILE ? 0644 : 0755);
    if (fd < 0)
        return cannot_write(err, member->path);
    // room for it now, in one piece; where that cannot be had each part finds its own
    if (fallocate(fd, 0, 0, (off_t)member->size) < 0 && errno != EOPNOTSUPP && errno != ENOSYS)
        return cannot_write(err, member->path);
    return 0;
}

static int end_split(int into, const struct image_member *member, struct err *err)
{
    return utimensat(into, member->path, file_times, AT_SYMLINK_NOFOLLOW) < 0
               ? cannot_write(err, member->path)
               : 0;
}

static int make_links(const struct image *image, int into, struct err *err)
{
    for (size_t i = 0; i < image->member_count; i++)
        if (image->member[i].kind == IMAGE_LINK &&
            symlinkat(image->member[i].target, into, image->member[i].path) < 0)
            return cannot_write(err, image->member[i].path);
    return 0;
}

// An index may promise terabytes: no disk is filled for it.
static int check_room(const struct image *image, int into, struct err *err)
{
    struct statvfs about;
    if (fstatvfs(into, &about) < 0 || !about.f_blocks)
        return 0;
    uint64_t room = (uint64_t)about.f_bavail * about.f_frsize;
    return room >= image->size
               ? 0
               : err_set(err, ERR_DISK_FULL, _("%llu MB are needed, %llu MB are free"),
                         (unsigned long long)(image->size >> 20),
                         (unsigned long long)(room >> 20));
}

int image_unpack(const struct image_unpack *ask, int fd, const struct image *image, int into,
                 struct err *err)
{
    struct unpack unpack = {.ask = ask, .image = image, .fd = fd, .into = into};
    for (size_t i = 0; i < image->frame_count; i++) {
        const struct image_frame *frame = &image->frame[i];
        unpack.largest = frame->size > unpack.largest ? frame->size : unpack.largest;
        unpack.largest_packed =
            frame->packed > unpack.largest_packed ? frame->packed : unpack.largest_packed;
    }
    if (check_room(image, into, err) < 0 || make_folders(image, into, err) < 0 ||
        each_split(image, into, make_split, err) < 0)
        return -1;
    pthread_mutex_init(&unpack.lock, NULL);
    run_threads(&unpack);
    pthread_mutex_destroy(&unpack.lock);
    if (unpack.failed) {
        if (err)
            *err = unpack.err;
        return -1;
    }
    return each_split(image, into, end_split, err) < 0 ? -1 : make_links(image, into, err);
}
