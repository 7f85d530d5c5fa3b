// SPDX-License-Identifier: Apache-2.0
// x_wheel_solve: the solver for tests (cmd_x_wheel.c): a case as tests/cli/test_solve.py describes
// it -> the lines of what is found, or of why nothing is.
#include <stdlib.h>
#include <string.h>

#include "base/lang.h"
#include "base/table.h"
#include "cli/x_wheel.h"
#include "solve/solve.h"
#include "wheel/name.h"

struct x_version { // one line of the case
    struct piece normal;
    struct solve_candidate candidate;
    const char *url, *unreadable;
    struct piece *extra;
    size_t extra_count;
    struct require **need;
    size_t need_count;
};
struct x_words { // of one kind
    struct require **item;
    size_t count, room;
};
struct x_case {
    struct arena *arena;
    struct x_version *version;
    size_t count, room;
    struct table heads; // name -> 1 + place in `next` of its first version
    size_t *next;       // 1 + place of the next of that project; 0: none
    struct solve_candidate *answer;
    const char *where;
    struct x_words ask, constraint, override;
    struct strv only_final, all_prereleases;
    struct marker_env markers;
    struct solve_ask options;
    int reasons;
};

static const struct marker_env usual_markers = {
    .value = {"cpython", "3.11.4", "posix", "x86_64", "CPython", "5.10.0", "Linux", "#1",
              "3.11.4", "3.11", "linux", NULL},
};

static int x_versions(void *context, struct piece normal, const struct solve_candidate **ret,
                      size_t *ret_count, struct err *err)
{
    struct x_case *test = context;
    CLEANUP_FREE char *name = mem_dupn(normal.text, normal.size);
    const uint64_t *head = table_get(&test->heads, name);
    size_t count = 0;
    (void)err;
    for (size_t at = head ? *head : 0; at; at = test->next[at - 1])
        count += !test->version[at - 1].url;
    struct solve_candidate *found = arena_alloc(test->arena, (count + 1) * sizeof *found);
    count = 0;
    for (size_t at = head ? *head : 0; at; at = test->next[at - 1])
        if (!test->version[at - 1].url)
            found[count++] = test->version[at - 1].candidate;
    *ret = found;
    *ret_count = count;
    return 0;
}

static int x_at_url(void *context, struct piece normal, const char *url,
                    struct solve_candidate *ret, struct err *err)
{
    struct x_case *test = context;
    for (size_t i = 0; i < test->count; i++)
        if (test->version[i].url && strcmp(test->version[i].url, url) == 0 &&
            piece_compare(test->version[i].normal, normal) == 0) {
            *ret = test->version[i].candidate;
            return 0;
        }
    return err_set(err, ERR_NO_WHEEL, "%s", url);
}

static int x_needs(void *context, struct piece normal, size_t index, struct solve_needs *ret,
                   struct err *err)
{
    const struct x_case *test = context;
    const struct x_version *version = &test->version[index];
    (void)normal;
    (void)err;
    *ret = (struct solve_needs){version->need, version->need_count, version->extra,
                                version->extra_count, version->unreadable};
    return 0;
}

static void x_describe(void *context, struct piece normal, struct str *into)
{
    const struct x_case *test = context;
    size_t count = 0;
    for (size_t i = 0; test->where && i < test->count; i++) {
        const struct piece text = test->version[i].candidate.version.text;
        if (piece_compare(test->version[i].normal, normal) == 0 && !test->version[i].url)
            str_print(into, "%s%.*s", count++ ? ", " : "", (int)text.size, text.text);
    }
    if (test->where)
        str_print(into, "%s%s", count ? " " : "", test->where);
}

static const char *text_of(struct x_case *test, struct piece piece)
{
    return arena_dupn(test->arena, piece.text, piece.size);
}

// "was_broken" -> "was broken"
static const char *spaced(struct x_case *test, struct piece piece)
{
    char *text = arena_dupn(test->arena, piece.text, piece.size);
    for (char *at = text; *at; at++)
        if (*at == '_')
            *at = ' ';
    return text;
}

static void add_names(struct x_case *test, struct piece names, struct piece **ret,
                      size_t *ret_count)
{
    *ret = arena_alloc(test->arena, (names.size + 1) * sizeof **ret);
    for (struct piece rest = names; rest.text;)
        (*ret)[(*ret_count)++] = name_normal(test->arena, piece_cut(&rest, ','));
}

