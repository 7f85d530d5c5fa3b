// SPDX-License-Identifier: Apache-2.0
// human: rounds so that what is shown never jumps back by a unit ("59.96s" is "1m00s").
#include "base/human.h"

#include <time.h>

#include "base/mem.h"

void human_duration(struct str *into, int64_t us)
{
    int64_t tenths = us > 0 ? us / 100000 + (us % 100000 >= 50000) : 0;
    int64_t s = (tenths + 5) / 10;
    if (us > 0 && us < 100000)
        str_print(into, "%dms", (int)(us < 1000 ? 1 : us / 1000));
    else if (tenths < 100)
        str_print(into, "%d.%ds", (int)(tenths / 10), (int)(tenths % 10));
    else if (s < 60)
        str_print(into, "%ds", (int)s);
    else if (s < 3600)
        str_print(into, "%dm%02ds", (int)(s / 60), (int)(s % 60));
    else if (s < 86400)
        str_print(into, "%dh%02dm", (int)(s / 3600), (int)(s / 60 % 60));
    else
        str_print(into, "%lldd%02dh", (long long)(s / 86400), (int)(s / 3600 % 24));
}

void human_memory(struct str *into, int64_t kib)
{
    static const char units[] = "KMGTPE";
    double value = kib > 0 ? (double)kib : 0;
    size_t unit = 0;
    while (value >= 999.5 && unit + 1 < COUNT(units) - 1) {
        value /= 1024;
        unit++;
    }
    str_print(into, value < 9.95 && unit > 1 ? "%.1f%c" : "%.0f%c", value, units[unit]);
}

void human_time(struct str *into, int64_t us)
{
    time_t seconds = (time_t)(us / 1000000);
    struct tm parts;
    char text[32] = "-";
    if (localtime_r(&seconds, &parts))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
    str_add(into, text);
}
