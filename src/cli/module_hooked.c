// SPDX-License-Identifier: Apache-2.0
// module_hooked: what a site's hooks say of what is shown.
#include <string.h>

#include "base/fs.h"
#include "cli/module_spider.h"
#include "modulefile/hooks.h"

void module_hooked_one(struct module_work *work, struct spider *spider,
                       struct spider_module *module)
{
    if (!work->engine.hooks)
        return;
    CLEANUP_STRV struct strv marks = {0};
    CLEANUP_FREE char *file = spider_file(module);
    const struct engine_frame frame = {.name = module->name,
                                       .full = module->full,
                                       .version = module->version,
                                       .user = module->full,
                                       .file = file};
    const char *mark = module->marks.first;
    for (size_t i = 0; i < module->marks.count; i++, mark = texts_next(mark))
        strv_add(&marks, mark);
    hooks_marks(&work->engine, &frame, &marks);
    if (marks.count > module->marks.count)
        module->marks = texts_of(&spider->arena, &marks);
    const char *name = strcmp(module->name, module->full) == 0 ? NULL : module->name;
    if (!module->is_hidden)
        module->is_hidden = hooks_hide(&work->engine, module->full, name, file);
}

void module_hooked(struct module_work *work, struct spider *spider)
{
    if (!work->engine.hooks)
        return;
    spider->ask.cache = NULL; // what is kept is of the files alone
    for (size_t i = 0; i < spider->count; i++)
        for (size_t k = 0; k < spider->folder[i]->modules; k++)
            module_hooked_one(work, spider, &spider->folder[i]->module[k]);
}

char *module_decoration(struct module_work *work, const struct spider_module *module)
{
    CLEANUP_STR struct str category = {0};
    struct str said = {0};
    const char *line = module->whatis.first;
    for (size_t i = 0; i < module->whatis.count; i++, line = texts_next(line))
        if (str_starts(line, "Category:") && !category.size)
            str_add(&category, line + strlen("Category:") + strspn(line + 9, " \t"));
    if (!hooks_ask(&work->engine, "spider_decoration", module->full, str_text(&category),
                   &said) ||
        !said.size) {
        str_free(&said);
        return mem_dup("");
    }
    CLEANUP_FREE char *text = str_take(&said);
    return mem_print(" (%s)", text);
}

void module_hooked_text(struct module_work *work, const char *kind)
{
    struct str said = {0};
    if (!work->engine.hooks || work->cli->options.terse || work->shell == SHELL_JSON)
        return;
    if (hooks_ask(&work->engine, "msgHook", kind, str_text(&work->out), &said)) {
        str_free(&work->out);
        work->out = said;
    } else {
        str_free(&said);
    }
}
