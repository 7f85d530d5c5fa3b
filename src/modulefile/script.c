// SPDX-License-Identifier: Apache-2.0
#include "modulefile/script.h"

#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/mem.h"
#include "module/luatable.h"
#include "modulefile/lua_call.h"

// What a shell shows of itself, as fields that end with NUL: "F" NAME TEXT, "A" NAME VALUE, "C" LINE.
#define SHOW_BASH                                                                              \
    "( set +eu; unset IFS; for n in $(compgen -A function); do builtin printf "                \
    "'F\\0%s\\0%s\\0' \"$n\" \"$(declare -f \"$n\")\"; done; "                                 \
    "for n in \"${!BASH_ALIASES[@]}\"; do builtin printf 'A\\0%s\\0%s\\0' \"$n\" "             \
    "\"${BASH_ALIASES[$n]}\"; done; "                                                          \
    "complete -p 2>/dev/null | while IFS= read -r n; do builtin printf 'C\\0%s\\0' \"$n\"; "   \
    "done )\n"
#define SHOW_ZSH                                                                               \
    "( unsetopt errexit nounset; for n in ${(k)functions}; do builtin printf "                 \
    "'F\\0%s\\0%s\\0' $n \"{\n${functions[$n]}\n}\"; done; "                                   \
    "for n in ${(k)aliases}; do builtin printf 'A\\0%s\\0%s\\0' $n \"${aliases[$n]}\"; "       \
    "done )\n"
#define NEXT "/usr/bin/printf '=\\0'\n"
#define LAST NEXT "/usr/bin/env -0\n"

struct shell {
    const char *name, *options, *before, *source, *redirect, *show;
};
static const struct shell shells[] = {
    {"bash", "--noprofile\n--norc\n-c", "set -e\n", ".", " >&2", SHOW_BASH},
    {"zsh", "-f\n-c", "setopt errexit\n", ".", " >&2", SHOW_ZSH},
    {"ksh", "-c", "set -e\n", ".", " >&2", ""},
    {"sh", "-c", "set -e\n", ".", " >&2", ""},
    {"tcsh", "-e\n-f\n-c", "", "source", " >& /dev/null", ""},
};
struct view {                        // what a shell shows
    struct strv names[3], values[3]; // functions, aliases, completions
};
enum { FUNCTIONS, ALIASES, COMPLETIONS };

static void view_free(struct view *view)
{
    for (int i = 0; i < 3; i++) {
        strv_free(&view->names[i]);
        strv_free(&view->values[i]);
    }
}

// Between the braces of a function's text.
static char *body_of(const char *text)
{
    const char *open = strchr(text, '{'), *close = strrchr(text, '}');
    return open && close > open ? mem_dupn(open + 1, (size_t)(close - open - 1))
                                : mem_dup(text);
}

// "complete OPTION... NAME"
static void add_completion(struct view *view, const char *line)
{
    const char *name = strrchr(line, ' ');
    size_t begin = strlen("complete ");
    if (!str_starts(line, "complete ") || name < line + begin)
        return;
    strv_add(&view->names[COMPLETIONS], name + 1);
    strv_take(&view->values[COMPLETIONS],
              mem_dupn(line + begin, (size_t)(name - line) - begin));
}

// Reads to the mark "=" and returns what is behind it.
static const char *read_view(const char *at, const char *end, struct view *view)
{
    while (at < end && strcmp(at, "=") != 0) {
        char kind = *at;
        at += strlen(at) + 1;
        if (kind == 'C' && at < end) {
            add_completion(view, at);
        } else if (at < end) {
            int which = kind == 'F' ? FUNCTIONS : ALIASES;
            strv_add(&view->names[which], at);
            at += strlen(at) + 1;
            if (which == FUNCTIONS)
                strv_take(&view->values[which], body_of(at < end ? at : ""));
            else
                strv_add(&view->values[which], at < end ? at : "");
        }
        if (at < end)
            at += strlen(at) + 1;
    }
    return at < end ? at + 2 : end;
}

static void add_quoted(struct str *into, const char *text)
{
    str_add_char(into, '"');
    for (; *text; text++) {
        if (strchr("\"\\\n", *text))
            str_add_char(into, '\\');
        str_add_char(into, *text);
    }
    str_add_char(into, '"');
}

