// SPDX-License-Identifier: Apache-2.0
// trust: whether what a file says may be done: it may name an interpreter, an index, a cache.
#pragma once

#include <sys/stat.h>

// What speaks against a file of configuration, as a translated text: it, the link that leads to it, or
// its folder belongs to neither us nor root, or others may write it. NULL: nothing. A folder in which
// others may write is none: what they put there is theirs. `path` names what was opened, `file` is
// fstat's.
const char *trust_doubt(const char *path, const struct stat *file);
// Whether it is the user's own file, which others may write: they can take that back (chmod go-w).
int trust_may_mend(const char *path);
// Whether a site's file (`fd`; -1: not opened) is on a mount that is read-only, as CVMFS is: nobody can write
// it there, whoever owns it, and who mounts for all administers the machine. The folder counts too: what
// stands there may be a link.
int trust_mount(const char *path, int fd);
