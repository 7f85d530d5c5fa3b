// SPDX-License-Identifier: Apache-2.0
// human: durations and sizes as people read them.
#pragma once

#include <stdint.h>

#include "base/str.h"

// "37ms", "0.4s", "12s", "2m24s", "1h05m", "3d02h": two units at most. Negative counts as 0.
void human_duration(struct str *into, int64_t us);
// KiB as sbatch writes memory: "512K", "83M", "2.7G", "1.2T" (1024 each).
void human_memory(struct str *into, int64_t kib);
// "2026-11-25 14:03:12", local time of `us` since 1970.
void human_time(struct str *into, int64_t us);
