// SPDX-License-Identifier: Apache-2.0
// config_files: layers that are no files of their own: variables, and the block in a script.
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/config.h"
#include "cli/option.h"
#include "cli/program.h"
#include "wheel/script.h"

#define PREFIX "LOPIN_OPT_"
enum { SCRIPT_MOST = 16 << 20 };

static const uint64_t readers = COMMAND_MAP | COMMAND_RUN | COMMAND_EXEC | COMMAND_ALLOC |
                                COMMAND_VENV | COMMAND_WHEELS | COMMAND_PIP | COMMAND_ENV_LOCK |
                                COMMAND_ENV_SYNC | COMMAND_INIT;

void config_known(struct layer_known *ret)
{
    *ret = (struct layer_known){.options = options_table, .bits = readers};
    for (size_t i = 0; cli_commands[i].name && ret->count < COUNT(ret->command); i++)
        if (cli_commands[i].command & readers)
            ret->command[ret->count++] =
                (struct layer_command){cli_commands[i].name, (uint64_t)cli_commands[i].command};
    if (ret->count < COUNT(ret->command))
        ret->command[ret->count++] =
            (struct layer_command){CONFIG_SLURM, COMMAND_MAP | COMMAND_RUN | COMMAND_ALLOC};
}

char *config_variable(const char *option)
{
    char *name = mem_print(PREFIX "%s", option);
    for (char *at = name; *at; at++)
        *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
    return name;
}

char *config_shown(const struct cli *cli, const char *path)
{
    struct str shown = {0};
    const char *from = fs_from(cli->cwd, path);
    str_add_visible(&shown, from, strlen(from));
    return str_take(&shown);
}

char *config_origin(const struct cli *cli, enum config_layer layer,
                    const struct layer_item *item)
{
    if (layer == CONFIG_VARIABLE)
        return config_variable(item->key);
    CLEANUP_FREE char *path = config_shown(cli, cli->config->document[layer].path);
    return mem_print("%s:%u", path, item->line);
}

static int unknown(const char *variable, struct err *err)
{
    char *names[256];
    size_t count = 0;
    for (const struct opt *opt = options_table; opt->id && count < COUNT(names) - 1; opt++)
        if (opt->commands & readers && !(opt->marks & OPT_ONCE))
            names[count++] = config_variable(opt->name);
    names[count] = NULL;
    err_set(err, ERR_CONFIG, _("%s is the variable of no option"), variable);
    const char *near = opt_nearest(variable, (const char *const *)names);
    if (near)
        err_hint(err, "try", "%s", near);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    return err_hint(err, "try", "unset %s", variable);
}

static int read_flag(const char *variable, const char *value, struct layer_item *item,
                     struct err *err)
{
    item->is_flag = 1;
    item->flag = strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
    if (item->flag || strcmp(value, "0") == 0 || strcmp(value, "false") == 0)
        return 0;
    CLEANUP_STR struct str shown = {0};
    str_add_visible(&shown, value, strlen(value));
    return err_set(err, ERR_CONFIG, _("%s must be 1 or 0, true or false: '%s'"), variable,
                   str_text(&shown));
}

// A list is cut at blanks, as pip does, where no comma cuts it.
static void read_value(struct arena *arena, const char *value, unsigned marks,
                       struct layer_item *item)
{
    static const char blanks[] = " \t\r\n";
    const char **text = arena_alloc(arena, (strlen(value) / 2 + 2) * sizeof *text);
    item->text = text;
    if (!(marks & OPT_LIST) || marks & OPT_COMMAS) {
        text[item->count++] = value;
        return;
    }
    for (value += strspn(value, blanks); *value; value += strspn(value, blanks)) {
        size_t size = strcspn(value, blanks);
        text[item->count++] = arena_dupn(arena, value, size);
        value += size;
    }
}

static int is_truth(const char *value)
{
    static const char *const words[] = {"1", "0", "true", "false"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(value, words[i]) == 0)
            return 1;
    return 0;
}

// The row for these commands that the value fits, else any of that name; NULL: none, or only such as
// belong to a line.
static const struct opt *row_of(const char *variable, const char *value, uint64_t bits,
                                int *ret_once)
{
    const struct opt *other = NULL;
    for (const struct opt *opt = options_table; opt->id; opt++) {
        CLEANUP_FREE char *name = config_variable(opt->name);
        if (!(opt->commands & readers) || strcmp(name, variable) != 0)
            continue;
        *ret_once |= opt->marks & OPT_ONCE;
        int fits = (opt->value == NULL) == is_truth(value);
        if (!(opt->marks & OPT_ONCE) && opt->commands & bits && fits)
            return opt;
        if (!(opt->marks & OPT_ONCE) && (!other || fits))
            other = opt;
    }
    return other;
}

static int read_variable(struct cli *cli, uint64_t bits, const char *variable,
                         const char *value, struct err *err)
{
    struct layer *layer = &cli->config->layer[CONFIG_VARIABLE];
    struct arena *arena = &cli->config->variables.arena;
    int once = 0;
    const struct opt *opt = row_of(variable, value, bits, &once);
    if (!opt && once) {
        err_set(err, ERR_CONFIG, _("%s belongs to one line, not to the environment"), variable);
        return err_hint(err, "try", "unset %s", variable);
    }
    if (!opt)
        return unknown(variable, err);
    struct layer_item item = {.key = opt->name, .bits = readers};
    if (!opt->value && read_flag(variable, value, &item, err) < 0)
        return -1;
    if (opt->value)
        read_value(arena, value, opt->marks, &item);
    layer_add(layer, &item);
    return 0;
}

int config_read_variables(struct cli *cli, uint64_t bits, struct err *err)
{
    for (size_t i = 0; i < cli->vars.list.count; i++) {
        const char *item = cli->vars.list.item[i];
        size_t size = strcspn(item, "=");
        if (!str_starts(item, PREFIX) || !item[size] || !item[size + 1])
            continue; // set to nothing is not set
        CLEANUP_FREE char *name = mem_dupn(item, size);
        if (read_variable(cli, bits, name, item + size + 1, err) < 0)
            return -1;
    }
    return 0;
}

static unsigned lines_before(const char *text, const char *first)
{
    unsigned lines = 0;
    const char *at = str_starts(text, first) ? text : strstr(text, first);
    for (const char *end = at; end && end > text; end--)
        lines += end[-1] == '\n';
    return lines + 1; // the line that opens the block
}

int config_read_script(struct cli *cli, const char *script, struct err *err)
{
    struct document *document = &cli->config->document[CONFIG_SCRIPT];
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *path = fs_absolute(cli->cwd, script);
    struct piece block;
    if (!program_is_python(path) || fs_read(AT_FDCWD, path, SCRIPT_MOST, &text, NULL) < 0)
        return 0;
    const struct piece whole = {str_text(&text), text.size};
    // what is wrong with the block itself is told by who reads its dependencies
    if (!text.size || script_block(&document->arena, whole, "script", &block, NULL) <= 0)
        return 0;
    struct err wrong = {0};
    if (document_parse(document, path, block.text, block.size,
                       lines_before(whole.text, "# /// script"), &wrong) < 0) {
        document->state = DOCUMENT_ABSENT;
        document->root = document->ours = NULL;
        return 0;
    }
    return document_take_tool(document, err);
}
