// SPDX-License-Identifier: Apache-2.0
// facts: running python/embedded/facts.py once, and the file CACHE/pythons that keeps the answers.
//
// The file (docs: formats): first line "lopin-pythons 2", then a line an interpreter: path,
// device, inode, size, time of change in ns, then the values of struct facts; each as %XX text, a
// space between. A line counts only if all five of the file are as now. Invariant: the file is
// replaced whole, and an unreadable, foreign or newer one is as if it were absent; losing it
// costs 20 ms an interpreter.
#include "env/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "env/ask.h"

#define HEAD      "lopin-pythons 2\n"
#define LINES_MAX 200

extern const unsigned char facts_bytes[]; // python/embedded/facts.py

// Cuts the answer "VALUE NUL ..." into its values.
static int read_answer(const struct str *text, struct facts *ret)
{
    const char *part[FACTS_COUNT], *at = text->text, *end = at + text->size;
    int count = 0;
    for (; count < FACTS_COUNT && at < end; count++) {
        part[count] = at;
        at = memchr(at, '\0', (size_t)(end - at));
        if (!at++)
            return -1;
    }
    if (count < FACTS_MIN || *part[0] < '2' || *part[0] > '9')
        return -1;
    for (int i = 0; i < FACTS_COUNT; i++)
        ret->value[i] = mem_dup(i < count ? part[i] : "");
    return 0;
}

static int ask(const char *path, const struct vars *vars, struct facts *ret, struct err *err)
{
    CLEANUP_STR struct str out = {0};
    if (ask_python(path, (const char *)facts_bytes, NULL, vars, &out, err) < 0)
        return -1;
    if (read_answer(&out, ret) < 0)
        return err_set(err, ERR_NO_PYTHON, _("'%s' is not a Python that works%s%s"), path, "",
                       "");
    return 0;
}

// A venv's folder is above the interpreter's own (not the link's target); -S leaves it unsaid.
static void find_prefix(const char *path, struct facts *facts)
{
    CLEANUP_FREE char *bin = fs_folder(path);
    CLEANUP_FREE char *above = fs_folder(bin);
    CLEANUP_FREE char *mark = mem_print("%s/pyvenv.cfg", above);
    if (access(mark, F_OK) < 0)
        return;
    free(facts->prefix);
    facts->prefix = TAKE(above);
}

// What identifies the interpreter's file, as the beginning of its line.
static void add_key(struct str *line, const char *path, const struct stat *st)
{
    str_add_percent(line, path, strlen(path), "");
    str_print(line, " %llu %llu %lld %lld", (unsigned long long)st->st_dev,
              (unsigned long long)st->st_ino, (long long)st->st_size,
              (long long)clock_ns(st->st_mtim));
}

// The text of the file, if it is ours and of our format; else nothing.
static void read_kept(const char *file, struct str *ret)
{
    struct stat st;
    CLEANUP_CLOSE int fd =
        open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
        fs_read_open(fd, file, 1 << 20, ret, NULL) < 0 || !str_starts(str_text(ret), HEAD))
        str_clear(ret);
}

// The values of a line. Returns 0, or -1 if it is malformed.
static int read_line(const char *text, size_t size, struct facts *ret)
{
    CLEANUP_STRV struct strv word = {0};
    CLEANUP_FREE char *line = mem_dupn(text, size);
    strv_split(&word, line, ' ');
    if (word.count != FACTS_COUNT)
        return -1;
    for (size_t i = 0; i < FACTS_COUNT; i++) {
        struct str value = {0};
        if (str_add_unpercent(&value, word.item[i], strlen(word.item[i])) < 0) {
            str_free(&value);
            facts_free(ret);
            return -1;
        }
        ret->value[i] = str_take(&value);
    }
    return 0;
}

static int find_kept(const struct str *text, const char *key, struct facts *ret)
{
    size_t size = strlen(key);
    for (const char *line = str_text(text); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, size) == 0 && line[size] == ' ' &&
            read_line(line + size + 1, strcspn(line + size + 1, "\n"), ret) == 0)
            return 0;
    }
    return -1;
}

// Adds a line, drops older ones of the same path, and keeps the newest LINES_MAX.
static void keep(const char *cache, const char *file, const struct str *old, const char *path,
                 const char *key, const struct facts *facts)
{
    CLEANUP_STR struct str name = {0};
    CLEANUP_STR struct str text = {0};
    CLEANUP_STRV struct strv lines = {0};
    str_add_percent(&name, path, strlen(path), "");
    str_add_char(&name, ' ');
    str_print(&text, HEAD "%s", key);
    for (size_t i = 0; i < FACTS_COUNT; i++) {
        str_add_char(&text, ' ');
        str_add_percent(&text, facts->value[i], strlen(facts->value[i]), "");
    }
    str_add_char(&text, '\n');
    if (old->size)
        strv_split(&lines, old->text + strlen(HEAD), '\n');
    for (size_t i = 0; i < lines.count && i < LINES_MAX; i++)
        if (*lines.item[i] && !str_starts(lines.item[i], name.text))
            str_print(&text, "%s\n", lines.item[i]);
    if (fs_make_dirs(AT_FDCWD, cache, 0700, NULL) == 0)
        fs_replace(AT_FDCWD, file, text.text, text.size, 0600, 0,
                   NULL); // a full disk is no error here
}

// Asked of the open file where the kernel can (5.8): no name is looked up for it.
static int is_executable(int fd, const char *path)
{
#ifdef SYS_faccessat2
    if (syscall(SYS_faccessat2, fd, "", X_OK, AT_EMPTY_PATH) == 0)
        return 1;
#endif
    return access(path, X_OK) == 0;
}

int facts_read(int fd, const char *path, const struct vars *vars, const char *cache,
               struct facts *ret, struct err *err)
{
    struct stat st;
    char magic[2] = "";
    *ret = (struct facts){0};
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_errno(err, ERR_NO_PYTHON, errno, _("cannot use '%s'"), path);
    if (!S_ISREG(st.st_mode) || !is_executable(fd, path))
        return err_set(err, ERR_NO_PYTHON, _("'%s' is not a program"), path);
    int kept = cache && pread(fd, magic, 2, 0) == 2 && memcmp(magic, "#!", 2) != 0;
    CLEANUP_STR struct str key = {0};
    CLEANUP_STR struct str old = {0};
    CLEANUP_FREE char *file = mem_print("%s/pythons", kept ? cache : "");
    add_key(&key, path, &st);
    if (kept)
        read_kept(file, &old);
    if (!kept || find_kept(&old, key.text, ret) < 0) {
        if (ask(path, vars, ret, err) < 0)
            return -1;
        if (kept)
            keep(cache, file, &old, path, key.text, ret);
    }
    find_prefix(path, ret);
    return 0;
}

void facts_free(struct facts *facts)
{
    for (size_t i = 0; i < FACTS_COUNT; i++)
        free(facts->value[i]);
    *facts = (struct facts){0};
}

int facts_flag(const struct facts *facts, const char *flag)
{
    CLEANUP_STRV struct strv flags = {0};
    strv_split(&flags, facts->flags, ' ');
    for (size_t i = 0; i < flags.count; i++)
        if (strcmp(flags.item[i], flag) == 0)
            return 1;
    return 0;
}
