// SPDX-License-Identifier: Apache-2.0
// site_ask: what others ask of the site's file once it is read.
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "site/site_file.h"

#define MARK "{version}"

const char *site_cpu(const struct site_file *site, const char *name)
{
    const struct toml_value *first = NULL;
    for (size_t i = 0; site->cpu && i < site->cpu->count; i++) {
        const struct toml_value *item = &site->cpu->item[i];
        if (fnmatch(item->key, name, 0) == 0 && (!first || item->line < first->line))
            first = item;
    }
    return toml_text(first);
}

const char *site_partition_cpu(const struct site_file *site, const char *name)
{
    return toml_text(toml_get(toml_get(site->partition, name), "cpu"));
}

const char *site_local_disk(const struct site_file *site)
{
    for (size_t i = 0; i < site->local_disk.count; i++) {
        const char *path = site->local_disk.item[i];
        struct stat st;
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) && access(path, W_OK | X_OK) == 0)
            return path;
    }
    return NULL;
}

// The pattern for glob(3), which takes all but the mark literally.
static void add_pattern(const char *text, struct str *into)
{
    while (*text) {
        int is_mark = str_starts(text, MARK);
        if (!is_mark && strchr("*?[]\\", *text))
            str_add_char(into, '\\');
        str_add_char(into, is_mark ? '*' : *text);
        text += is_mark ? strlen(MARK) : 1;
    }
}

// "3.11.10" is newer than "3.11.9".
static int compare_newest(const void *one, const void *two)
{
    return strverscmp(*(char *const *)two, *(char *const *)one);
}

void site_pythons(const struct site_file *site, struct strv *into)
{
    CLEANUP_STR struct str pattern = {0};
    glob_t found = {0};
    if (!site->python)
        return;
    add_pattern(site->python, &pattern);
    if (glob(str_text(&pattern), 0, NULL, &found) == 0)
        qsort(found.gl_pathv, found.gl_pathc, sizeof *found.gl_pathv, compare_newest);
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (access(found.gl_pathv[i], X_OK) == 0)
            strv_add(into, found.gl_pathv[i]);
    globfree(&found);
}
