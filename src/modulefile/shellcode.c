// SPDX-License-Identifier: Apache-2.0
#include "modulefile/shellcode.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"

enum shell shellcode_shell(const char *name)
{
    static const struct {
        const char *name;
        enum shell shell;
    } known[] = {{"sh", SHELL_SH},    {"bash", SHELL_SH},      {"zsh", SHELL_SH},
                 {"ksh", SHELL_SH},   {"dash", SHELL_SH},      {"csh", SHELL_CSH},
                 {"tcsh", SHELL_CSH}, {"fish", SHELL_FISH},    {"json", SHELL_JSON},
                 {"env", SHELL_ENV},  {"python", SHELL_PYTHON}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].shell;
    return SHELL_NONE;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **sorted(char *const *environment, size_t *ret_count)
{
    size_t count = 0;
    while (environment && environment[count])
        count++;
    char **list = mem_zero(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        list[i] = environment[i];
    qsort(list, count, sizeof *list, compare);
    *ret_count = count;
    return list;
}

static size_t name_size(const char *entry)
{
    return strcspn(entry, "=");
}

static int compare_names(const char *left, const char *right)
{
    size_t a = name_size(left), b = name_size(right);
    int compared = strncmp(left, right, a < b ? a : b);
    return compared ? compared : a < b ? -1 : a > b;
}

static int compare_entries(const void *a, const void *b)
{
    return compare_names(*(char *const *)a, *(char *const *)b);
}

static void add_change(struct shellcode_changes *changes, const char *entry, int is_set)
{
    size_t size = name_size(entry);
    changes->item[changes->count++] = (struct shellcode_change){
        mem_dupn(entry, size), is_set ? entry + size + (entry[size] == '=') : NULL};
}

void shellcode_changes(char *const *before, const struct engine *engine,
                       struct shellcode_changes *ret)
{
    size_t olds, news;
    char **old = sorted(before, &olds), **new = sorted(engine->vars.list.item, &news);
    qsort(old, olds, sizeof *old, compare_entries);
    qsort(new, news, sizeof *new, compare_entries);
    *ret = (struct shellcode_changes){.item = mem_zero(olds + news + 1, sizeof *ret->item)};
    for (size_t i = 0, k = 0; i < olds || k < news;) {
        int compared = i == olds ? 1 : k == news ? -1 : compare_names(old[i], new[k]);
        if (compared < 0)
            add_change(ret, old[i++], 0);
        else if (compared > 0 || strcmp(old[i], new[k]) != 0) {
            i += compared == 0;
            add_change(ret, new[k++], 1);
        } else {
            i++;
            k++;
        }
    }
    free(old);
    free(new);
}

void shellcode_changes_free(struct shellcode_changes *changes)
{
    for (size_t i = 0; i < changes->count; i++)
        free(changes->item[i].name);
    free(changes->item);
    *changes = (struct shellcode_changes){0};
}

static int is_variable(const char *name)
{
    if (!isalpha((unsigned char)*name) && *name != '_')
        return 0;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_')
            return 0;
    return 1;
}

static int is_command(const char *name)
{
    if (!*name || *name == '-')
        return 0;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("_.+-:@", *name))
            return 0;
    return 1;
}

// sh: within '...' all is itself but '. fish: \ too.
static void add_single(struct str *into, const char *text, int is_fish)
{
    str_add_char(into, '\'');
    const char *special = is_fish ? "'\\" : "'";
    for (size_t plain; *text; text += plain + !!text[plain]) {
        plain = strcspn(text, special);
        str_add_bytes(into, text, plain);
        if (text[plain] == '\'')
            str_add(into, is_fish ? "\\'" : "'\\''");
        else if (text[plain])
            str_add(into, "\\\\");
    }
    str_add_char(into, '\'');
}

// csh cuts what a command prints at white space and joins it by single spaces: so a backslash before
// all that is special, and nothing that is white space but a space. What stands in braces it takes
// apart before it looks at backslashes; "{}" alone it leaves, and of that a variable's modifier makes "{".
#define CSH_OPEN  "\"$__lopin_open:s/}//\""
#define CSH_BEGIN "set __lopin_open = {} ;\n"
#define CSH_END   "unset __lopin_open;\n"

static int add_csh(struct str *into, const char *text)
{
    size_t before = into->size;
    if (!*text)
        str_add(into, "\"\"");
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte != ' ' && (isspace(byte) || iscntrl(byte))) {
            into->text[into->size = before] = '\0';
            return -1;
        }
        if (byte == '{') {
            str_add(into, CSH_OPEN);
            continue;
        }
        if (byte < 128 && !isalnum(byte) && !strchr("_/.:,+-=@%", byte))
            str_add_char(into, '\\');
        str_add_char(into, *text);
    }
    return 0;
}

