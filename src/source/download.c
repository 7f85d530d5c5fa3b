// SPDX-License-Identifier: Apache-2.0
// download: downloads/KEY/NAME; while it grows: downloads/KEY/part-HOST-PID-ETAG.
#include "source/download.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/hash.h"
#include "base/lang.h"
#include "source/digest.h"
#include "source/url.h"

enum {
    IDLE = 600
}; // seconds without a byte, after which who gets it on another host counts as dead
static const int64_t most_wheel = (int64_t)1 << 36;

static void add_host(struct str *into)
{
    struct utsname names;
    const char *host = uname(&names) == 0 ? names.nodename : "host";
    for (; *host; host++)
        str_add_char(into, *host == '-' || *host == '/' ? '_' : *host);
}

// The ETag itself goes to the end of the name, so that it needs no file of its own.
static char *part_name(const char *etag)
{
    struct str name = {0};
    str_add(&name, "part-");
    add_host(&name);
    str_print(&name, "-%ld-", (long)getpid());
    if (etag)
        str_add_percent(&name, etag, strlen(etag), "/");
    if (name.size > 250) // a name has at most 255 bytes: then it is not known
        *strrchr(name.text, '-') = '\0';
    return str_take(&name);
}

// part-HOST-PID-ETAG of somebody who is dead or has long done nothing.
static int is_left(int dir, const char *name)
{
    CLEANUP_STR struct str host = {0};
    struct stat st;
    add_host(&host);
    const char *at = strchr(name + 5, '-');
    if (!at || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return 0;
    long pid = strtol(at + 1, NULL, 10);
    int here =
        (size_t)(at - name - 5) == host.size && memcmp(name + 5, host.text, host.size) == 0;
    if (here && pid > 0)
        return pid == getpid() || (kill((pid_t)pid, 0) < 0 && errno == ESRCH);
    return time(NULL) - st.st_mtime > IDLE;
}

// Takes over what was left. Who renames it first has it.
static void take_over(struct download *download)
{
    DIR *stream = opendir(download->folder);
    struct dirent *entry;
    while (stream && !download->part && (entry = readdir(stream))) {
        if (!str_starts(entry->d_name, "part-") || !is_left(dirfd(stream), entry->d_name))
            continue;
        const char *pid = strchr(entry->d_name + 5, '-');
        const char *etag = pid ? strchr(pid + 1, '-') : NULL;
        struct str had = {0};
        if (etag && etag[1])
            str_add_unpercent(&had, etag + 1, strlen(etag + 1));
        CLEANUP_FREE char *name = part_name(had.text);
        CLEANUP_FREE char *to = mem_print("%s/%s", download->folder, name);
        if (renameat(dirfd(stream), entry->d_name, AT_FDCWD, to) == 0) {
            download->part = TAKE(to);
            download->had = had.size ? str_take(&had) : NULL;
        }
        str_free(&had);
    }
    if (stream)
        closedir(stream);
}

static int check(const struct download *download, const char *path, struct err *err)
{
    CLEANUP_FREE char *digest = digest_wanted(download->sha256, download->digest);
    char found[DIGEST_TEXT];
    CLEANUP_STR struct str url = {0};
    url_add_shown(&url, download->url);
    int fits = digest ? digest_fits(path, &(const char *){digest}, 1, found, err) : 1;
    if (fits)
        return fits < 0 ? -1 : 0;
    err_set(err, ERR_BAD_WHEEL, _("%s is not the file that its index names"), str_text(&url));
    err_hint(err, "found", "%s", found);
    return err_hint(err, "in", _("the index: %s"), digest);
}

int download_begin(struct download *download, const char *cache, struct err *err)
{
    CLEANUP_FREE char *plain = url_plain(download->url);
    struct hash hash;
    struct stat st;
    hash_begin(&hash);
    hash_text(&hash, plain);
    hash_text(&hash, download->sha256 ? download->sha256 : download->digest);
    download->request = (struct net_request)NET_REQUEST;
    download->folder =
        mem_print("%s/downloads/%016llx", cache, (unsigned long long)hash_end(&hash));
    download->path = mem_print("%s/%s", download->folder, download->name);
    if (stat(download->path, &st) == 0 && check(download, download->path, NULL) == 0) {
        download->here = 1;
        return 0;
    }
    if (fs_make_dirs(AT_FDCWD, download->folder, 0700, err) < 0)
        return -1;
    take_over(download);
    if (!download->part) {
        CLEANUP_FREE char *name = part_name(NULL);
        download->part = mem_print("%s/%s", download->folder, name);
    }
    struct net_request *request = &download->request;
    request->fd = open(download->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (request->fd < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), download->part);
    // Without a hash and an ETag nothing would tell that the rest is of another file.
    if (!download->had && !download->sha256 && !download->digest &&
        ftruncate(request->fd, 0) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot write '%s'"), download->part);
    request->url = download->url;
    request->had = download->had;
    request->expected = download->size;
    request->most = download->size >= 0 ? download->size : most_wheel;
    return 0;
}

// What came is kept under a name with its ETag, for a later start.
static void leave(struct download *download)
{
    struct stat st;
    const char *etag = download->request.new_etag ? download->request.new_etag : download->had;
    if (!download->part)
        return;
    if (download->request.fd < 0 || fstat(download->request.fd, &st) < 0 || !st.st_size) {
        unlink(download->part);
        return;
    }
    CLEANUP_FREE char *name = part_name(etag);
    CLEANUP_FREE char *to = mem_print("%s/%s", download->folder, name);
    rename(download->part, to);
}

static int check_size(const struct download *download, struct err *err)
{
    struct stat st;
    CLEANUP_STR struct str url = {0};
    url_add_shown(&url, download->url);
    if (fstat(download->request.fd, &st) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot read '%s'"), download->part);
    if (download->size < 0 || st.st_size == download->size)
        return 0;
    return err_set(err, ERR_BAD_WHEEL, _("%s has %lld bytes, its index says %lld"),
                   str_text(&url), (long long)st.st_size, download->size);
}

int download_end(struct download *download, struct err *err)
{
    struct net_request *request = &download->request;
    CLEANUP_STR struct str url = {0};
    url_add_shown(&url, download->url);
    if (download->here)
        return 0;
    if (request->failed || !request->status) { // or never asked, as another could not begin
        if (err && request->failed)
            *err = request->err;
        leave(download);
        return -1;
    }
    if (request->status != 200 && request->status != 206) {
        unlink(download->part);
        return err_set(err, ERR_FETCH, _("%s answers HTTP %ld"), str_text(&url),
                       request->status);
    }
    if (check_size(download, err) < 0 || check(download, download->part, err) < 0) {
        unlink(download->part);
        return -1;
    }
    if (fsync(request->fd) < 0 || rename(download->part, download->path) < 0)
        return err_errno(err, ERR_SYSTEM, errno, _("cannot keep '%s'"), download->path);
    return 0;
}

void download_done(struct download *download)
{
    if (download->request.fd >= 0 && !download->here)
        close(download->request.fd);
    download->request.fd = -1;
    net_request_free(&download->request);
    free(download->path);
    free(download->folder);
    free(download->part);
    free(download->had);
}
