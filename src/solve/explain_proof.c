// SPDX-License-Identifier: Apache-2.0
// explain_proof: each step of a proof: because ... and ... so ...; those that are used again are
// numbered.
#include <stdlib.h>

#include "base/lang.h"
#include "solve/explain.h"
#include "solve/words.h"

struct step {
    struct incompat *incompat;
    int ready; // what it follows from has been said
};
struct proof {
    struct strv *lines; // NULL: only to find what is used again
    struct step *stack;
    size_t depth, room;
    const struct incompat *last; // said by the step before
    struct incompat **said;      // in order
    size_t count, said_room;
    size_t numbers;
};
enum { AGAIN = 1, DONE = 2 }; // in incompat->walk

static void push(struct proof *proof, struct incompat *incompat)
{
    if (incompat->cause != CAUSE_LEARNED || incompat->walk & DONE)
        return;
    mem_room(&proof->stack, &proof->room, proof->depth + 1, sizeof *proof->stack);
    proof->stack[proof->depth++] = (struct step){incompat, 0};
}

static void say(struct proof *proof, const char *label, struct incompat *incompat)
{
    CLEANUP_STR struct str text = {0};
    if (!proof->lines) {
        incompat->walk |= AGAIN;
        return;
    }
    words_add_incompat(&text, incompat);
    if (incompat->number)
        str_print(&text, " (%zu)", incompat->number);
    strv_take(proof->lines, mem_print("%s\t%s", label, str_text(&text)));
}

static void conclude(struct proof *proof, struct incompat *incompat)
{
    struct incompat *one = incompat->from[0], *two = incompat->from[1];
    if (two == proof->last) {
        two = one;
        one = incompat->from[1];
    }
    if (proof->count < EXPLAIN_STEPS) {
        if (one != proof->last)
            say(proof, "because", one);
        say(proof, "and", two);
    }
    mem_room(&proof->said, &proof->said_room, proof->count + 1, sizeof *proof->said);
    proof->said[proof->count++] = incompat;
    incompat->walk |= DONE;
    proof->last = incompat;
    if (!proof->lines || proof->count > EXPLAIN_STEPS)
        return;
    if (incompat->walk & AGAIN)
        incompat->number = ++proof->numbers;
    say(proof, "so", incompat);
}

static void walk(struct proof *proof, struct incompat *failure)
{
    push(proof, failure);
    while (proof->depth) {
        struct step *top = &proof->stack[proof->depth - 1];
        struct incompat *incompat = top->incompat;
        if (!top->ready) {
            top->ready = 1;
            push(proof, incompat->from[1]);
            push(proof, incompat->from[0]);
            continue;
        }
        proof->depth--;
        if (!(incompat->walk & DONE))
            conclude(proof, incompat);
    }
    for (size_t i = 0; i < proof->count; i++)
        proof->said[i]->walk &= AGAIN;
}

void explain_proof(struct incompat *failure, struct strv *lines)
{
    struct proof first = {0}, proof = {.lines = lines};
    walk(&first, failure);
    walk(&proof, failure);
    if (proof.count > EXPLAIN_STEPS) {
        size_t more = proof.count - EXPLAIN_STEPS;
        CLEANUP_STR struct str text = {0};
        str_print(&text, lang_plural("%zu more step", "%zu more steps", more), more);
        strv_take(lines, mem_print("so\t%s", str_text(&text)));
    }
    free(first.said);
    free(first.stack);
    free(proof.said);
    free(proof.stack);
}
