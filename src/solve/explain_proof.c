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
    struct strv *lines;
    struct step *stack;
    size_t depth, room, said;
    const struct incompat *last; // said by the step before
    struct incompat **walked;    // to set their numbers back
    size_t walked_room;
};

static void push(struct proof *proof, struct incompat *incompat)
{
    if (incompat->cause != CAUSE_LEARNED || incompat->number)
        return;
    mem_room(&proof->stack, &proof->room, proof->depth + 1, sizeof *proof->stack);
    proof->stack[proof->depth++] = (struct step){incompat, 0};
}

static void say(struct proof *proof, const char *label, const struct incompat *incompat)
{
    CLEANUP_STR struct str text = {0};
    words_add_incompat(&text, incompat);
    if (incompat->number)
        str_print(&text, " (%zu)", incompat->number);
    strv_take(proof->lines, mem_print("%s\t%s", label, str_text(&text)));
}

static void conclude(struct proof *proof, struct incompat *incompat)
{
    const struct incompat *one = incompat->from[0], *two = incompat->from[1];
    if (two == proof->last) {
        two = one;
        one = proof->last;
    }
    if (proof->said < EXPLAIN_STEPS) {
        if (one != proof->last)
            say(proof, "because", one);
        say(proof, "and", two);
    }
    mem_room(&proof->walked, &proof->walked_room, proof->said + 1, sizeof *proof->walked);
    proof->walked[proof->said++] = incompat;
    incompat->number = proof->said;
    proof->last = incompat;
    if (proof->said <= EXPLAIN_STEPS)
        say(proof, "so", incompat);
}

void explain_proof(struct incompat *failure, struct strv *lines)
{
    struct proof proof = {.lines = lines};
    push(&proof, failure);
    while (proof.depth) {
        struct step *top = &proof.stack[proof.depth - 1];
        struct incompat *incompat = top->incompat;
        if (!top->ready) {
            top->ready = 1;
            push(&proof, incompat->from[1]);
            push(&proof, incompat->from[0]);
            continue;
        }
        proof.depth--;
        if (!incompat->number)
            conclude(&proof, incompat);
    }
    if (proof.said > EXPLAIN_STEPS) {
        size_t more = proof.said - EXPLAIN_STEPS;
        CLEANUP_STR struct str text = {0};
        str_print(&text, lang_plural("%zu more step", "%zu more steps", more), more);
        strv_take(lines, mem_print("so\t%s", str_text(&text)));
    }
    for (size_t i = 0; i < proof.said; i++)
        proof.walked[i]->number = 0;
    free(proof.walked);
    free(proof.stack);
}