static int set_flag(struct x_case *test, struct x_version *version, struct piece word,
                    struct err *err)
{
    struct piece value = word, name = piece_cut(&value, '=');
    const char *text = value.text ? spaced(test, value) : "";
    if (piece_is(name, "yanked"))
        version->candidate.yanked = text;
    else if (piece_is(name, "installed"))
        version->candidate.installed = 1;
    else if (piece_is(name, "unusable"))
        version->candidate.unusable = text;
    else if (piece_is(name, "unreadable"))
        version->unreadable = text;
    else if (piece_is(name, "url"))
        version->url = text_of(test, value);
    else if (piece_is(name, "extras"))
        add_names(test, value, &version->extra, &version->extra_count);
    else
        return err_set(err, ERR_USAGE, _("unknown word '%.*s'"), (int)word.size, word.text);
    return 0;
}

static int add_require(struct x_case *test, struct x_words *into, struct piece text,
                       struct err *err)
{
    struct require *require = require_parse(test->arena, text, err);
    if (!require)
        return -1;
    mem_room(&into->item, &into->room, into->count + 1, sizeof(struct require *));
    into->item[into->count++] = require;
    return 0;
}

// NAME VERSION [FLAG...] [| REQUIREMENT]...
static int add_version(struct x_case *test, struct piece line, struct err *err)
{
    struct piece needs = line, head = piece_strip(piece_cut(&needs, '|'));
    struct x_words words = {0};
    mem_room(&test->version, &test->room, test->count + 1, sizeof *test->version);
    struct x_version *version = &test->version[test->count];
    *version = (struct x_version){0};
    version->normal = name_normal(test->arena, piece_cut(&head, ' '));
    struct piece number = piece_cut(&head, ' ');
    version->candidate = (struct solve_candidate){
        .version = {number, version_parse(test->arena, number, NULL)}, .index = test->count};
    int result = number.size ? 0 : err_set(err, ERR_USAGE, _("unknown word '%s'"), "");
    while (head.text && result == 0)
        result = set_flag(test, version, piece_cut(&head, ' '), err);
    while (needs.text && result == 0)
        result = add_require(test, &words, piece_strip(piece_cut(&needs, '|')), err);
    version->need = arena_alloc(test->arena, (words.count + 1) * sizeof(struct require *));
    if (words.count)
        memcpy(version->need, words.item, words.count * sizeof(struct require *));
    version->need_count = words.count;
    free(words.item);
    test->count++;
    return result;
}

static int set_option(struct x_case *test, struct piece word, struct err *err)
{
    struct solve_ask *options = &test->options;
    struct piece value = word, name = piece_cut(&value, '=');
    const char *text = value.text ? text_of(test, value) : "";
    if (piece_is(word, "verbose"))
        options->verbose = 1;
    else if (piece_is(word, "reasons"))
        test->reasons = 1;
    else if (piece_is(word, "lowest"))
        options->order = SOLVE_LOWEST;
    else if (piece_is(word, "lowest-direct"))
        options->order = SOLVE_LOWEST_DIRECT;
    else if (piece_is(word, "pre"))
        options->prereleases = PRERELEASES_YES;
    else if (piece_is(word, "final"))
        options->prereleases = PRERELEASES_NO;
    else if (piece_is(name, "only-final"))
        strv_split(&test->only_final, text, ',');
    else if (piece_is(name, "all-prereleases"))
        strv_split(&test->all_prereleases, text, ',');
    else if (piece_is(name, "python"))
        test->markers.value[MARKER_PYTHON_VERSION] = text;
    else if (piece_is(name, "steps"))
        options->steps = strtoul(text, NULL, 10);
    else
        return err_set(err, ERR_USAGE, _("unknown word '%.*s'"), (int)word.size, word.text);
    return 0;
}

static int read_line(struct x_case *test, struct piece line, struct err *err)
{
    struct piece value = line, key = piece_cut(&value, ' ');
    value = piece_strip(value);
    if (!line.size || *line.text == '#')
        return 0;
    if (piece_is(key, "ask:"))
        return add_require(test, &test->ask, value, err);
    if (piece_is(key, "constraint:"))
        return add_require(test, &test->constraint, value, err);
    if (piece_is(key, "override:"))
        return add_require(test, &test->override, value, err);
    if (piece_is(key, "where:")) {
        test->where = text_of(test, value);
        return 0;
    }
    if (!piece_is(key, "set:"))
        return add_version(test, line, err);
    while (value.text)
        if (set_option(test, piece_cut(&value, ' '), err) < 0)
            return -1;
    return 0;
}

