// SPDX-License-Identifier: Apache-2.0
// detail: of one job what only `scontrol show job` says: where it works and writes. Its text is not to be
// trusted; nothing here fails by it.
#pragma once

#include <stdint.h>

#include "base/mem.h"

struct detail { // NULL: not said; zero-initialise to begin; free with detail_free
    char *work, *out, *error;
    int64_t paid_kb; // its memory; 0: not said
};
// The words that a job's name follows.
extern const char *const detail_ask[];
// The first job of the text.
void detail_read(const char *text, struct detail *ret);
void detail_free(struct detail *detail);
#define CLEANUP_DETAIL CLEANUP(detail_free)
