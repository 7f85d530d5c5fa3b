// SPDX-License-Identifier: Apache-2.0
// config: layers into options. Invariant: a value is taken as if it were typed, so that checks and
// messages are those of the line, with where it stands before them.
#include "cli/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/lang.h"
#include "base/mem.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/where.h"
#include "env/release.h"
#include "site/nearest.h"
#include "site/trust.h"

static const enum option accumulating[] = {OPTION_WITH, OPTION_REQUIREMENT, OPTION_GROUP};
// What is said first keeps the other out, which would contradict it.
static const struct {
    enum option said, out;
} contradicting[] = {
    {OPTION_ENV, OPTION_WITH},           {OPTION_ENV, OPTION_REQUIREMENT},
    {OPTION_ENV, OPTION_GROUP},          {OPTION_ENV, OPTION_PYTHON},
    {OPTION_WITH, OPTION_ENV},           {OPTION_REQUIREMENT, OPTION_ENV},
    {OPTION_GROUP, OPTION_ENV},          {OPTION_PYTHON, OPTION_ENV},
    {OPTION_FROZEN, OPTION_ENV},         {OPTION_SLURM, OPTION_LOCAL},
    {OPTION_MEM, OPTION_MEM_CPU},        {OPTION_MEM_CPU, OPTION_MEM},
    {OPTION_INDEX_URL, OPTION_NO_INDEX}, {OPTION_EXTRA_INDEX, OPTION_NO_INDEX},
};

static int accumulates(int id)
{
    for (size_t i = 0; i < COUNT(accumulating); i++)
        if ((int)accumulating[i] == id)
            return 1;
    return 0;
}

int config_accumulates(const char *option)
{
    for (const struct opt *opt = options_table; opt->id; opt++)
        if (strcmp(opt->name, option) == 0)
            return accumulates(opt->id);
    return 0;
}

static int is_kept_out(const struct options *options, int id, unsigned rank)
{
    for (size_t i = 0; i < COUNT(contradicting); i++) {
        unsigned said = options->said[contradicting[i].said];
        if ((int)contradicting[i].out == id && said && said < rank)
            return 1;
    }
    return 0;
}

// A command's first word may be a script; a program of PATH has no folder of a project.
static char *start_folder(const struct cli *cli, const char *script)
{
    if (!script)
        return mem_dup(cli->cwd);
    CLEANUP_FREE char *path = fs_absolute(cli->cwd, script);
    return strchr(script, '/') && access(path, F_OK) == 0 ? fs_folder(path) : mem_dup(cli->cwd);
}

static int read_user(struct cli *cli, struct err *err)
{
    const char *folder = vars_get(&cli->vars, "XDG_CONFIG_HOME");
    const char *home = vars_get(&cli->vars, "HOME");
    CLEANUP_FREE char *path =
        folder && *folder == '/' ? mem_print("%s/lopin/config.toml", folder)
        : home && *home == '/'   ? mem_print("%s/.config/lopin/config.toml", home)
                                 : NULL;
    return path ? document_read(&cli->config->document[CONFIG_USER], path, err) : 0;
}

static int read_layers(struct cli *cli, struct err *err)
{
    struct layer_known known;
    struct config *config = cli->config;
    config_known(&known);
    for (size_t i = CONFIG_SCRIPT; i < CONFIG_LAYERS; i++)
        if (layer_read(&config->document[i], &known, &config->layer[i], err) < 0)
            return -1;
    return 0;
}

int config_read(struct cli *cli, enum command command, const char *script, struct err *err)
{
    CLEANUP_FREE char *folder = start_folder(cli, script);
    struct config *config = cli->config = mem_zero(1, sizeof *config);
    const char *home = vars_get(&cli->vars, "HOME");
    if (config_read_variables(cli, command, err) < 0 ||
        (script && config_read_script(cli, script, err) < 0) ||
        (command != COMMAND_INIT && // which begins one of its own
         nearest_read(folder, home && *home ? home : NULL, &config->document[CONFIG_PROJECT],
                      &config->looked, err) < 0) ||
        read_user(cli, err) < 0 || read_layers(cli, err) < 0)
        return -1;
    if (site_file_read(&config->site, CONFIG_SITE_PATH, &cli->vars, err) < 0)
        return -1;
    site_pythons(&config->site, &config->pythons);
    return 0;
}

