// SPDX-License-Identifier: Apache-2.0
// config: what a line does not say: variables, the script's header, files of the project, the user and
// the site, in that order (lopin.toml(5), lopin-site.toml(5)).
#pragma once

#include "cli/cli.h"
#include "cli/option.h"
#include "site/layer.h"
#include "site/site_file.h"

// In order of weight. Where an option was said first is kept as 2 * layer, and one more of the top
// level of a file, which counts less than a command's own table in it.
enum config_layer {
    CONFIG_NONE,
    CONFIG_LINE,
    CONFIG_VARIABLE,
    CONFIG_SCRIPT,
    CONFIG_PROJECT,
    CONFIG_USER,
    CONFIG_LAYERS
};
struct config {
    struct document document[CONFIG_LAYERS]; // from CONFIG_SCRIPT on
    struct layer layer[CONFIG_LAYERS];       // from CONFIG_VARIABLE on
    struct document variables;               // its arena has what they say
    struct strv looked;                      // paths of projects' files that are not there
    struct site_file site;
    struct strv kept;    // paths made absolute, which the options borrow
    struct strv pythons; // of the site
};
// The table of what holds only through Slurm, whichever command.
#define CONFIG_SLURM     "slurm"
#define CONFIG_SITE_PATH "/etc/lopin/site.toml"

// Reads all of it for a command: `script` is its first word, or NULL. Returns 0, or -1 with [config],
// [untrusted], [system].
int config_read(struct cli *cli, enum command command, const char *script, struct err *err);
// Fills cli->options with what the line has not said. Returns 0, or -1 with [config].
int config_apply(struct cli *cli, enum command command, struct err *err);
// Takes each value into options that nobody has, so that one is found wrong that no line has used yet.
// The language is then that of the files. Returns 0, or -1 with [config].
int config_check(struct cli *cli, struct err *err);
// Both, for the commands that it is for; for the others only how to talk, and a file that is wrong is
// said in a line.
int config_settle(struct cli *cli, enum command command, struct err *err);
// Interpreters that the site names, for python_find. NULL: no configuration was read.
const struct strv *config_pythons(const struct cli *cli);
void config_free(struct config *config); // NULL is fine

// Whether all that say an option count, the highest first, and not the highest alone.
int config_accumulates(const char *option);
// cmd_config.c: adds each key that a file may have.
void config_keys(struct strv *into);

// config_files.c
// Which tables files may have, and the bits of all these commands.
void config_known(struct layer_known *ret);
// The options of variables (LOPIN_OPT_FIND_LINKS) as a layer, as commands of these bits have them.
int config_read_variables(struct cli *cli, uint64_t bits, struct err *err);
// The block of a script, its [tool.lopin].
int config_read_script(struct cli *cli, const char *script, struct err *err);
// "lopin.toml:3", "LOPIN_OPT_WITH": where an item stands, as a person sees it. Yours.
char *config_origin(const struct cli *cli, enum config_layer layer,
                    const struct layer_item *item);
// The name of the variable of an option. Yours.
char *config_variable(const char *option);
// A path without the current folder in front. Yours, made visible.
char *config_shown(const struct cli *cli, const char *path);