static void add_call(struct strv *calls, const char *name, const char *const *arguments)
{
    struct str text = {0};
    str_add(&text, name);
    for (int i = 0; arguments[i]; i++) {
        str_add_char(&text, i ? ',' : '(');
        add_quoted(&text, arguments[i]);
    }
    str_add_char(&text, ')');
    strv_take(calls, str_take(&text));
}

static const char *value_in(const struct view *view, int which, const char *name)
{
    for (size_t i = 0; i < view->names[which].count; i++)
        if (strcmp(view->names[which].item[i], name) == 0)
            return view->values[which].item[i];
    return NULL;
}

static void add_words(struct strv *calls, const char *shell, const struct view *before,
                      const struct view *after)
{
    static const int order[] = {ALIASES, FUNCTIONS, COMPLETIONS};
    for (size_t k = 0; k < COUNT(order); k++) {
        int which = order[k];
        for (size_t i = 0; i < after->names[which].count; i++) {
            const char *name = after->names[which].item[i];
            const char *value = after->values[which].item[i];
            const char *old = value_in(before, which, name);
            if (old && strcmp(old, value) == 0)
                continue;
            if (which == ALIASES)
                add_call(calls, "set_alias", (const char *[]){name, value, NULL});
            else if (which == FUNCTIONS)
                add_call(calls, "set_shell_function", (const char *[]){name, value, "", NULL});
            else
                add_call(calls, "complete", (const char *[]){shell, name, value, NULL});
        }
    }
}