// ".", "..", "./x.whl", "../project": what is no requirement by name.
static int is_relative(const char *text)
{
    size_t dots = strspn(text, ".");
    return (dots == 1 || dots == 2) && (text[dots] == '/' || !text[dots]);
}

// Relative paths are of the folder of the file; those of variables, as of the line, of ours.
static const char *place(struct cli *cli, enum config_layer layer, const struct opt *opt,
                         const char *text)
{
    int is_path = opt->marks & OPT_PATH && !strstr(text, "://") && *text != '~';
    if (opt->id == OPTION_ENV && strcmp(text, "none") == 0)
        is_path = 0;
    if (opt->id == OPTION_PYTHON || opt->id == OPTION_PYTHONS)
        is_path = strchr(text, '/') != NULL;
    if (opt->id == OPTION_WITH)
        is_path = is_relative(text);
    int is_group = opt->id == OPTION_GROUP;
    if (layer == CONFIG_VARIABLE || (!is_path && !is_group))
        return text;
    CLEANUP_FREE char *folder = fs_folder(cli->config->document[layer].path);
    char *path = is_group && !strchr(text, ':')
                     ? mem_print("%s/pyproject.toml:%s", folder, text)
                     : fs_absolute(folder, text);
    strv_take(&cli->config->kept, path);
    return path;
}

static int wrap(const struct cli *cli, enum config_layer layer, const struct layer_item *item,
                struct err *err)
{
    CLEANUP_FREE char *origin = config_origin(cli, layer, item);
    err->code = ERR_CONFIG;
    return err_wrap(err, "%s", origin);
}

static int take(struct cli *cli, struct options *options, enum config_layer layer,
                const struct layer_item *item, const struct opt *opt, struct err *err)
{
    if (item->is_flag)
        return item->flag ? options_take(options, opt, NULL, item->key, err) : 0;
    for (size_t i = 0; i < item->count; i++) {
        const char *text = place(cli, layer, opt, item->text[i]);
        if (options_take(options, opt, text, item->key, err) < 0)
            return wrap(cli, layer, item, err);
    }
    return 0;
}

// What a script's block says beside [tool.lopin] is of the same layer: its packages keep an
// environment out, and the Python that it requires one that does not fit.
static int header_keeps_out(const struct cli *cli, int id, const struct layer_item *item)
{
    const struct toml_value *root = cli->config->document[CONFIG_SCRIPT].root;
    const struct toml_value *needs = toml_get(root, "dependencies");
    const char *requires = toml_text(toml_get(root, "requires-python"));
    struct release release;
    if (id == OPTION_ENV)
        return needs && needs->kind == TOML_ARRAY && needs->count;
    if (id != OPTION_PYTHON || !requires)
        return 0;
    return release_parse(item->text[0], &release) < 0 ||
           release_fits(&release, requires, NULL) != 1;
}

static int apply_item(struct cli *cli, enum command command, enum config_layer layer,
                      const struct layer_item *item, struct err *err)
{
    static const uint64_t tasks = COMMAND_MAP | COMMAND_RUN | COMMAND_EXEC | COMMAND_ALLOC |
                                  COMMAND_ENV_LOCK; // a lock is for tasks
    const struct opt *opt = layer_option(item, options_table, command);
    unsigned rank = 2 * layer + !item->table;
    if (!opt || (opt->marks & OPT_TASKS && !item->table && layer > CONFIG_VARIABLE &&
                 !(command & tasks)))
        return 0;
    unsigned char *said = &cli->options.said[opt->id];
    if ((*said && *said < rank && !accumulates(opt->id)) ||
        is_kept_out(&cli->options, opt->id, rank) ||
        (layer > CONFIG_SCRIPT && header_keeps_out(cli, opt->id, item)))
        return 0;
    if (!*said)
        *said = (unsigned char)rank;
    return take(cli, &cli->options, layer, item, opt, err);
}