static void add_value(struct str *into, enum shell shell, const struct shellcode_change *change,
                      struct str *warnings)
{
    struct str line = {0};
    int status = 0;
    if (shell == SHELL_SH) {
        str_print(&line, "export %s=", change->name);
        add_single(&line, change->value, 0);
    } else if (shell == SHELL_FISH) {
        str_print(&line, "set -gx %s ", change->name);
        add_single(&line, change->value, 1);
    } else {
        str_print(&line, "setenv %s ", change->name);
        status = add_csh(&line, change->value);
    }
    if (status == 0)
        str_print(into, "%s;\n", line.text);
    else
        str_print(warnings, _("warning: csh cannot hold the value of %s, ignoring\n"),
                  change->name);
    str_free(&line);
}

static void add_variable(struct str *into, enum shell shell,
                         const struct shellcode_change *change, struct str *warnings)
{
    if (!is_variable(change->name)) {
        CLEANUP_STR struct str name = {0};
        str_add_visible(&name, change->name, strlen(change->name));
        str_print(warnings, _("warning: a shell has no variable '%s', ignoring\n"),
                  str_text(&name));
    } else if (change->value) {
        add_value(into, shell, change, warnings);
    } else {
        static const char *const words[] = {
            [SHELL_SH] = "unset", [SHELL_CSH] = "unsetenv", [SHELL_FISH] = "set -e"};
        str_print(into, "%s %s;\n", words[shell], change->name);
    }
}

static void add_alias(struct str *into, enum shell shell, const struct engine_word *word)
{
    if (!word->value) {
        if (shell == SHELL_SH)
            str_print(into, "unalias %s 2>/dev/null || :;\n", word->name);
        else
            str_print(into, shell == SHELL_FISH ? "functions -e %s;\n" : "unalias %s;\n",
                      word->name);
    } else if (shell == SHELL_CSH) {
        size_t before = into->size;
        str_print(into, "alias %s ", word->name);
        if (add_csh(into, word->value) < 0)
            into->text[into->size = before] = '\0';
        else
            str_add(into, ";\n");
    } else {
        str_print(into, shell == SHELL_FISH ? "alias %s " : "alias %s=", word->name);
        add_single(into, word->value, shell == SHELL_FISH);
        str_add(into, ";\n");
    }
}

// By an eval of its own: if it is no code, only itself fails.
static void add_function(struct str *into, enum shell shell, const struct engine_word *word)
{
    if (shell == SHELL_CSH) {
        struct engine_word alias = {ENGINE_ALIAS, word->name, word->csh, NULL};
        add_alias(into, shell, &alias);
    } else if (!word->value) {
        str_print(into,
                  shell == SHELL_FISH ? "functions -e %s;\n"
                                      : "unset -f %s 2>/dev/null || :;\n",
                  word->name);
    } else {
        CLEANUP_FREE char *body =
            shell == SHELL_FISH ? mem_print("function %s\n%s\nend", word->name,
                                            word->csh && *word->csh ? word->csh : word->value)
                                : mem_print("%s () {\n%s\n}", word->name, word->value);
        str_add(into, "eval ");
        add_single(into, body, shell == SHELL_FISH);
        str_add(into, ";\n");
    }
}

