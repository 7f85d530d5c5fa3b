// SPDX-License-Identifier: Apache-2.0
// pack: each thread takes the next frame, reads what is in it, packs it, and writes it when those
// before it are written.
#include "image/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "image/parts.h"
#include "image/tar.h"

enum { LEVEL = 3, INDEX_LEVEL = 9, FRAME_ROOM = IMAGE_FRAME + TAR_END };

struct pack {
    const struct image_pack *ask;
    struct image *image;
    int root, fd;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    size_t next, written; // frames
    int failed;
    struct err err;
};
struct packer { // of one thread
    struct pack *pack;
    ZSTD_CCtx *zstd;
    char *raw, *packed;
    struct str header;
    struct err err;
};

static int changed(struct packer *packer, const char *path)
{
    return err_set(&packer->err, ERR_SYSTEM, _("'%s' changed while it was being packed"), path);
}

static int cannot_read(struct packer *packer, const char *path)
{
    return err_errno(&packer->err, ERR_SYSTEM, errno, _("cannot read '%s/%s'"),
                     packer->pack->ask->prefix, path);
}

static int read_at(struct packer *packer, int fd, const char *path, char *into, size_t size,
                   uint64_t at)
{
    while (size) {
        ssize_t got = pread(fd, into, size, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return cannot_read(packer, path);
        if (got == 0)
            return changed(packer, path);
        into += got;
        size -= (size_t)got;
        at += (uint64_t)got;
    }
    return 0;
}

static uint32_t get_time(const char *bytes)
{
    return (uint32_t)image_get_number((const unsigned char *)bytes, 4);
}

// Bytecode that holds its source's time (PEP 552) gets the time that the source will have; if it is
// out of date already it stays so.
static void set_source_time(struct packer *packer, const char *path, char *bytes, size_t size)
{
    static const char folder[] = "__pycache__/";
    const size_t at = packer->pack->ask->minor >= 7 ? 8 : 4;
    const char *cache = strstr(path, folder);
    const char *name = cache ? cache + strlen(folder) : NULL;
    const char *dot = name ? strchr(name, '.') : NULL;
    struct stat st;
    if (!dot || size < at + 8 || (at == 8 && get_time(bytes + 4) != 0))
        return;
    CLEANUP_FREE char *source =
        mem_print("%.*s%.*s.py", (int)(cache - path), path, (int)(dot - name), name);
    if (fstatat(packer->pack->root, source, &st, 0) < 0 ||
        get_time(bytes + at) != (uint32_t)st.st_mtime ||
        get_time(bytes + at + 4) != (uint32_t)st.st_size)
        return;
    image_put_number((unsigned char *)bytes + at, IMAGE_TIME, 4);
}

// Hash of a file that several frames share, by whoever has its first one.
static int hash_file_of(struct packer *packer, int fd, struct image_member *member)
{
    struct sha256_ctx hash;
    enum { STEP = 1 << 20 };
    CLEANUP_FREE char *step = mem_alloc(STEP);
    sha256_init(&hash);
    for (uint64_t at = 0; at < member->size;) {
        size_t size = member->size - at < STEP ? (size_t)(member->size - at) : STEP;
        if (read_at(packer, fd, member->path, step, size, at) < 0)
            return -1;
        sha256_update(&hash, size, (uint8_t *)step);
        at += size;
    }
    sha256_digest(&hash, IMAGE_SHA256, member->sha256);
    return 0;
}

static void hash_bytes(const char *bytes, size_t size, uint8_t ret[IMAGE_SHA256])
{
    struct sha256_ctx hash;
    sha256_init(&hash);
    sha256_update(&hash, size, (const uint8_t *)bytes);
    sha256_digest(&hash, IMAGE_SHA256, ret);
}

// `size` bytes of content from `from` on.
static int add_content(struct packer *packer, struct image_member *member, uint64_t from,
                       size_t size, char *into)
{
    struct stat st;
    if (member->text) {
        memcpy(into, member->text + from, size);
        hash_bytes(member->text, (size_t)member->size, member->sha256);
        return 0;
    }
    const char *path = member->source ? member->source : member->path;
    CLEANUP_CLOSE int fd = openat(packer->pack->root, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return cannot_read(packer, member->path);
    if ((uint64_t)st.st_size != member->size)
        return changed(packer, member->path);
    if (read_at(packer, fd, member->path, into, size, from) < 0)
        return -1;
    if (size < member->size)
        return from ? 0 : hash_file_of(packer, fd, member);
    if (!packer->pack->image->is_capsule && str_ends(member->path, ".pyc"))
        set_source_time(packer, member->path, into, size);
    hash_bytes(into, size, member->sha256);
    return 0;
}

// The part of a member that lies in the frame.
static int add_member(struct packer *packer, const struct image_frame *frame,
                      struct image_member *member)
{
    uint64_t content = member->at + tar_header_size(member), end = frame->begin + frame->size;
    uint64_t size = tar_content(member);
    if (member->at >= frame->begin) {
        str_clear(&packer->header);
        tar_add_header(&packer->header, member);
        memcpy(packer->raw + (member->at - frame->begin), packer->header.text,
               packer->header.size);
    }
    uint64_t from = content > frame->begin ? content : frame->begin;
    uint64_t to = content + size < end ? content + size : end;
    if (from >= to) {
        if (!size && member->kind != IMAGE_FOLDER && member->kind != IMAGE_LINK)
            hash_bytes("", 0, member->sha256);
        return 0;
    }
    return add_content(packer, member, from - content, (size_t)(to - from),
                       packer->raw + (from - frame->begin));
}

static int pack_frame(struct packer *packer, struct image_frame *frame)
{
    struct image *image = packer->pack->image;
    memset(packer->raw, 0, frame->size);
    for (size_t i = image_member_at(image, frame->begin);
         i < image->member_count && image->member[i].at < frame->begin + frame->size; i++)
        if (add_member(packer, frame, &image->member[i]) < 0)
            return -1;
    size_t size =
        ZSTD_compressCCtx(packer->zstd, packer->packed, ZSTD_compressBound(FRAME_ROOM),
                          packer->raw, frame->size, LEVEL);
    if (ZSTD_isError(size))
        return err_set(&packer->err, ERR_SYSTEM, _("the image cannot be packed: %s"),
                       ZSTD_getErrorName(size));
    frame->packed = size;
    hash_bytes(packer->packed, size, frame->sha256);
    return 0;
}

static void fail(struct pack *pack, const struct err *err)
{
    pthread_mutex_lock(&pack->lock);
    if (!pack->failed)
        pack->err = *err;
    pack->failed = 1;
    pthread_cond_broadcast(&pack->turn);
    pthread_mutex_unlock(&pack->lock);
}

static int write_frame(struct packer *packer, size_t number)
{
    struct pack *pack = packer->pack;
    pthread_mutex_lock(&pack->lock);
    while (pack->written != number && !pack->failed)
        pthread_cond_wait(&pack->turn, &pack->lock);
    int failed = pack->failed;
    pthread_mutex_unlock(&pack->lock);
    if (failed)
        return -1;
    if (fs_write_all(pack->fd, packer->packed, pack->image->frame[number].packed) < 0)
        return err_errno(&packer->err, ERR_SYSTEM, errno, _("cannot write the image"));
    pthread_mutex_lock(&pack->lock);
    pack->written++;
    pthread_cond_broadcast(&pack->turn);
    pthread_mutex_unlock(&pack->lock);
    return 0;
}

static void *pack_frames(void *context)
{
    struct pack *pack = context;
    struct packer packer = {.pack = pack,
                            .zstd = ZSTD_createCCtx(),
                            .raw = mem_alloc(FRAME_ROOM),
                            .packed = mem_alloc(ZSTD_compressBound(FRAME_ROOM))};
    for (;;) {
        pthread_mutex_lock(&pack->lock);
        size_t number = pack->failed ? pack->image->frame_count : pack->next++;
        pthread_mutex_unlock(&pack->lock);
        if (number >= pack->image->frame_count)
            break;
        if (pack_frame(&packer, &pack->image->frame[number]) < 0 ||
            write_frame(&packer, number) < 0) {
            fail(pack, &packer.err);
            break;
        }
    }
    ZSTD_freeCCtx(packer.zstd);
    free(packer.raw);
    free(packer.packed);
    str_free(&packer.header);
    return NULL;
}

static void add_frame(struct image *image, uint64_t begin, uint64_t end)
{
    if (end == begin)
        return;
    mem_room(&image->frame, &image->frame_room, image->frame_count + 1, sizeof *image->frame);
    image->frame[image->frame_count++] =
        (struct image_frame){.begin = begin, .size = end - begin};
}

// At members' ends where that can be: a large file has frames of its own. A header is in one piece.
static void cut_frames(struct image *image)
{
    uint64_t begin = 0;
    for (size_t i = 0; i < image->member_count; i++) {
        const struct image_member *member = &image->member[i];
        uint64_t end = i + 1 < image->member_count ? member[1].at : image->size - TAR_END;
        if (end - begin <= IMAGE_FRAME)
            continue;
        add_frame(image, begin, member->at);
        for (begin = member->at; end - begin > IMAGE_FRAME; begin += IMAGE_FRAME)
            add_frame(image, begin, begin + IMAGE_FRAME);
    }
    add_frame(image, begin, image->size);
}

static int write_index(struct pack *pack, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    unsigned char head[IMAGE_SKIP], trailer[IMAGE_TRAILER];
    image_write_index(&text, pack->image);
    size_t room = ZSTD_compressBound(text.size);
    CLEANUP_FREE char *packed = mem_alloc(room);
    size_t size = ZSTD_compress(packed, room, text.text, text.size, INDEX_LEVEL);
    if (ZSTD_isError(size))
        return err_set(err, ERR_SYSTEM, _("the image cannot be packed: %s"),
                       ZSTD_getErrorName(size));
    image_put_number(head, IMAGE_SKIP_MAGIC, 4);
    image_put_number(head + 4, size + IMAGE_TRAILER, 4);
    image_put_number(trailer, size, 8);
    image_put_number(trailer + 8, text.size, 8);
    image_index_hash(trailer, packed, size, trailer + 16);
    memcpy(trailer + 48, IMAGE_MAGIC, 8);
    image_hex(trailer + 16, pack->image->identity);
    if (fs_write_all(pack->fd, head, sizeof head) < 0 ||
        fs_write_all(pack->fd, packed, size) < 0 ||
        fs_write_all(pack->fd, trailer, sizeof trailer) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write the image"));
    return 0;
}

// A thread that cannot be started is work for those that were: at the least for this one.
static void run_threads(struct pack *pack)
{
    unsigned count = 0;
    CLEANUP_FREE pthread_t *thread = mem_zero(pack->ask->threads, sizeof *thread);
    while (count + 1 < pack->ask->threads && count + 1 < pack->image->frame_count &&
           pthread_create(&thread[count], NULL, pack_frames, pack) == 0)
        count++;
    pack_frames(pack);
    for (unsigned i = 0; i < count; i++)
        pthread_join(thread[i], NULL);
}

int image_pack(const struct image_pack *ask, int fd, struct image *image, struct err *err)
{
    struct pack pack = {.ask = ask, .image = image, .fd = fd};
    CLEANUP_CLOSE int root = open(ask->prefix, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot use folder '%s'"), ask->prefix);
    pack.root = root;
    pthread_mutex_init(&pack.lock, NULL);
    pthread_cond_init(&pack.turn, NULL);
    cut_frames(image);
    run_threads(&pack);
    pthread_mutex_destroy(&pack.lock);
    pthread_cond_destroy(&pack.turn);
    if (pack.failed) {
        if (err)
            *err = pack.err;
        return -1;
    }
    return write_index(&pack, err);
}
