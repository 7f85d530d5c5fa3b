// SPDX-License-Identifier: Apache-2.0
// fs: files. openat style: `dir` is a descriptor or AT_FDCWD; O_CLOEXEC always; no lock of the
// kernel.
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

// Reads a whole file of at most `max` bytes and adds it to `into`. ENOENT leaves err with
// ERR_SYSTEM and errno as it is.
int fs_read(int dir, const char *path, size_t max, struct str *into, struct err *err);
// The same of an open one, whose `path` is for the error.
int fs_read_open(int fd, const char *path, size_t max, struct str *into, struct err *err);
// Replaces a file in one step: write beside it, fsync if `sync`, rename. Mode as open's.
int fs_replace(int dir, const char *path, const void *bytes, size_t size, mode_t mode, int sync,
               struct err *err);
// A file in a folder that nobody uses yet: written in place, or replaced where one is there.
int fs_make_file(int dir, const char *path, const void *bytes, size_t size, mode_t mode,
                 struct err *err);
int fs_write_all(int fd, const void *bytes, size_t size); // 0, or -1 with errno
// Makes a folder and those above it. Existing ones are fine. `mode` is of those it makes.
int fs_make_dirs(int dir, const char *path, mode_t mode, struct err *err);
// Removes a file or a whole tree without following links; absent is fine. Returns 0, or -1 with
// errno.
int fs_remove(int dir, const char *path);
// fsyncs the folder. Returns 0, or -1 with errno.
int fs_sync_dir(int dir, const char *path);
// Whether a file of that many bytes could be made in the folder now, by making one without a
// name. 1 also where that cannot be told; 0 with errno.
int fs_has_room(int dir, const char *path, off_t bytes);
// Whether the mount that it is on is read-only, for everybody on this machine.
int fs_is_read_only(int fd);
int fs_is_empty(const char *path); // 1 if it is a folder without entries
// Puts `path` where `goal` is, which is there if `old` and then is at `path` afterwards: in one
// step, or in two (goal is absent between) on file systems without RENAME_EXCHANGE. Returns 0, or
// -1 with errno, nothing changed.
int fs_exchange(const char *path, const char *goal, int old);
char *fs_self(void); // our own program's path; yours
// The path made absolute (with `cwd`, itself absolute) and without ".", "..", "//": by its
// words, no links followed. Yours.
char *fs_absolute(const char *cwd, const char *path);
// The current folder, absolute. Yours. NULL with err.
char *fs_cwd(struct err *err);
const char *fs_base(const char *path); // what follows the last '/'; borrowed
// What follows `folder` and a '/' if it is below that folder, by their names; else all of it. Borrowed.
const char *fs_from(const char *folder, const char *path);
char *fs_folder(const char *path);   // what stands before it, "." if nothing does; yours
int fs_is_program(const char *path); // a file that we may execute
// A program by PATH's rules (`path` as in $PATH); words with '/' are taken as they are. Yours;
// NULL if there is none.
char *fs_program(const char *path, const char *name);
