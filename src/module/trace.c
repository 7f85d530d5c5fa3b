// SPDX-License-Identifier: Apache-2.0
#include "module/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

int trace_is_on(const struct trace *trace)
{
    return trace && trace->into;
}

void trace_add(const struct trace *trace, const char *format, ...)
{
    if (!trace_is_on(trace))
        return;
    va_list values;
    char *text = NULL;
    va_start(values, format);
    int size = vasprintf(&text, format, values);
    va_end(values);
    if (size < 0)
        return;
    str_add(trace->into, _("debug: "));
    for (int i = 0; i < trace->depth; i++)
        str_add(trace->into, "  ");
    str_add_visible(trace->into, text, (size_t)size);
    str_add_char(trace->into, '\n');
    free(text);
}
