// SPDX-License-Identifier: Apache-2.0
// engine_trace: which files are evaluated, in which order and for how long, for who asks.
#include "base/clock.h"
#include "base/lang.h"
#include "modulefile/engine_parts.h"

static const char *name_of(enum engine_mode mode)
{
    static const char *const names[] = {
        [ENGINE_LOAD] = "load",     [ENGINE_UNLOAD] = "unload", [ENGINE_SHOW] = "show",
        [ENGINE_ABOUT] = "whatis",  [ENGINE_HELP] = "help",     [ENGINE_REFRESH] = "refresh",
        [ENGINE_SPIDER] = "spider",
    };
    return names[mode];
}

int64_t engine_trace_file(const struct engine *engine, const struct engine_frame *frame)
{
    if (!trace_is_on(engine->trace))
        return 0;
    trace_add(engine->trace, "%s %s: %s", name_of(engine->mode), frame->full, frame->file);
    engine->trace->depth++;
    return clock_boot_us();
}

void engine_trace_end(const struct engine *engine, const struct engine_frame *frame, int status,
                      int64_t begun_us)
{
    if (!trace_is_on(engine->trace))
        return;
    engine->trace->depth--;
    trace_add(engine->trace,
              status < 0      ? _("%s %s: failed after %.2f ms")
              : frame->broken ? _("%s %s: broke off after %.2f ms")
                              : _("%s %s: done, %.2f ms"),
              name_of(engine->mode), frame->full, (double)(clock_boot_us() - begun_us) / 1000);
}
