// SPDX-License-Identifier: Apache-2.0
// module_list: what is loaded, and what one says of itself.
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/json_text.h"
#include "cli/module.h"
#include "cli/module_columns.h"
#include "cli/module_letters.h"
#include "cli/module_words.h"
#include "modulefile/hooks.h"

enum { MAX_SHOWN = 4 << 20 };

// Its properties, "(S,g)"; "" if it has none. Yours.
static char *marks_of(const struct loaded_module *module, unsigned *seen)
{
    struct str marks = {0};
    for (size_t i = 0; i < MODULE_LETTERS; i++) {
        const struct module_letter *letter = &module_letters[i];
        if (!letter->property || !loaded_is(module, letter->property, letter->value))
            continue;
        module_letters_add(letter, &marks);
        *seen |= 1U << i;
    }
    str_add(&marks, marks.size ? ")" : "");
    return str_take(&marks);
}

static void add_names(struct module_work *work, struct loaded_module **list, int status)
{
    CLEANUP_CELLS struct module_cells cells = {.gap = 2};
    unsigned seen = 0;
    for (size_t i = 0; list[i]; i++) {
        const struct loaded_module *module = list[i];
        int is_active = module->status == LOADED_ACTIVE;
        const char *name = is_active ? module->full : module->user;
        if (module->status != status ||
            !module_is_wanted_as(work, module->full, module->file, NULL))
            continue;
        module_cells_add(&cells, mem_print("%2zu) %s", cells.name.count + 1, name),
                         is_active ? marks_of(module, &seen) : mem_dup(""),
                         is_active ? "" : "2");
    }
    if (!cells.name.count)
        return;
    str_print(&work->out, "\n%s\n",
              status == LOADED_ACTIVE ? _("Loaded modules:") : _("Inactive modules:"));
    module_cells_print(work, &cells, &work->out);
    module_letters_explain(seen, &work->out);
}

static int list_json(struct module_work *work, struct loaded_module **list)
{
    json_t *array = json_array();
    for (size_t i = 0; list[i]; i++) {
        json_t *object = json_object();
        json_put_text(object, "name", list[i]->name);
        json_put_text(object, "full", list[i]->full);
        json_put_text(object, "file", list[i]->file);
        json_object_set_new(object, "active", json_boolean(list[i]->status == LOADED_ACTIVE));
        json_object_set_new(object, "sticky",
                            json_boolean(loaded_is(list[i], "lmod", "sticky")));
        json_object_set_new(object, "hidden",
                            json_boolean(loaded_is(list[i], "lmod", "hidden-loaded")));
        json_array_append_new(array, object);
    }
    return json_add_line(&work->out, json_pack("{so}", "modules", array));
}

// What rc files hide where it is loaded too (hide{hidden_loaded=true}) is shown with --all.
static void drop_hidden(const struct module_work *work, struct loaded_module **list)
{
    size_t count = 0;
    for (size_t i = 0; list[i]; i++)
        if (work->cli->options.all_modules || !loaded_is(list[i], "lmod", "hidden-loaded"))
            list[count++] = list[i];
    list[count] = NULL;
}

// Leaves of those that are loaded what the site's listHook leaves.
static void hook_list(struct module_work *work, struct loaded_module **list)
{
    CLEANUP_STR struct str names = {0}, said = {0};
    CLEANUP_STRV struct strv kept = {0};
    size_t count = 0;
    for (size_t i = 0; list[i]; i++)
        if (list[i]->status == LOADED_ACTIVE)
            str_print(&names, "%s\n", list[i]->full);
    if (!hooks_ask(&work->engine, "listHook", str_text(&names), "", &said))
        return;
    strv_split(&kept, str_text(&said), '\n');
    for (size_t i = 0; list[i]; i++)
        if (list[i]->status != LOADED_ACTIVE || strv_has(&kept, list[i]->full))
            list[count++] = list[i];
    list[count] = NULL;
}

int module_list(struct module_work *work, struct err *err)
{
    if (module_check_words(work, err) < 0)
        return -1;
    struct loaded_module **list = loaded_list(&work->engine.loaded, 1);
    drop_hidden(work, list);
    hook_list(work, list);
    if (work->shell == SHELL_JSON) {
        list_json(work, list);
    } else if (work->cli->options.terse) {
        for (size_t i = 0; list[i]; i++)
            if (list[i]->status == LOADED_ACTIVE &&
                module_is_wanted_as(work, list[i]->full, list[i]->file, NULL))
                str_print(&work->out, "%s\n", list[i]->full);
    } else {
        add_names(work, list, LOADED_ACTIVE);
        add_names(work, list, LOADED_INACTIVE);
        if (!work->out.size)
            str_print(&work->out, "%s\n",
                      work->count ? _("no such module is loaded") : _("no modules are loaded"));
        else
            str_add_char(&work->out, '\n');
        module_hooked_text(work, "list");
    }
    free(list);
    return 0;
}

static int not_there(struct module_work *work, const char *word, struct err *err)
{
    if (module_check_path(work, err) < 0)
        return -1;
    err_set(err, ERR_NO_MODULE, _("no module that can be loaded now is called '%s'"), word);
    CLEANUP_STR struct str quoted = {0};
    str_add_shell(&quoted, word);
    engine_hint_near(&work->engine, word, err);
    return err_hint(err, "try", "module spider %s", quoted.text);
}

// Where the files are, or as they stand there: nothing is evaluated.
static int show_files(struct module_work *work, struct err *err)
{
    for (char *const *word = work->words; *word; word++) {
        CLEANUP_FREE char *file = engine_file(&work->engine, *word);
        CLEANUP_STR struct str text = {0};
        if (!file)
            return not_there(work, *word, err);
        if (!work->cli->options.raw) {
            str_print(&work->out, "%s\n", file);
            continue;
        }
        if (fs_read(AT_FDCWD, file, MAX_SHOWN, &text, err) < 0)
            return -1;
        str_print(&work->out, "   %s:\n\n", file);
        for (const char *at = str_text(&text); *at;
             at += strcspn(at, "\n"), at += *at == '\n') {
            str_add_visible(&work->out, at, strcspn(at, "\n"));
            str_add_char(&work->out, '\n');
        }
    }
    return 0;
}

static int look(struct module_work *work, enum engine_mode mode, struct err *err)
{
    for (char *const *word = work->words; *word; word++) {
        int found = engine_look(&work->engine, *word, mode, err);
        if (found < 0)
            return -1;
        if (!found)
            return not_there(work, *word, err);
        if (mode == ENGINE_HELP && !work->engine.shown.size)
            str_print(&work->out, _("'%s' says nothing of its use\n"), *word);
        str_add(&work->out, str_text(&work->engine.shown));
    }
    return 0;
}

int module_show(struct module_work *work, struct err *err)
{
    const struct options *options = &work->cli->options;
    return options->raw || options->location ? show_files(work, err)
                                             : look(work, ENGINE_SHOW, err);
}

int module_whatis(struct module_work *work, struct err *err)
{
    return look(work, ENGINE_ABOUT, err);
}

int module_help(struct module_work *work, struct err *err)
{
    return look(work, ENGINE_HELP, err);
}
