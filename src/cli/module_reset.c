// SPDX-License-Identifier: Apache-2.0
// module_reset: `lopin module reset`: as when the shell began.
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "cli/module.h"
#include "module/paths.h"

// What stood in MODULEPATH and stands there no more.
static void tell(struct module_work *work, const struct strv *before)
{
    CLEANUP_STRV struct strv now = {0};
    CLEANUP_STR struct str gone = {0};
    paths_list(&work->engine.vars, "MODULEPATH", &now);
    for (size_t i = 0; i < before->count; i++) {
        int is_there = 0;
        for (size_t k = 0; k < now.count && !is_there; k++)
            is_there = strcmp(before->item[i], now.item[k]) == 0;
        if (!is_there)
            str_print(&gone, " %s", before->item[i]);
    }
    if (gone.size && !work->cli->options.quiet)
        str_print(&work->engine.talk, "%s%s\n", _("no longer in MODULEPATH:"), gone.text);
}

int module_reset(struct module_work *work, struct err *err)
{
    struct vars *vars = &work->engine.vars;
    CLEANUP_STRV struct strv words = {0}, before = {0};
    const char *defaults = vars_get(&work->cli->vars, "LMOD_SYSTEM_DEFAULT_MODULES");
    if (!defaults || !*defaults) {
        err_set(err, ERR_NO_MODULE, _("LMOD_SYSTEM_DEFAULT_MODULES names no modules"));
        return err_hint(err, "try", "module purge");
    }
    for (const char *at = defaults; *at; at += strspn(at, " :,")) {
        size_t size = strcspn(at, " :,");
        if (size)
            strv_take(&words, mem_dupn(at, size));
        at += size;
    }
    work->engine.force = 1;
    if (engine_purge(&work->engine, err) < 0)
        return -1;
    paths_list(vars, "MODULEPATH", &before);
    if (work->engine.loaded.base_path)
        vars_set(vars, "MODULEPATH", work->engine.loaded.base_path);
    vars_unset(vars, "__LMOD_REF_COUNT_MODULEPATH");
    paths_settle(vars, "MODULEPATH");
    tell(work, &before);
    return words.count ? engine_load(&work->engine, words.item, 1, err) : 0;
}
