// SPDX-License-Identifier: Apache-2.0
// facts: what an interpreter says of itself, asked by running it once and kept in the cache.
#pragma once

#include "base/err.h"
#include "base/vars.h"

enum { FACTS_MIN = 3, FACTS_COUNT = 16 };
// Each is yours, never NULL once read; "" for what an interpreter before 3.6 does not say.
struct facts {
    union {
        struct {
            char *version;        // "3.11.7"
            char *base;           // sys.base_prefix
            char *prefix;         // of the environment: the venv's folder, else sys.prefix
            char *program;        // of the installation: what a venv's bin/python is a link to
            char *cache_tag;      // "cpython-311": of bytecode's names (PEP 3147)
            char *magic;          // of bytecode, hexadecimal
            char *platlibdir;     // "lib" or "lib64"
            char *platform;       // sysconfig.get_platform(): "linux-x86_64"
            char *implementation; // "cpython"
            char *implementation_version; // "3.11.7"
            char *implementation_title;   // "CPython"
            char *full_version;           // platform.python_version(): "3.11.7+"
            char *sys_platform;           // "linux"
            char *os_name;                // "posix"
            char *
                flags; // those of "debug nogil nopymalloc 32bit abi" that it is, as wheel/tags.h
            char *libc; // "glibc 2.36", "musl 1.2", ""
        };
        char *value[FACTS_COUNT];
    };
};
// Asks the interpreter `path` (absolute), which is open at `fd` (-1: it cannot be, errno says why).
// `cache` may be NULL: nothing is kept. A program that begins with "#!" is asked each time: what it
// starts may depend on folder and environment.
// Returns 0, or -1 with [no-python]: it cannot be started, is not a Python, or takes over 20 s.
int facts_read(int fd, const char *path, const struct vars *vars, const char *cache,
               struct facts *ret, struct err *err);
void facts_free(struct facts *facts);
int facts_flag(const struct facts *facts, const char *flag); // 1 if it is one of `flags`
