// SPDX-License-Identifier: Apache-2.0
// folder: a temporary folder for a test, as current folder; and files in it.
#pragma once

#include <stddef.h>

// cmocka's setup and teardown: *state is the absolute path, the current folder is it, and afterwards it is gone.
int folder_setup(void **state);
int folder_teardown(void **state);
// Writes a file in the current folder, its folders made; ends the test by assertion if it cannot.
void folder_write(const char *path, const void *bytes, size_t size);
void folder_text(const char *path, const char *text);
int folder_fd(const char *path); // a descriptor of a folder
