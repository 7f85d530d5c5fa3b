// SPDX-License-Identifier: Apache-2.0
// Files of configuration: as one of a project, as pyproject.toml, and as a site's. What is taken has a key
// of the table and no bytes that end a text; what is refused is named.
#include <stdlib.h>
#include <string.h>

#include "site/layer.h"
#include "site/site_file.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);

static const struct opt options[] = {
    {1, 'j', "jobs", "N", "", 1},
    {2, 0, "strict", NULL, "", 3},
    {3, 0, "with", "PACKAGE,...", "", 3, OPT_LIST | OPT_COMMAS},
    {4, 0, "link", NULL, "", 1},
    {5, 0, "link", "auto|sym", "", 2},
    {6, 0, "resume", NULL, "", 1, OPT_ONCE},
    {0},
};

static void check_refusal(int status, const struct err *err)
{
    if (status < 0 && (err->code != ERR_CONFIG || !str_starts(err->text, "/p/x.toml:")))
        abort();
}

static void check_layer(const char *text, size_t size, int is_tool)
{
    static const struct layer_known known = {
        .options = options, .bits = 3, .command = {{"map", 1}, {"run", 2}}, .count = 2};
    struct document document = {0};
    struct layer layer = {0};
    struct err err = {0};
    int status = document_parse(&document, "/p/x.toml", text, size, 7, &err);
    if (status == 0 && is_tool)
        status = document_take_tool(&document, &err);
    if (status == 0)
        status = layer_read(&document, &known, &layer, &err);
    check_refusal(status, &err);
    for (size_t i = 0; i < layer.count; i++) {
        const struct layer_item *item = &layer.item[i];
        if (item->line < 8 ||
            (!layer_option(item, options, 1) && !layer_option(item, options, 2)))
            abort();
        for (size_t k = 0; k < item->count; k++)
            if (!item->text[k])
                abort();
    }
    layer_free(&layer);
    document_free(&document);
}

static void check_site(const char *text, size_t size)
{
    struct site_file site = {0};
    struct err err = {0};
    struct vars vars = {0};
    vars_set(&vars, "HOME", "/h");
    int status = document_parse(&site.document, "/p/x.toml", text, size, 0, &err);
    if (status == 0)
        status = site_file_fill(&site, &vars, &err);
    check_refusal(status, &err);
    for (size_t i = 0; status == 0 && i < site.wheels.count; i++)
        if (*site.wheels.item[i] != '/' && !strstr(site.wheels.item[i], "://"))
            abort();
    if (status == 0 && site.cache && *site.cache != '/')
        abort();
    site_cpu(&site, "numpy");
    site_partition_cpu(&site, "a");
    site_file_free(&site);
    vars_free(&vars);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
    struct arena arena = {0};
    const char *text = arena_dupn(&arena, (const char *)bytes, size);
    check_layer(text, size, 0);
    check_layer(text, size, 1);
    check_site(text, size);
    arena_free(&arena);
    return 0;
}