static void add_completion(struct str *into, enum shell shell, const struct engine_word *word)
{
    if (shell == SHELL_CSH) {
        str_print(into, word->value ? "complete %s " : "uncomplete %s", word->name);
        if (word->value && add_csh(into, word->value) < 0)
            str_add(into, "\"\"");
        str_add(into, ";\n");
        return;
    }
    CLEANUP_FREE char *line =
        shell == SHELL_FISH ? mem_print(word->value ? "complete -c %s %s" : "complete -c %s -e",
                                        word->name, word->value)
        : word->value ? mem_print("complete %s %s", word->value, word->name)
                      : mem_print("complete -r %s", word->name);
    str_add(into, "eval ");
    add_single(into, line, shell == SHELL_FISH);
    str_add(into, shell == SHELL_SH ? " 2>/dev/null || :;\n" : ";\n");
}

// What a modulefile has the shell run: by an eval too.
static void add_code(struct str *into, enum shell shell, const char *line, struct str *warnings)
{
    CLEANUP_STR struct str quoted = {0};
    int status = 0;
    if (shell == SHELL_CSH)
        status = add_csh(&quoted, line);
    else
        add_single(&quoted, line, shell == SHELL_FISH);
    if (status == 0)
        str_print(into, "eval %s;\n", str_text(&quoted));
    else
        str_print(warnings, _("warning: csh cannot run the line '%s', ignoring\n"), line);
}

static void add_folder(struct str *into, enum shell shell, const struct engine_word *word)
{
    size_t before = into->size;
    str_add(into, "cd ");
    if (shell != SHELL_CSH)
        add_single(into, word->value, shell == SHELL_FISH);
    else if (add_csh(into, word->value) < 0) {
        into->text[into->size = before] = '\0';
        return;
    }
    str_add(into, ";\n");
}

static void add_words(struct str *into, enum shell shell, const struct engine *engine,
                      struct str *warnings)
{
    for (size_t i = 0; i < engine->words; i++) {
        const struct engine_word *word = &engine->word[i];
        if (word->kind == ENGINE_CODE)
            continue;
        if (!is_command(word->name))
            str_print(warnings, _("warning: '%s' is no name of a command, ignoring\n"),
                      word->name);
        else if (word->kind == ENGINE_FOLDER)
            add_folder(into, shell, word);
        else if (word->kind == ENGINE_ALIAS)
            add_alias(into, shell, word);
        else if (word->kind == ENGINE_FUNCTION)
            add_function(into, shell, word);
        else
            add_completion(into, shell, word);
    }
    for (size_t i = 0; i < engine->words; i++)
        if (engine->word[i].kind == ENGINE_CODE)
            add_code(into, shell, engine->word[i].value, warnings);
}

void shellcode_add(struct str *into, enum shell shell, char *const *before,
                   const struct engine *engine, struct str *warnings)
{
    struct shellcode_changes changes;
    CLEANUP_STR struct str code = {0};
    shellcode_changes(before, engine, &changes);
    if (shell == SHELL_PYTHON) {
        shellcode_python(into, &changes);
        shellcode_changes_free(&changes);
        return;
    }
    for (size_t i = 0; i < changes.count; i++)
        add_variable(&code, shell, &changes.item[i], warnings);
    shellcode_changes_free(&changes);
    add_words(&code, shell, engine, warnings);
    int has_braces = shell == SHELL_CSH && strstr(str_text(&code), CSH_OPEN) != NULL;
    str_print(into, "%s%s%s", has_braces ? CSH_BEGIN : "", str_text(&code),
              has_braces ? CSH_END : "");
}

void shellcode_succeed(struct str *into, enum shell shell)
{
    if (shell == SHELL_PYTHON)
        str_add(into, "_mlstatus = True\n");
}

void shellcode_fail(struct str *into, enum shell shell)
{
    str_add(into, shell == SHELL_CSH      ? "/bin/false;\n"
                  : shell == SHELL_PYTHON ? "_mlstatus = False\n"
                                          : "false\n");
}
