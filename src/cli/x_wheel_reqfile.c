// SPDX-License-Identifier: Apache-2.0
// x_wheel_reqfile: requirements files for tests (cmd_x_wheel.c).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/x_wheel.h"
#include "wheel/reqfile.h"

static const char *const option_names[] = {
    [REQFILE_INDEX_URL] = "index_url",
    [REQFILE_EXTRA_INDEX_URL] = "extra_index_urls",
    [REQFILE_NO_INDEX] = "no_index",
    [REQFILE_CONSTRAINT] = "constraints",
    [REQFILE_REQUIREMENT] = "requirements",
    [REQFILE_EDITABLE] = "editables",
    [REQFILE_FIND_LINKS] = "find_links",
    [REQFILE_NO_BINARY] = "no_binary",
    [REQFILE_ONLY_BINARY] = "only_binary",
    [REQFILE_PREFER_BINARY] = "prefer_binary",
    [REQFILE_REQUIRE_HASHES] = "require_hashes",
    [REQFILE_NO_REQUIRE_HASHES] = "no_require_hashes",
    [REQFILE_PRE] = "pre",
    [REQFILE_ALL_RELEASES] = "all_releases",
    [REQFILE_ONLY_FINAL] = "only_final",
    [REQFILE_TRUSTED_HOST] = "trusted_hosts",
    [REQFILE_USE_FEATURE] = "features_enabled",
    [REQFILE_GLOBAL_OPTION] = "global_options",
    [REQFILE_HASH] = "hashes",
    [REQFILE_CONFIG_SETTINGS] = "config_settings",
};

// The files are fields: "NAME", "CONTENT", ...
static int read_field(void *context, const char *path, struct str *into, struct err *err)
{
    const struct x_line *line = context;
    for (size_t i = 0; i + 1 < line->count; i++) {
        if (line->field[i].size && *line->field[i].text == '$')
            continue;
        if (piece_is(line->field[i], path)) {
            str_add_bytes(into, line->field[i + 1].text, line->field[i + 1].size);
            return 0;
        }
        i++;
    }
    return err_set(err, ERR_SYSTEM, "%s", path);
}

static void add_settings(struct x_line *line, const struct reqfile_line *item)
{
    for (enum reqfile_option option = 0; option < COUNT(option_names); option++) {
        for (size_t i = 0; i < item->setting_count; i++) {
            CLEANUP_STR struct str text = {0};
            const char *value = item->setting[i].value;
            if (item->setting[i].option != option)
                continue;
            str_add(&text, option_names[option]);
            if (value)
                str_print(&text, "=%s", value);
            x_add_text(line, str_text(&text));
        }
    }
}

// [$VARIABLE=VALUE]... PATH CONTENT [PATH CONTENT]... -> of each line: file, number, 1 if a
// constraint, kind, text, its options
int x_answer_reqfile(struct x_line *line, struct err *err)
{
    static const char *const kinds[] = {"requirement", "editable", "settings"};
    CLEANUP_VARS struct vars vars = {0};
    const struct reqfile_source source = {read_field, line, &vars};
    struct reqfile file;
    size_t first = 0;
    for (; first < line->count && line->field[first].size && *line->field[first].text == '$';
         first++) {
        const char *text = line->field[first].text + 1, *equals = strchr(text, '=');
        CLEANUP_FREE char *name = mem_dupn(text, equals ? (size_t)(equals - text) : 0);
        vars_set(&vars, name, equals ? equals + 1 : "");
    }
    if (first == line->count ||
        reqfile_parse(line->arena, line->field[first].text, 0, &source, &file, err) < 0)
        return -1;
    x_add_number(line, (long)file.count);
    for (size_t i = 0; i < file.count; i++) {
        x_add_text(line, file.line[i].file);
        x_add_number(line, (long)file.line[i].number);
        x_add_number(line, file.line[i].constraint);
        x_add_text(line, kinds[file.line[i].kind]);
        x_add_text(line, file.line[i].text);
        add_settings(line, &file.line[i]);
    }
    return 0;
}
