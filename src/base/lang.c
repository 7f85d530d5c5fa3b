// SPDX-License-Identifier: Apache-2.0
// lang: looks messages up in the tables of the build. gettext's own run-time part is not used:
// it needs the locale generated on the machine and .mo files beside the program, and nodes have
// neither.
#include "base/lang.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang_table.h"

struct word {
    int number;
    const char *text;
};
// What people meet, in words rather than the C library's English; the rest is strerror's.
static const struct word words[] = {
    {EPERM, N_("not permitted")},
    {ENOENT, N_("no such file or folder")},
    {ESRCH, N_("no such process")},
    {EINTR, N_("interrupted")},
    {EIO, N_("input/output error")},
    {ENXIO, N_("no such device or address")},
    {E2BIG, N_("the arguments are too long")},
    {ENOEXEC, N_("not an executable format")},
    {EBADF, N_("bad file descriptor")},
    {ECHILD, N_("no child process")},
    {EAGAIN, N_("not available for the moment")},
    {ENOMEM, N_("out of memory")},
    {EACCES, N_("permission denied")},
    {EBUSY, N_("in use")},
    {EEXIST, N_("exists already")},
    {EXDEV, N_("on another file system")},
    {ENODEV, N_("no such device")},
    {ENOTDIR, N_("not a folder")},
    {EISDIR, N_("is a folder")},
    {EINVAL, N_("invalid argument")},
    {ENFILE, N_("too many open files on this machine")},
    {EMFILE, N_("too many open files in this process")},
    {ENOTTY, N_("not a terminal")},
    {ETXTBSY, N_("the program is being written")},
    {EFBIG, N_("the file is too large")},
    {ENOSPC, N_("no space left on the disk")},
    {ESPIPE, N_("not a file that can be read from a position")},
    {EROFS, N_("the file system is read-only")},
    {EMLINK, N_("too many links")},
    {EPIPE, N_("the reader is gone")},
    {EDOM, N_("out of the domain")},
    {ERANGE, N_("out of range")},
    {EDEADLK, N_("would wait for ever")},
    {ENAMETOOLONG, N_("the name is too long")},
    {ENOLCK, N_("no locks available")},
    {ENOSYS, N_("not known to this kernel")},
    {ENOTEMPTY, N_("the folder is not empty")},
    {ELOOP, N_("too many symbolic links")},
    {EILSEQ, N_("invalid bytes in the text")},
    {EOPNOTSUPP, N_("not supported here")},
    {ETIMEDOUT, N_("timed out")},
    {ECONNREFUSED, N_("connection refused")},
    {EHOSTUNREACH, N_("host unreachable")},
    {EREMOTEIO, N_("error of the remote file system")},
    {ESTALE, N_("the file was replaced on the file server")},
    {EDQUOT, N_("disk quota exceeded")},
    {ECANCELED, N_("cancelled")},
};

struct language {
    const char *name;
    const struct lang_entry *entries;
    const size_t *count;
    const char *texts;
};
static const size_t none = 0;
static const struct language languages[] = {
    {"en", NULL, &none, NULL},
    {"fr", lang_fr, &lang_fr_count, lang_fr_texts},
};
static const struct language *chosen = &languages[0];

static int compare_entry(const void *key, const void *entry)
{
    return strcmp(key, chosen->texts + ((const struct lang_entry *)entry)->id);
}

static const struct lang_entry *find(const char *id)
{
    if (*chosen->count == 0)
        return NULL;
    return bsearch(id, chosen->entries, *chosen->count, sizeof *chosen->entries, compare_entry);
}

const char *lang_text(const char *text)
{
    const struct lang_entry *entry = find(text);
    return entry ? chosen->texts + entry->text : text;
}

const char *lang_plural(const char *one, const char *many, unsigned long n)
{
    const struct lang_entry *entry = find(one);
    if (!entry)
        return n == 1 ? one : many;
    return chosen->texts + (n <= 1 || !entry->text_many ? entry->text : entry->text_many);
}

int lang_choose(const char *locale)
{
    size_t length = strcspn(locale, "_.@-");
    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        if (strlen(languages[i].name) == length &&
            strncmp(languages[i].name, locale, length) == 0) {
            chosen = &languages[i];
            return 0;
        }
    chosen = &languages[0];
    int plain = (length == 1 && locale[0] == 'C') || strcmp(locale, "POSIX") == 0;
    return plain ? 0 : -1;
}

const char *lang_name(void)
{
    return chosen->name;
}

const char *lang_errno(int errnum)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].number == errnum)
            return lang_text(words[i].text);
    return strerror(errnum);
}
