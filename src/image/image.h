// SPDX-License-Identifier: Apache-2.0
// image: an environment, or a capsule, as one file (docs/formats.md, "Images", "Capsules"): what is in
// it, as its index says. A capsule has plain files and folders, and words of whoever made it.
//
// The file is a tar archive (POSIX.1-2001 pax) in independent Zstandard frames (RFC 8878), and
// behind them the index in a frame that other readers skip. The archive's headers follow from the
// index to the last bit: a reader that knows tar alone and this one cannot see two archives.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define IMAGE_MARK ".lopin-image" // in an unpacked environment: of which image it is
#define IMAGE_OLDEST                                                                           \
    ".lopin-oldest" // in one on a node's own disk: gone if a cleaner took anything
enum { IMAGE_SHA256 = 32, IMAGE_HEX = 64, IMAGE_TIME = 315532800 }; // 1980-01-01: of every file

enum image_kind {
    IMAGE_FOLDER = 'd',
    IMAGE_FILE = '-',
    IMAGE_PROGRAM = 'x',
    IMAGE_SCRIPT =
        's', // a program that begins with "#!python": the interpreter's path goes there
    IMAGE_LINK = 'l',
};
struct image_member {
    const char *path;   // below the environment; after the folder that it is in
    const char *target; // of a link: relative, inside
    const char *text;   // its content where that is not the file's own (when packed); else NULL
    const char *
        source; // absolute: where its file is if it is not PREFIX/path (when packed); else NULL
    uint64_t size;
    uint64_t at; // where its header begins in the archive
    enum image_kind kind;
    uint8_t sha256[IMAGE_SHA256]; // of a file's content
};
struct image_frame {
    uint64_t at, packed;          // in the file
    uint64_t begin, size;         // in the archive
    uint8_t sha256[IMAGE_SHA256]; // of the packed bytes
};
struct image_package {
    const char *name, *version, *sha256; // sha256 of its wheel, hexadecimal; NULL: not known
};
struct image_word { // of a capsule: what it says of itself, in order
    const char *name, *value;
};
enum image_fact {   // of its interpreter (env/facts.h) and frame (env/venv.h)
    IMAGE_PYTHON,   // "3.11.7"
    IMAGE_TAG,      // "cpython-311"
    IMAGE_FLAGS,    // of its ABI
    IMAGE_PLATFORM, // "linux-x86_64"
    IMAGE_HOME,     // the folder of the installation's programs where it was packed
    IMAGE_PROMPT,
    IMAGE_SYSTEM_SITE, // "1": it sees the installation's packages
    IMAGE_PIP,         // "1": it has lopin's command pip
    IMAGE_FACTS
};
struct image { // zero-initialise to begin; free with image_free
    struct arena arena;
    int is_capsule;
    struct image_word *word;
    size_t word_count, word_room;
    const char *fact[IMAGE_FACTS]; // never NULL once read or gathered; "" where it does not say
    struct image_package *package;
    struct image_frame *frame;
    struct image_member *member;
    size_t package_count, package_room, frame_count, frame_room, member_count, member_room;
    uint64_t size;                // of the archive
    char identity[IMAGE_HEX + 1]; // SHA-256 of the index: the name of the image
};
void image_free(struct image *image);
void image_hex(const uint8_t digest[IMAGE_SHA256], char ret[IMAGE_HEX + 1]);

// Adds a word of a capsule; copies both.
void image_say(struct image *image, const char *name, const char *value);
// Why a capsule may not have a path, translated: what programs would take from there for settings, or
// lopin makes where it is unpacked. NULL: it may.
const char *image_capsule_refuses(const char *path);

// Adds the index's text.
void image_write_index(struct str *into, const struct image *image);
// Reads and checks it; `text` is changed and kept. Frames and members have their places then.
// Returns 0, or -1 with [bad-image], [run-format] (of another version).
int image_read_index(char *text, size_t size, struct image *ret, struct err *err);
// Gives members and frames their places, and checks all that makes an image safe to unpack: names
// stay inside, each once (also where upper and lower case are one), folders before what is in
// them, links that lead nowhere outside, frames that are the archive. Returns 0, or -1 with
// [bad-image].
int image_check(struct image *image, struct err *err);
// The same of members alone, when there are no frames yet; sets image->size.
int image_check_members(struct image *image, struct err *err);