// From the lowest, so that the language is at last that of the highest.
int config_check(struct cli *cli, struct err *err)
{
    struct options options = {0};
    struct layer_known known;
    int status = 0;
    config_known(&known);
    for (enum config_layer layer = CONFIG_LAYERS; status == 0 && --layer >= CONFIG_VARIABLE;) {
        const struct layer *items = &cli->config->layer[layer];
        for (size_t i = items->count; i-- > 0 && status == 0;)
            for (size_t k = 0; k < known.count && status == 0; k++) {
                const struct opt *opt =
                    layer_option(&items->item[i], options_table, known.command[k].bits);
                if (opt)
                    status = take(cli, &options, layer, &items->item[i], opt, err);
            }
    }
    options_free(&options);
    return status;
}

// What the site says of packages: its wheelhouses after all others, and whether an index is asked
// where the line and the files do not say it.
static void apply_site(struct cli *cli)
{
    const struct site_file *site = &cli->config->site;
    struct pack_options *pack = &cli->options.pack;
    const unsigned char *said = cli->options.said;
    pack->site_links = site->wheels.count;
    strv_add_all(&pack->find_links, &site->wheels);
    if (said[OPTION_INDEX_URL] || said[OPTION_EXTRA_INDEX] || said[OPTION_NO_INDEX])
        return;
    pack->no_index |= site->index == SITE_INDEX_NEVER;
    pack->index = site->index == SITE_INDEX_FALLBACK ? SOURCE_INDEX_FALLBACK
                  : site->index == SITE_INDEX_FIRST  ? SOURCE_INDEX_FIRST
                                                     : SOURCE_INDEX_ALSO;
}

static int refuse_partition(const struct cli *cli, struct err *err)
{
    const struct site_file *site = &cli->config->site;
    CLEANUP_FREE char *path = config_shown(cli, site->document.path);
    err_set(err, ERR_USAGE, _("-p %s: jobs of this site name no partition"),
            options_slurm_value(&cli->options.pass, OPTION_SLURM_PARTITION));
    err_hint(err, "found", "%s:%u: partition = \"\"", path, site->slurm.partition_line);
    return err_hint(err, "try", _("the line without -p"));
}

// What the site says of jobs, where neither the line nor a file nor Slurm's own variables do.
static int apply_site_slurm(struct cli *cli, struct err *err)
{
    const struct site_slurm *site = &cli->config->site.slurm;
    struct slurm_options *pass = &cli->options.pass;
    const char *partition = options_slurm_value(pass, OPTION_SLURM_PARTITION);
    const char *account = options_slurm_value(pass, OPTION_SLURM_ACCOUNT);
    if (site->partition && !*site->partition && partition)
        return refuse_partition(cli, err);
    if (site->partition && *site->partition && !partition)
        pass->value[OPTION_SLURM_PARTITION - OPTION_SLURM_FIRST] = site->partition;
    if (site->account && !account && !vars_get(&cli->vars, "SBATCH_ACCOUNT") &&
        !vars_get(&cli->vars, "SLURM_ACCOUNT"))
        pass->value[OPTION_SLURM_ACCOUNT - OPTION_SLURM_FIRST] = site->account;
    return 0;
}

static int is_elsewhere(const struct layer_item *item, enum where where)
{
    return where == WHERE_LOCAL && item->table && strcmp(item->table, CONFIG_SLURM) == 0;
}

// Where the line runs decides whether [slurm] counts, so what says it is taken first.
static int apply_where(struct cli *cli, enum command command, enum where *ret, struct err *err)
{
    for (enum config_layer layer = CONFIG_VARIABLE; layer < CONFIG_LAYERS; layer++) {
        const struct layer *items = &cli->config->layer[layer];
        for (size_t i = 0; i < items->count; i++)
            if (strcmp(items->item[i].key, "where") == 0 &&
                apply_item(cli, command, layer, &items->item[i], err) < 0)
                return -1;
    }
    return where_find(cli, command, ret, err);
}

int config_apply(struct cli *cli, enum command command, struct err *err)
{
    enum where where;
    if (apply_where(cli, command, &where, err) < 0)
        return -1;
    for (enum config_layer layer = CONFIG_VARIABLE; layer < CONFIG_LAYERS; layer++) {
        const struct layer *items = &cli->config->layer[layer];
        for (size_t i = 0; i < items->count; i++)
            if (!is_elsewhere(&items->item[i], where) &&
                apply_item(cli, command, layer, &items->item[i], err) < 0)
                return -1;
    }
    apply_site(cli);
    return where == WHERE_LOCAL ? 0 : apply_site_slurm(cli, err);
}

