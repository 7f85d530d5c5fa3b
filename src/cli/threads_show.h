// SPDX-License-Identifier: Apache-2.0
// threads_show: what `lopin threads` has seen, as text and as JSON (docs/formats.md, "threads --json").
#pragma once

#include "cli/cli.h"
#include "cli/threads_words.h"
#include "threads/scene.h"

struct threads_target { // free with threads_target_free
    pid_t *roots;
    size_t count;
    char *title;  // "python3 fit.py (4242)", "run 7"; visible
    unsigned run; // of a run; 0
    long runner;  // whose children are its tasks; 0
    char *job;    // of a Slurm job; NULL
    int separate, in_tasks;
    int on_screen; // which has no more room, whatever is typed
};
void threads_target_free(struct threads_target *target);
// A group as its words are made of; `libraries`, empty, is lent to it.
struct words_case threads_case(const struct scene *scene, size_t group, struct str *libraries);
// Adds the text, each line with its newline. `rows`: of the table of processes, at most.
void threads_add(struct str *into, const struct term *term, const struct scene *scene,
                 const struct threads_target *target, size_t rows);
// Adds a line of that moment: what is asked for and the verdict.
void threads_add_line(struct str *into, const struct scene *scene);
// Adds an object as one line. Returns 0, or -1.
int threads_add_json(struct str *into, const struct scene *scene,
                     const struct threads_target *target);
