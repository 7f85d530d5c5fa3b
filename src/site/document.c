// SPDX-License-Identifier: Apache-2.0
#include "site/document.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "site/trust.h"

enum { MOST = 1 << 20 }; // bytes of a file

static const char *visible(struct document *document, const char *path)
{
    CLEANUP_STR struct str text = {0};
    str_add_visible(&text, path, strlen(path));
    return arena_dup(&document->arena, str_text(&text));
}

int document_wrap(const struct document *document, unsigned line, struct err *err)
{
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, document->path, strlen(document->path));
    if (err)
        err->code = ERR_CONFIG;
    return line ? err_wrap(err, "%s:%u", str_text(&shown), line + document->before)
                : err_wrap(err, "%s", str_text(&shown));
}

// with = numpy: the parser takes it for a number that is none (nan), and says that.
static void hint_quotes(const char *text, size_t size, unsigned line, struct err *err)
{
    CLEANUP_STR struct str key = {0};
    CLEANUP_STR struct str value = {0};
    const char *end = text + size, *at = text;
    for (unsigned i = 1; at && i < line; i++)
        at = (at = memchr(at, '\n', (size_t)(end - at))) ? at + 1 : NULL;
    if (!at)
        return;
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    const char *equals = memchr(at, '=', (size_t)((stop ? stop : end) - at));
    if (!equals)
        return;
    stop = stop ? stop : end;
    str_add_visible(&key, at, (size_t)(equals - at));
    for (at = equals + 1; at < stop && (*at == ' ' || *at == '\t');)
        at++;
    for (; at < stop && *at && (isalnum((unsigned char)*at) || strchr("-_.,:<>~!=[]/", *at));
         at++)
        str_add_char(&value, *at);
    if (isalpha((unsigned char)*str_text(&value)) && strcmp(value.text, "true") != 0 &&
        strcmp(value.text, "false") != 0)
        err_hint(err, "try", "%s= \"%s\"", str_text(&key), value.text);
}

// toml_parse names the line in the text; a script's block stands further down in its file.
static int parse_error(const struct document *document, const char *text, size_t size,
                       struct err *err)
{
    unsigned line = 0;
    if (!err || sscanf(err->text, "%*[^0-9]%u", &line) != 1)
        return document_wrap(document, 0, err);
    hint_quotes(text, size, line, err);
    return document_wrap(document, document->before ? line : 0, err);
}

int document_parse(struct document *document, const char *path, const char *text, size_t size,
                   unsigned before, struct err *err)
{
    document->path = arena_dup(&document->arena, path);
    document->before = before;
    document->root = document->ours = toml_parse(&document->arena, text, size, err);
    if (!document->root)
        return parse_error(document, text, size, err);
    document->state = DOCUMENT_READ;
    return 0;
}

int document_take_tool(struct document *document, struct err *err)
{
    const struct toml_value *tool = toml_get(document->root, "tool");
    const struct toml_value *ours = toml_get(tool, "lopin");
    document->ours = ours;
    if (!ours || ours->kind == TOML_TABLE)
        return 0;
    document->ours = NULL;
    err_set(err, ERR_CONFIG, _("tool.lopin is no table"));
    return document_wrap(document, ours->line, err);
}

// A named pipe must not make us wait. Returns 1, 0 if there is none, or -1 with err.
static int open_file(struct document *document, int *ret, struct stat *ret_stat,
                     struct err *err)
{
    const char *path = document->path;
    *ret = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*ret < 0 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    int errnum = errno;
    if (*ret < 0 && stat(path, ret_stat) < 0)
        return 0; // in a folder that is not for us
    if ((*ret >= 0 && fstat(*ret, ret_stat) < 0) || S_ISDIR(ret_stat->st_mode))
        return 0;
    if (*ret < 0 && ret_stat->st_uid == geteuid())
        return err_errno(err, ERR_SYSTEM, errnum, _("cannot read '%s'"),
                         visible(document, path));
    return 1;
}

// What was opened is what was judged.
static int read_all(const struct document *document, int fd, struct str *text, struct err *err)
{
    char part[4096];
    ssize_t size;
    while ((size = read(fd, part, sizeof part)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size > 0)
            str_add_bytes(text, part, (size_t)size);
        if (size < 0 || text->size > MOST) {
            err_errno(err, ERR_SYSTEM, size < 0 ? errno : EFBIG, _("it cannot be read"));
            return document_wrap(document, 0, err);
        }
    }
    return 0;
}

static int read_text(struct document *document, const char *path, struct str *text,
                     struct err *err)
{
    CLEANUP_CLOSE int fd = -1;
    struct stat st;
    document->path = arena_dup(&document->arena, path);
    int found = open_file(document, &fd, &st, err);
    if (found <= 0)
        return found;
    if (!document->of_site || !trust_mount(path, fd))
        document->doubt = trust_doubt(path, &st);
    document->state = document->doubt ? DOCUMENT_UNTRUSTED : DOCUMENT_READ;
    if (!S_ISREG(st.st_mode))
        return document->doubt
                   ? 0
                   : err_set(err, ERR_CONFIG, _("'%s' is no file"), visible(document, path));
    return fd < 0 ? 0 : read_all(document, fd, text, err);
}

int document_read(struct document *document, const char *path, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (read_text(document, path, &text, err) < 0)
        return -1;
    return document->state == DOCUMENT_READ
               ? document_parse(document, path, str_text(&text), text.size, 0, err)
               : 0;
}

// Others keep their settings in it, and it may be broken in their parts: that is theirs to say.
static int mentions(const char *text, size_t size)
{
    return size && memmem(text, size, "lopin", 5) != NULL;
}

int document_read_project(struct document *document, const char *path, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    if (read_text(document, path, &text, err) < 0)
        return -1;
    int is_doubted = document->state == DOCUMENT_UNTRUSTED;
    document->state = DOCUMENT_ABSENT;
    if (!mentions(str_text(&text), text.size))
        return 0;
    if (is_doubted) {
        document->state = DOCUMENT_UNTRUSTED;
        return 0;
    }
    if (document_parse(document, path, str_text(&text), text.size, 0, err) < 0 ||
        document_take_tool(document, err) < 0)
        return -1;
    document->state = document->ours ? DOCUMENT_READ : DOCUMENT_ABSENT;
    return 0;
}

void document_free(struct document *document)
{
    arena_free(&document->arena);
    *document = (struct document){0};
}
