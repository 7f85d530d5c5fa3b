// SPDX-License-Identifier: Apache-2.0
// lock_parts: what the readers of a lock share: values by key, checked.
#pragma once

#include <stdint.h>

#include "wheel/lock.h"

struct lock_reading {
    struct arena *arena;
    struct err *err;
};
// All return 0, or -1 with [usage] and the line.
int lock_bad(const struct lock_reading *reading, const struct toml_value *at,
             const char *format, ...) __attribute__((format(printf, 3, 4)));
// Puts the line before what the error says already.
int lock_in_line(const struct lock_reading *reading, const struct toml_value *at);
// *ret is NULL if the key is absent.
int lock_get(const struct lock_reading *reading, const struct toml_value *table,
             const char *key, enum toml_kind kind, const struct toml_value **ret);
int lock_list(const struct lock_reading *reading, const struct toml_value *table,
              const char *key, enum toml_kind kind, const struct toml_value **ret);
int lock_text(const struct lock_reading *reading, const struct toml_value *table,
              const char *key, int required, const char **ret);
int lock_texts(const struct lock_reading *reading, const struct toml_value *table,
               const char *key, const char ***ret, size_t *ret_count);
int lock_need_place(const struct lock_reading *reading, const struct toml_value *table,
                    const char *path, const char *url);
// wheels, sdist, archive. `named`: it has a base name.
int lock_files(const struct lock_reading *reading, const struct toml_value *table,
               const char *key, const struct lock_file **ret, size_t *ret_count);
const struct lock_file *lock_one_file(const struct lock_reading *reading,
                                      const struct toml_value *table, int named);
// What is ours.
int lock_read_variants(const struct lock_reading *reading, struct lock_package *package);
int lock_read_asked(const struct lock_reading *reading, struct lock *lock);