// Of the shell itself, of a person and their terminal, or of modules: no matter of a script.
static int is_private(const char *name)
{
    static const char *const names[] = {
        "BASH_ENV",   "COLUMNS",  "DISPLAY",    "EDITOR",      "ENV",           "GROUP",
        "HISTFILE",   "HISTSIZE", "HOME",       "HOST",        "HOSTTYPE",      "LC_ALL",
        "LINES",      "LOGNAME",  "MACHTYPE",   "MAILER",      "OLDPWD",        "OSTYPE",
        "PAGER",      "PRINTER",  "PS1",        "PS2",         "PWD",           "REPLYTO",
        "REMOTEHOST", "SHELL",    "SHLVL",      "SSH_ASKPASS", "SSH_TTY",       "TERM",
        "TTY",        "TZ",       "USER",       "VENDOR",      "VISUAL",        "_",
        "module",     "FPATH",    "SSH_CLIENT", "ENV2",        "SSH_CONNECTION"};
    static const char *const begins[] = {"_ModuleTable", "BASH_FUNC_", "LMOD_", "__LMOD_"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return 1;
    for (size_t i = 0; i < COUNT(begins); i++)
        if (str_starts(name, begins[i]))
            return 1;
    return strcmp(name, "MODULESHOME") == 0;
}

// Where the old entries stand among the new ones, in their order; -1: nowhere.
static long place_of(const struct strv *old, const struct strv *new)
{
    for (size_t at = 0; at + old->count <= new->count; at++) {
        size_t same = 0;
        while (same < old->count && strcmp(old->item[same], new->item[at + same]) == 0)
            same++;
        if (same == old->count)
            return (long)at;
    }
    return -1;
}

// What stands before or behind the old value is an entry of a list.
static void add_variable(struct strv *calls, const char *name, const char *old,
                         const char *value)
{
    CLEANUP_STRV struct strv before = {0}, after = {0};
    strv_split(&before, old ? old : "", ':');
    strv_split(&after, value, ':');
    long place = old && before.count < after.count ? place_of(&before, &after) : -1;
    if (place < 0) {
        add_call(calls, "setenv", (const char *[]){name, value, NULL});
        return;
    }
    for (size_t i = (size_t)place; i-- > 0;)
        add_call(calls, "prepend_path", (const char *[]){name, after.item[i], NULL});
    for (size_t i = (size_t)place + before.count; i < after.count; i++)
        add_call(calls, "append_path", (const char *[]){name, after.item[i], NULL});
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_variables(const struct engine *engine, const char *at, const char *end,
                          struct strv *calls)
{
    CLEANUP_STRV struct strv entries = {0};
    for (; at < end; at += strlen(at) + 1)
        strv_add(&entries, at);
    if (entries.count)
        qsort(entries.item, entries.count, sizeof *entries.item, compare);
    for (size_t i = 0; i < entries.count; i++) {
        size_t size = strcspn(entries.item[i], "=");
        if (!entries.item[i][size])
            continue;
        CLEANUP_FREE char *name = mem_dupn(entries.item[i], size);
        const char *value = entries.item[i] + size + 1, *old = lua_system_get(engine, name);
        if (!is_private(name) && (!old || strcmp(old, value) != 0))
            add_variable(calls, name, old, value);
    }
}

static int run(struct engine *engine, const struct shell *shell, const char *script,
               struct str *out)
{
    CLEANUP_STR struct str error = {0};
    CLEANUP_STRV struct strv argv = {0};
    CLEANUP_FREE char *program =
        mem_print("%s%s" NEXT "%s %s%s\n%s" LAST, shell->before, shell->show, shell->source,
                  script, shell->redirect, shell->show);
    int status;
    strv_add(&argv, shell->name);
    strv_split(&argv, shell->options, '\n');
    strv_add(&argv, program);
    if (lua_system_run(engine, argv.item, out, &error, &status) < 0)
        return -1;
    if (!status)
        return 0;
    while (error.size && error.text[error.size - 1] == '\n')
        error.text[--error.size] = '\0';
    return err_set(&engine->err, ERR_MODULE, _("%s: the script '%s' ends with status %d: %s"),
                   engine->frame->file, script, status, str_text(&error));
}

static int read_script(struct engine *engine, const char *shell, const char *script,
                       struct strv *calls)
{
    const struct shell *known = &shells[0];
    for (size_t i = 0; i < COUNT(shells); i++)
        if (strcmp(shell, shells[i].name) == 0)
            known = &shells[i];
    CLEANUP_STR struct str out = {0};
    if (run(engine, known, script, &out) < 0)
        return -1;
    struct view before = {0}, after = {0};
    const char *end = str_text(&out) + out.size;
    const char *at = read_view(str_text(&out), end, &before);
    at = read_view(at, end, &after);
    add_variables(engine, at, end, calls);
    add_words(calls, known->name, &before, &after);
    view_free(&before);
    view_free(&after);
    return 0;
}

int script_calls(struct engine *engine, const char *shell, const char *script,
                 struct strv *calls)
{
    struct loaded_module *module = loaded_get(&engine->loaded, engine->frame->name);
    size_t before = calls->count;
    for (size_t i = 0; module && i + 1 < module->scripts.count; i += 2)
        if (strcmp(module->scripts.item[i], script) == 0)
            strv_add(calls, module->scripts.item[i + 1]);
    if (engine->mode != ENGINE_LOAD || calls->count > before)
        return 0;
    if (read_script(engine, shell, script, calls) < 0)
        return -1;
    for (size_t i = before; module && i < calls->count; i++) {
        strv_add(&module->scripts, script);
        strv_add(&module->scripts, calls->item[i]);
    }
    return 0;
}

const char *script_parse(const char *call, struct strv *arguments)
{
    static const char *const allowed[] = {"setenv",    "prepend_path",       "append_path",
                                          "set_alias", "set_shell_function", "complete"};
    size_t size = strcspn(call, "(");
    const char *end = strrchr(call, ')');
    if (!call[size] || !end)
        return NULL;
    for (size_t i = 0; i < COUNT(allowed); i++) {
        if (strlen(allowed[i]) != size || strncmp(allowed[i], call, size) != 0)
            continue;
        struct arena arena = {0};
        CLEANUP_FREE char *list =
            mem_print("{%.*s}", (int)(end - call - (long)size - 1), call + size + 1);
        const struct luatable *table = luatable_read(&arena, list, strlen(list), NULL);
        int good = table != NULL;
        for (size_t k = 0; table && k < table->count; k++) {
            good &= table->item[k].kind == LUATABLE_STRING;
            if (good)
                strv_add(arguments, table->item[k].text);
        }
        arena_free(&arena);
        return good ? allowed[i] : NULL;
    }
    return NULL;
}
