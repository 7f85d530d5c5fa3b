// SPDX-License-Identifier: Apache-2.0
// pip_real: the real pip, wherever there is one.
#pragma once

#include "env/python.h"

// Adds the words that start it for an interpreter whose folder of packages is `packages`. Returns 0,
// or -1 if there is none.
int pip_real_words(const char *packages, const struct python *python, struct strv *ret);
// The wheels that the installation carries for venv (ensurepip's pip; setuptools before 3.12): adds
// their paths.
void pip_real_bundled(const struct python *python, struct strv *ret);
