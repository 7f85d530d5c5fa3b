// SPDX-License-Identifier: Apache-2.0
// x_wheel_files: names and contents of files for tests (cmd_x_wheel.c).
#include "cli/x_wheel.h"

const struct x_verb x_file_verbs[] = {
    {0},
};
