// SPDX-License-Identifier: Apache-2.0
// build_log: what pip wrote while it built, and what of it a person wants to know.
#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "base/str.h"
#include "build/build.h"

enum { LOG_MAX = 64 << 20, COMMIT_MIN = 7 };

static void read_lines(const char *log, struct strv *ret)
{
    CLEANUP_STR struct str text = {0};
    if (fs_read(AT_FDCWD, log, LOG_MAX, &text, NULL) == 0)
        strv_split(ret, str_text(&text), '\n');
}

// The line without the frame that pip draws around what a backend wrote, and without blanks.
static const char *plain(char *line)
{
    static const char *const frame[] = {"\u2502", "\u2570", "\u2500", "\u256d", ">"};
    size_t size = strlen(line);
    while (size && isspace((unsigned char)line[size - 1]))
        line[--size] = '\0';
    for (size_t i = 0; i < COUNT(frame); i++) {
        while (isspace((unsigned char)*line))
            line++;
        while (str_starts(line, frame[i]))
            line += strlen(frame[i]);
    }
    while (isspace((unsigned char)*line))
        line++;
    return line;
}

// What pip itself says of every failure, whatever its reason.
static int is_general(const char *line)
{
    static const char *const general[] = {"error: subprocess-exited-with-error",
                                          "ERROR: Failed building wheel",
                                          "ERROR: Failed to build",
                                          "error: metadata-generation-failed",
                                          "error: failed-wheel-build",
                                          "ERROR: Could not find a version"};
    for (size_t i = 0; i < COUNT(general); i++)
        if (str_starts(line, general[i]))
            return 1;
    return 0;
}

static int names_error(const char *line)
{
    size_t word = strcspn(line, ": ");
    return (line[word] == ':' && word >= 5 &&
            (strncasecmp(line + word - 5, "error", 5) == 0 || str_starts(line, "Exception"))) ||
           str_starts(line, "fatal: ") || strstr(line, ": fatal error: ") ||
           strstr(line, ": error: ");
}

int build_explain(const char *log, const char *source, struct err *err)
{
    static const char missing[] = "ERROR: No matching distribution found for ";
    CLEANUP_STRV struct strv lines = {0};
    const char *reason = NULL;
    const char *need = NULL;
    read_lines(log, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        const char *line = plain(lines.item[i]);
        if (str_starts(line, missing))
            need = line + sizeof missing - 1;
        else if (!is_general(line) && names_error(line))
            reason = line;
    }
    if (need) {
        err_set(err, ERR_BUILD, _("building '%s' needs %s, which is not to be had"), source,
                need);
        err_hint(err, "try", _("a wheel of %s in the wheelhouse (--find-links), or an index"),
                 need);
    } else if (reason) {
        err_set(err, ERR_BUILD, _("building '%s' failed: %s"), source, reason);
    } else {
        err_set(err, ERR_BUILD, _("building '%s' failed"), source);
    }
    return err_hint(err, "in", "%s", log);
}

char *build_commit(const char *log)
{
    static const char before[] = " to commit ";
    CLEANUP_STRV struct strv lines = {0};
    read_lines(log, &lines);
    for (size_t i = lines.count; i > 0; i--) {
        const char *at = strstr(lines.item[i - 1], before);
        size_t size = at ? strspn(at + sizeof before - 1, "0123456789abcdef") : 0;
        if (size >= COMMIT_MIN)
            return mem_dupn(at + sizeof before - 1, size);
    }
    return NULL;
}
