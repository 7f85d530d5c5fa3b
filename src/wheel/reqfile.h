// SPDX-License-Identifier: Apache-2.0
// reqfile: requirements files as pip (26) reads them (pip.pypa.io, "Requirements File Format"): -r and
// -c, options, hashes, continued lines, comments, ${VARIABLES}.
//
// Only what pip accepts is accepted, in its way: words before the first that begins with '-' are a
// requirement, what follows is split as by a shell and read as options, which may be shortened;
// of several -r on a line the first counts. Files are UTF-8. A file that includes itself is refused.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vars.h"
#include "wheel/text.h"

enum reqfile_option {
    REQFILE_INDEX_URL,
    REQFILE_EXTRA_INDEX_URL,
    REQFILE_NO_INDEX,
    REQFILE_CONSTRAINT,
    REQFILE_REQUIREMENT,
    REQFILE_EDITABLE,
    REQFILE_FIND_LINKS,
    REQFILE_NO_BINARY,
    REQFILE_ONLY_BINARY,
    REQFILE_PREFER_BINARY,
    REQFILE_REQUIRE_HASHES,
    REQFILE_NO_REQUIRE_HASHES,
    REQFILE_PRE,
    REQFILE_ALL_RELEASES,
    REQFILE_ONLY_FINAL,
    REQFILE_TRUSTED_HOST,
    REQFILE_USE_FEATURE,
    REQFILE_GLOBAL_OPTION,  // of a requirement, as the following; only pip before 26 has it
    REQFILE_HASH,           // "sha256:...", sha384 or sha512
    REQFILE_CONFIG_SETTINGS // "KEY=VALUE"
};
struct reqfile_setting {
    enum reqfile_option option;
    const char *value; // NULL of a flag
};
enum reqfile_kind {
    REQFILE_LINE_REQUIREMENT, // `text` is one (PEP 508), or a path or URL
    REQFILE_LINE_EDITABLE,    // of -e
    REQFILE_LINE_SETTINGS,    // none: only options
};
struct reqfile_line {
    const char *file;
    size_t number;  // from 1, of its first line
    int constraint; // it came by -c
    enum reqfile_kind kind;
    const char *text;
    struct reqfile_setting *setting; // all options of the line, in order
    size_t setting_count;
};
struct reqfile { // lives in its arena
    struct reqfile_line *line;
    size_t count;
};
struct reqfile_source {
    // Adds the content of a file or URL, named as the line names it, relative to the file that it
    // stands in. Returns 0, or -1 with err.
    int (*read)(void *context, const char *path, struct str *into, struct err *err);
    void *context;
    const struct vars *vars; // what ${NAME} is
};
// Returns 0, or -1 with [usage] or what `read` said.
int reqfile_parse(struct arena *arena, const char *path, int constraint,
                  const struct reqfile_source *source, struct reqfile *ret, struct err *err);