static void link_versions(struct x_case *test)
{
    int new;
    test->next = mem_zero(test->count + 1, sizeof *test->next);
    for (size_t i = test->count; i-- > 0;) {
        uint64_t *head = table_put(&test->heads, text_of(test, test->version[i].normal), &new);
        test->next[i] = *head;
        *head = i + 1;
    }
}

static void add_reasons(struct str *text, const struct solve_result *result,
                        const struct solve_choice *choice)
{
    for (size_t i = 0; i < choice->reason_count; i++) {
        const struct solve_reason *reason = &choice->reason[i];
        str_add(text, i ? ", " : " < ");
        if (reason->by == SIZE_MAX)
            str_add(text, "you");
        else
            str_add_bytes(text, result->choice[reason->by].normal.text,
                          result->choice[reason->by].normal.size);
    }
}

static void show_choices(const struct x_case *test, struct x_line *line,
                         const struct solve_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct solve_choice *choice = &result->choice[i];
        CLEANUP_STR struct str text = {0};
        str_print(&text, "= %.*s", (int)choice->normal.size, choice->normal.text);
        for (size_t k = 0; k < choice->extra_count; k++)
            str_print(&text, "%s%.*s", k ? "," : "[", (int)choice->extra[k].size,
                      choice->extra[k].text);
        str_print(&text, "%s %.*s", choice->extra_count ? "]" : "",
                  (int)choice->candidate->version.text.size,
                  choice->candidate->version.text.text);
        if (choice->url)
            str_print(&text, " @ %s", choice->url);
        if (test->reasons)
            add_reasons(&text, result, choice);
        x_add_text(line, str_text(&text));
    }
}

static void show(const struct x_case *test, struct x_line *line,
                 const struct solve_result *result, int done, const struct err *why)
{
    if (done == 0) {
        show_choices(test, line, result);
    } else {
        CLEANUP_STR struct str text = {0};
        str_print(&text, "! %s: %s", err_name(why->code), why->text);
        x_add_text(line, str_text(&text));
    }
    for (size_t i = 0; i < result->warnings.count; i++) {
        CLEANUP_STR struct str text = {0};
        str_print(&text, "~ %s", result->warnings.item[i]);
        x_add_text(line, str_text(&text));
    }
    for (size_t i = 0; i < result->lines.count; i++) {
        CLEANUP_STR struct str text = {0};
        str_print(&text, "> %s", result->lines.item[i]);
        text.text[strcspn(text.text, "\t")] = ' ';
        x_add_text(line, str_text(&text));
    }
}

static void case_free(struct x_case *test)
{
    free(test->version);
    free(test->next);
    free(test->ask.item);
    free(test->constraint.item);
    free(test->override.item);
    strv_free(&test->only_final);
    strv_free(&test->all_prereleases);
    table_free(&test->heads);
}

int x_answer_solve(struct x_line *line, struct err *err)
{
    struct x_case test = {.arena = line->arena, .markers = usual_markers};
    CLEANUP_SOLVE struct solve_result result = {0};
    struct err why = {0};
    int read = 0;
    for (struct piece rest = line->field[0]; rest.text && read == 0;)
        read = read_line(&test, piece_strip(piece_cut(&rest, '\n')), err);
    if (read == 0) {
        link_versions(&test);
        const struct solve_provider provider = {&test, x_versions, x_at_url, x_needs,
                                                x_describe};
        struct solve_ask *ask = &test.options;
        ask->item = test.ask.item;
        ask->count = test.ask.count;
        ask->constraint = test.constraint.item;
        ask->constraint_count = test.constraint.count;
        ask->override = test.override.item;
        ask->override_count = test.override.count;
        ask->markers = &test.markers;
        ask->only_final = (const char *const *)test.only_final.item;
        ask->all_prereleases = (const char *const *)test.all_prereleases.item;
        int done = solve(&provider, ask, &result, &why);
        show(&test, line, &result, done, &why);
    }
    case_free(&test);
    return read;
}
