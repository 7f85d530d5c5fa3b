// SPDX-License-Identifier: Apache-2.0
#include "env/todo.h"

#include <string.h>

#include "base/mem.h"

static void add_word(struct str *into, const char *word)
{
    str_add_char(into, ' ');
    str_add_percent(into, word, strlen(word), "");
}

void todo_add(struct str *into, const char *verb, const char *one, const char *two)
{
    str_add(into, verb);
    add_word(into, one);
    if (two)
        add_word(into, two);
    str_add_char(into, '\n');
}

int todo_read(const char *line, char **ret_verb, struct str *ret_one, struct str *ret_two)
{
    CLEANUP_STRV struct strv word = {0};
    strv_split(&word, line, ' ');
    *ret_verb = NULL;
    if (word.count < 2 || str_add_unpercent(ret_one, word.item[1], strlen(word.item[1])) < 0 ||
        (word.count > 2 && str_add_unpercent(ret_two, word.item[2], strlen(word.item[2])) < 0))
        return 0;
    *ret_verb = mem_dup(word.item[0]);
    return (int)word.count - 1;
}
