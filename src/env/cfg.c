// SPDX-License-Identifier: Apache-2.0
#include "env/cfg.h"

#include <string.h>
#include <strings.h>

#include "base/fs.h"
#include "base/lang.h"

enum { CFG_MAX = 1 << 16 };

// Without blanks at both ends, and without the quotes that venv writes around a prompt.
static const char *trim(struct arena *arena, const char *from, const char *end)
{
    while (from < end && strchr(" \t\r", *from))
        from++;
    while (end > from && strchr(" \t\r", end[-1]))
        end--;
    if (end - from >= 2 && *from == end[-1] && strchr("'\"", *from)) {
        from++;
        end--;
    }
    return arena_dupn(arena, from, (size_t)(end - from));
}

static void take(struct cfg *cfg, const char *key, const char *value)
{
    if (strcasecmp(key, "home") == 0)
        cfg->home = value;
    else if (strcasecmp(key, "version") == 0 ||
             (strcasecmp(key, "version_info") == 0 && !cfg->version))
        cfg->version = value;
    else if (strcasecmp(key, "prompt") == 0)
        cfg->prompt = value;
    else if (strcasecmp(key, "lopin") == 0)
        cfg->lopin = value;
    else if (strcasecmp(key, "lopin-abi") == 0)
        cfg->abi = value;
    else if (strcasecmp(key, "lopin-modules") == 0)
        cfg->modules = value;
    else if (strcasecmp(key, "include-system-site-packages") == 0)
        cfg->system_site = strcasecmp(value, "true") == 0;
}

int cfg_read(int dir, const char *path, struct arena *arena, struct cfg *ret, struct err *err)
{
    CLEANUP_STR struct str text = {0};
    *ret = (struct cfg){0};
    if (fs_read(dir, path, CFG_MAX, &text, err) < 0)
        return -1;
    for (const char *line = str_text(&text); *line;) {
        const char *end = line + strcspn(line, "\n");
        const char *equal = memchr(line, '=', (size_t)(end - line));
        if (equal)
            take(ret, trim(arena, line, equal), trim(arena, equal + 1, end));
        line = end + (*end == '\n');
    }
    return 0;
}
