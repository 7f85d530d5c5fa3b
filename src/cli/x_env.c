// SPDX-License-Identifier: Apache-2.0
// x_env: what tests ask of the room of environments.
#include <stdlib.h>
#include <unistd.h>

#include "cli/x_wheel.h"
#include "env/profile.h"

// INTERPRETER, PYTHONPATH -> the values of markers (all but "extra"), then the tags, best first.
static int answer_profile(struct x_line *line, struct err *err)
{
    CLEANUP_VARS struct vars vars = {0};
    struct python python;
    struct profile profile = {0};
    const struct python_ask ask = {.want = line->field[0].text, .vars = &vars};
    vars_copy(&vars, environ);
    vars_set(&vars, "PYTHONPATH", line->field[1].text);
    if (python_find(&ask, &python, err) < 0)
        return -1;
    int status = profile_read(&python, &vars, &profile, err);
    for (int i = 0; status == 0 && i < MARKER_EXTRA; i++)
        x_add_text(line, profile.markers.value[i]);
    for (size_t i = 0; status == 0 && i < profile.tags.count; i++)
        x_add_text(line, profile.tags.item[i]);
    profile_free(&profile);
    python_free(&python);
    return status;
}

const struct x_verb x_env_verbs[] = {
    {"profile", 2, answer_profile},
    {NULL, 0, NULL},
};
