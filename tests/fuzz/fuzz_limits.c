// SPDX-License-Identifier: Apache-2.0
// Times, signals and --halt as people write them: whatever the text, a sensible value or a
// refusal.
#include <stdlib.h>

#include "base/mem.h"
#include "base/proc.h"
#include "base/span.h"
#include "run/limits.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

#define MOST_US (INT64_C(36525) * 86400 * 1000000)

static void check_span(const char *text)
{
    int64_t us = 0, units = 0;
    int read = span_read(text, &us), with_units = span_read_units(text, &units);
    if (read == 0 && (us < 1 || us > MOST_US))
        abort();
    if (with_units == 0 && (read < 0 || us != units)) // what has units is read the same
        abort();
}

static void check_signal(const char *text)
{
    struct limit_signal signal;
    struct err err = {0};
    int number = proc_signal_number(text);
    if (number < 0 || number > 64)
        abort();
    if (limit_signal_read(text, 3600000000, &signal, &err) < 0) {
        if (err.code != ERR_USAGE || !err.text[0])
            abort();
    } else if (signal.number < 1 || signal.number > 64 || signal.before_us < 0 ||
               signal.before_us >= 3600000000) {
        abort();
    }
}

static void check_halt(const char *text)
{
    struct limit_halt halt;
    struct err err = {0};
    if (limit_halt_read(text, &halt, &err) < 0) {
        if (err.code != ERR_USAGE || !err.text[0])
            abort();
        return;
    }
    if (halt.what != HALT_NEVER && (!halt.count == !halt.part || halt.part > 100))
        abort();
    if (limit_halts(&halt, 0, 0, 100))
        abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    CLEANUP_FREE char *text = mem_dupn((const char *)bytes, size);
    check_span(text);
    check_signal(text);
    check_halt(text);
    return 0;
}
