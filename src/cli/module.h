// SPDX-License-Identifier: Apache-2.0
// module: the verbs of `lopin module`.
#pragma once

#include "cli/cli.h"
#include "module/trace.h"
#include "modulefile/engine.h"
#include "modulefile/shellcode.h"

struct module_work {
    struct cli *cli;
    enum shell shell; // SHELL_NONE: typed without the function
    const char *name; // of the shell
    struct engine engine;
    char *const *words; // behind the verb, NULL-terminated
    size_t count;
    struct strv named; // of module_is_wanted_as
    struct str out; // what was asked for: on stdout, or on stderr where stdout is for the shell
    const char *cache;  // the file to write what the spider finds into; NULL: the user's own
    int changes;        // the environment is to be given
    struct trace trace; // -D; into NULL: not asked for
    int fails;          // the answer is no
};
enum module_does {
    MODULE_CHANGES = 1 << 0, // the environment
    MODULE_STATE =
        1 << 1, // what a site has rules on: its own command does it where there are such
    MODULE_JSON = 1 << 2, // there is JSON of it
    MODULE_PLAIN = 1 << 3 // looks at nothing that a site's rules hide
};
struct module_verb {
    const char *name;
    const char *also; // other names of it, "add|try"; NULL: none
    int (*run)(struct module_work *work, struct err *err);
    unsigned does;      // of module_does
    size_t least, most; // words that it needs, and takes
    const char *words;
    const char *help;
};
extern const struct module_verb module_verbs[]; // ends with {0}

const struct module_verb *module_verb(const char *name); // NULL: none is so called
void module_verbs_add(struct str *into);                 // a line for each, for the help
// As module_verb, but what is none is [usage] with what is meant.
const struct module_verb *module_verb_find(const struct cli *cli, const char *name,
                                           struct err *err);
// A shell evaluates what makes its command fail, of a wrong line too. Returns STATUS_FAILED, with all told; or -1 where
// the line is for no shell.
int module_fail(struct cli *cli, const struct err *err);
// What a person types for a verb: "module", or "lopin module" where no shell's function did it.
const char *module_call(const struct cli *cli);
// Hints what is meant by a command of that name, which is none of lopin's own: "lopin module avail". Returns
// whether something is. exact: of names alone, not of what is near to one.
int module_verb_hint(const char *name, int exact, char *const *words, struct err *err);
int module_purge(struct module_work *work, struct err *err);
// Returns 0, or -1 with [no-module] where MODULEPATH is empty.
int module_check_path(const struct module_work *work, struct err *err);
int module_avail(struct module_work *work, struct err *err);
int module_list(struct module_work *work, struct err *err);
int module_show(struct module_work *work, struct err *err);
int module_whatis(struct module_work *work, struct err *err);
int module_help(struct module_work *work, struct err *err);
int module_save(struct module_work *work, struct err *err);
int module_restore(struct module_work *work, struct err *err);
// The name of the verb that a word is; NULL if it is none.
const char *module_verb_name(const char *word);
// The names of the collections, sorted.
void module_collections(const struct module_work *work, struct strv *into);
int module_complete(struct module_work *work, struct err *err);
int module_reset(struct module_work *work, struct err *err);
int module_savelist(struct module_work *work, struct err *err);
int module_describe(struct module_work *work, struct err *err);
int module_disable(struct module_work *work, struct err *err);
// `ml ...`, Lmod's short form: makes of the words those of a verb: "ml" list, "ml NAME..." load, "ml VERB
// ...". Returns 0, or -1 with [usage].
int module_ml(struct cli *cli, struct err *err);
// Reads the words and options behind a verb (cli->words). Returns 0, or -1 with [usage].
int module_line(struct cli *cli, const struct module_verb *verb, struct strv *words,
                struct err *err);
// Whether the verb has the words that it needs.
int module_check_line(const struct module_verb *verb, const struct strv *words,
                      struct err *err);
// What a person reads of "avail", "list", "spider" as the site's msgHook has it.
void module_hooked_text(struct module_work *work, const char *kind);
// Whether it has no more than it takes: of "purge gcc" gcc alone is meant. The site's own command judges its own.
int module_check_most(const struct module_work *work, const struct module_verb *verb,
                      struct err *err);
int module_usage(struct cli *cli, struct err *err); // the help, never for a shell to evaluate
// `lopin module init SHELL`: to eval in a shell.
char *module_init_line(const char *name); // what a person types for it; name: of a shell. Yours
int module_init(struct cli *cli, char *const *words, struct err *err);