static void say_untrusted(const struct cli *cli)
{
    for (size_t i = CONFIG_PROJECT; i < CONFIG_LAYERS; i++) {
        const struct document *document = &cli->config->document[i];
        if (document->state != DOCUMENT_UNTRUSTED)
            continue;
        CLEANUP_FREE char *path = config_shown(cli, document->path);
        CLEANUP_STR struct str shown = {0};
        str_add_shell(&shown, document->path);
        if (trust_may_mend(document->path))
            say(cli, _("%s is not read: %s [untrusted]; cured by: chmod go-w %s"), path,
                document->doubt, shown.text);
        else
            say(cli, _("%s is not read: %s [untrusted]"), path, document->doubt);
    }
}

// The commands that look at runs take no options of files: only how lopin talks, of variables and the
// user's file; a run is never without its status for a file that is wrong. resume, retry, report,
// pack, gc and unpack use the site's file besides.
static int talk(struct cli *cli, enum command command, struct err *err)
{
    static const enum option talking[] = {OPTION_COLOR, OPTION_LANG, OPTION_QUIET,
                                          OPTION_VERBOSE};
    static const uint64_t sited = COMMAND_RESUME | COMMAND_RETRY | COMMAND_REPORT |
                                  COMMAND_ENV_UNPACK | COMMAND_ENV_GC | COMMAND_ENV_CHECK |
                                  COMMAND_PACK | COMMAND_PARCEL | COMMAND_EXPLAIN |
                                  COMMAND_COMPLETION;
    // These only want its cache: how a run stands is said whatever that file holds.
    static const uint64_t cached = COMMAND_STATUS | COMMAND_WATCH | COMMAND_WAIT |
                                   COMMAND_CANCEL | COMMAND_RM | COMMAND_LIST | COMMAND_LOG |
                                   COMMAND_RESULTS;
    struct config *config = cli->config = mem_zero(1, sizeof *config);
    struct err wrong = {0};
    if (config_read_variables(cli, COMMAND_MAP, &wrong) < 0 || read_user(cli, &wrong) < 0 ||
        read_layers(cli, &wrong) < 0)
        say(cli, "%s [%s]", wrong.text, err_name(wrong.code));
    for (enum config_layer layer = CONFIG_VARIABLE; layer < CONFIG_LAYERS; layer++)
        for (size_t i = 0; i < config->layer[layer].count; i++) {
            const struct layer_item *item = &config->layer[layer].item[i];
            const struct opt *opt = layer_option(item, options_table, COMMAND_MAP);
            for (size_t k = 0; opt && k < COUNT(talking); k++)
                if (opt->id == (int)talking[k] &&
                    apply_item(cli, COMMAND_MAP, layer, item, &wrong) < 0)
                    say(cli, "%s [%s]", wrong.text, err_name(wrong.code));
        }
    if (command & cached &&
        site_file_read(&config->site, CONFIG_SITE_PATH, &cli->vars, &wrong) < 0)
        say(cli, "%s [%s]", wrong.text, err_name(wrong.code));
    return command & sited ? site_file_read(&config->site, CONFIG_SITE_PATH, &cli->vars, err)
                           : 0;
}

int config_settle(struct cli *cli, enum command command, struct err *err)
{
    static const unsigned tasks = COMMAND_MAP | COMMAND_RUN | COMMAND_EXEC;
    struct layer_known known;
    config_known(&known);
    const char *script =
        command & tasks && cli->words.count && !cli->options.shell ? cli->words.item[0] : NULL;
    if (!(command & known.bits))
        return talk(cli, command, err);
    int status = config_read(cli, command, script, err);
    if (status == 0)
        status = config_apply(cli, command, err);
    say_untrusted(cli);
    return status;
}

const struct strv *config_pythons(const struct cli *cli)
{
    return cli->config ? &cli->config->pythons : NULL;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < CONFIG_LAYERS; i++) {
        document_free(&config->document[i]);
        layer_free(&config->layer[i]);
    }
    document_free(&config->variables);
    site_file_free(&config->site);
    strv_free(&config->looked);
    strv_free(&config->kept);
    strv_free(&config->pythons);
    free(config);
}
