// SPDX-License-Identifier: Apache-2.0
// kernel: system calls for which glibc 2.17, the oldest that script/release builds for, has no
// function (renameat2(2): 2.28, getrandom(2): 2.25). By their numbers on every build, so that what
// the tests run is what old systems run.
#pragma once

#include <stddef.h>

// The two change places; nothing at the goal is replaced. linux/fs.h has both, and much else.
#define KERNEL_EXCHANGE   2U
#define KERNEL_NO_REPLACE 1U

// renameat2(2) of two paths of the current folder. Returns 0, or -1 with errno: EINVAL where the
// file system cannot, and where the kernel (before 3.15) has no such call.
int kernel_rename(const char *path, const char *goal, unsigned flags);
// Fills with at most 256 random bytes, at once: of getrandom(2), or of /dev/urandom where the kernel (before
// 3.17) has none. Returns 0, or -1 with errno: EAGAIN in the first moments of a machine.
int kernel_random(void *bytes, size_t size);
// A file that is only in memory (memfd_create(2): 2.27), or where the kernel (before 3.17) has none, one in /tmp
// without a name. What is written goes to its end. Returns a descriptor, or -1 with errno.
int kernel_memory_file(const char *name);
