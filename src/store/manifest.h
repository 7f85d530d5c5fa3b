// SPDX-License-Identifier: Apache-2.0
// manifest: what an entry of the store holds, as its file "manifest" says (docs/formats.md,
// "manifest"), so that nobody has to walk through its folders.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"
#include "wheel/tags.h"

#define MANIFEST_FILE "manifest"
enum { MANIFEST_HASH = 43, MANIFEST_SHA256 = 64 }; // digits: base64 as in RECORD; hexadecimal

enum scheme { SCHEME_SITE, SCHEME_SCRIPTS, SCHEME_DATA, SCHEME_HEADERS, SCHEME_COUNT };
// The folder of a scheme in an entry: "tree", "scripts", "data", "headers". Static.
const char *scheme_folder(enum scheme scheme);

enum file_kind {
    FILE_PLAIN = '-',
    FILE_EXECUTABLE = 'x',
    FILE_SCRIPT = 's', // executable, begins with "#!python": the interpreter's path goes there
    FILE_BYTECODE = 'b', // compiled when the entry was made; not in the wheel's RECORD
};
struct manifest_file {
    const char *name; // without folders
    const char *hash; // SHA-256, MANIFEST_HASH digits as RECORD has them, with a NUL
    uint64_t size;
    unsigned folder; // index
    enum file_kind kind;
};
struct manifest_folder {
    const char *path; // below the scheme's folder; "" is that one itself
    const char *name; // its last part
    enum scheme scheme;
    unsigned parent;     // comes before it; that of a scheme's folder is itself
    int leaf;            // a library in it looks for others outside of the wheel by $ORIGIN, or
                         // its __init__.py says that others share it: an environment has the
                         // folder itself, not a link to it
    int real;            // leaf, or above such a one: no link to it either
    size_t first, count; // its own files: file[first] ...; folders below it have theirs
};
struct manifest_script {      // console_scripts and gui_scripts of entry_points.txt
    const char *name, *value; // "module:object", checked by entry_object
    int gui;
};
struct manifest {               // points into its arena
    const char *wheel;          // base name of the file
    const char *sha256;         // of the file, hexadecimal
    const char *name, *version; // as METADATA has them
    const char *tags;           // "cp311-cp311-linux_x86_64 ..."
    const char *info;           // "NAME-VERSION.dist-info"
    const char *python;         // cache tag of its bytecode ("cpython-311"), or "plain"
    // While it may not be on the disk: the boot of the system that made it (random/boot_id). After
    // another boot its files are to be compared with their hashes. NULL: it is.
    const char *boot;
    int purelib;
    struct libc_version glibc; // the greatest that its libraries need; major 0: none
    unsigned machine;          // e_machine of its libraries, 0: none
    const char **interpreter;  // of programs among its files (PT_INTERP)
    struct manifest_script *script;
    struct manifest_folder *folder; // in the order of their making
    struct manifest_file *file;     // by folder
    size_t interpreter_count, script_count, folder_count, file_count;
    unsigned info_folder; // index
};
// Adds the file's text. Files whose hash is NULL are not there, nor are folders without any file.
void manifest_write(struct str *into, const struct manifest *manifest);
// Reads it; `text` is changed and kept: the manifest points into it. It is ended by a NUL, which is
// not counted. Returns 0, or -1: it is damaged ([bad-wheel]) or of another version ([run-format]).
int manifest_read(struct arena *arena, char *text, size_t size, struct manifest *ret,
                  struct err *err);
