// SPDX-License-Identifier: Apache-2.0
#include "module/stack.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "module/base64.h"

struct entry {
    char *value; // NULL: unset
    char *owner; // "": the user's own; NULL: not known
};
struct stack {
    char *lmod, *modules; // names of the variables
    struct entry *item;   // the newest first
    size_t count, room;
    int has_owners; // it is as Environment Modules has it
};

static void stack_free(struct stack *stack)
{
    for (size_t i = 0; i < stack->count; i++) {
        free(stack->item[i].value);
        free(stack->item[i].owner);
    }
    free(stack->item);
    free(stack->lmod);
    free(stack->modules);
}

static void add(struct stack *stack, size_t place, char *value, char *owner)
{
    mem_room(&stack->item, &stack->room, stack->count + 1, sizeof *stack->item);
    memmove(stack->item + place + 1, stack->item + place,
            (stack->count++ - place) * sizeof *stack->item);
    stack->item[place] = (struct entry){value, owner};
}

static void drop(struct stack *stack, size_t place)
{
    free(stack->item[place].value);
    free(stack->item[place].owner);
    memmove(stack->item + place, stack->item + place + 1,
            (--stack->count - place) * sizeof *stack->item);
}

static void read_lmod(struct stack *stack, const char *text)
{
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, text, ':');
    for (size_t i = 0; i < parts.count; i++) {
        const char *part = parts.item[i];
        CLEANUP_STR struct str value = {0};
        int is_set = strcmp(part, "false") != 0 && base64_read(part, strlen(part), &value) == 0;
        add(stack, stack->count, is_set ? str_take(&value) : NULL, NULL);
    }
}

// "b/1&two:a/1&one:&user". A value may have a ':' too: a part without an '&' belongs to the one before.
static void read_modules(struct stack *stack, const char *text)
{
    CLEANUP_STRV struct strv parts = {0};
    strv_split(&parts, text, ':');
    for (size_t i = 0; i < parts.count; i++) {
        const char *part = parts.item[i], *mark = strchr(part, '&');
        struct entry *last = stack->count ? &stack->item[stack->count - 1] : NULL;
        if (mark) {
            add(stack, stack->count, mem_dup(mark + 1), mem_dupn(part, (size_t)(mark - part)));
        } else if (last) {
            char *whole = mem_print("%s:%s", last->value, part);
            free(last->value);
            last->value = whole;
        }
    }
    stack->has_owners = stack->count > 0;
}

// Environment Modules has no word for what is unset: that is in Lmod's, if both are of the same values.
static void read_unset(struct stack *stack, const char *text)
{
    struct stack lmod = {0};
    read_lmod(&lmod, text);
    int is_same = lmod.count == stack->count;
    for (size_t i = 0; i < lmod.count && is_same; i++)
        is_same =
            strcmp(stack->item[i].value, lmod.item[i].value ? lmod.item[i].value : "") == 0;
    for (size_t i = 0; i < lmod.count && is_same; i++)
        if (!lmod.item[i].value) {
            free(stack->item[i].value);
            stack->item[i].value = NULL;
        }
    stack_free(&lmod);
}

static void stack_read(struct stack *stack, const struct vars *vars, const char *name)
{
    *stack = (struct stack){.lmod = mem_print("__LMOD_STACK_%s", name),
                            .modules = mem_print("__MODULES_PUSHENV_%s", name)};
    const char *lmod = vars_get(vars, stack->lmod);
    const char *modules = vars_get(vars, stack->modules);
    if (modules && *modules)
        read_modules(stack, modules);
    if (lmod && stack->has_owners)
        read_unset(stack, lmod);
    else if (lmod)
        read_lmod(stack, lmod);
}

static void settle(struct vars *vars, const char *name, const struct str *text, int is_there)
{
    if (is_there)
        vars_set(vars, name, str_text(text));
    else
        vars_unset(vars, name);
}

// Of what was pushed by nobody knows whom Environment Modules could only keep it for ever.
static void stack_write(const struct stack *stack, struct vars *vars)
{
    CLEANUP_STR struct str lmod = {0}, modules = {0};
    int has_owners = 0;
    for (size_t i = 0; i < stack->count; i++) {
        const struct entry *entry = &stack->item[i];
        const char *owner = entry->owner;
        has_owners |= owner && *owner;
        str_add(&lmod, i ? ":" : "");
        if (entry->value)
            base64_add(&lmod, entry->value, strlen(entry->value));
        else
            str_add(&lmod, "false");
        if (!owner && i + 1 == stack->count)
            owner = "";
        if (owner)
            str_print(&modules, "%s%s&%s", modules.size ? ":" : "", owner,
                      entry->value ? entry->value : "");
    }
    settle(vars, stack->lmod, &lmod, stack->count > 0);
    settle(vars, stack->modules, &modules, stack->has_owners && has_owners);
}

static void set(struct vars *vars, const char *name, const char *value)
{
    if (value)
        vars_set(vars, name, value);
    else
        vars_unset(vars, name);
}

void stack_push(struct vars *vars, const struct stack_change *change)
{
    struct stack stack;
    stack_read(&stack, vars, change->name);
    const char *now = vars_get(vars, change->name);
    const char *top = stack.count ? stack.item[0].value : NULL;
    // Environment Modules has taken the last of it, and leaves what is Lmod's
    int is_left = change->noted && !stack.has_owners && stack.count &&
                  (!now || !top ? now != top : strcmp(now, top) != 0);
    while (is_left && stack.count)
        drop(&stack, 0);
    if (!stack.count && now)
        add(&stack, 0, mem_dup(now), mem_dup(""));
    add(&stack, 0, mem_dup(change->value), mem_dup(change->owner));
    stack.has_owners |= change->noted;
    stack_write(&stack, vars);
    set(vars, change->name, change->value);
    stack_free(&stack);
}

// Which one to take: the owner's, and of several the one of that value. Lmod's have none: the newest.
static size_t place_of(const struct stack *stack, const struct stack_change *change)
{
    size_t found = stack->has_owners ? stack->count : 0;
    for (size_t i = stack->count; i-- > 0 && stack->has_owners;) {
        const char *value = stack->item[i].value;
        if (!stack->item[i].owner || strcmp(stack->item[i].owner, change->owner) != 0)
            continue;
        found = i;
        if (value && change->value && strcmp(value, change->value) == 0)
            break;
    }
    return found;
}

void stack_pop(struct vars *vars, const struct stack_change *change)
{
    struct stack stack;
    stack_read(&stack, vars, change->name);
    size_t place = place_of(&stack, change);
    if (place < stack.count)
        drop(&stack, place);
    set(vars, change->name, stack.count ? stack.item[0].value : NULL);
    if (stack.count == 1 && stack.item[0].owner && !*stack.item[0].owner)
        drop(&stack, 0);
    stack_write(&stack, vars);
    stack_free(&stack);
}
