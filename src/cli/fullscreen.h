// SPDX-License-Identifier: Apache-2.0
// fullscreen: a whole terminal for as long as something is watched, and what is typed there.
#pragma once

#include "base/err.h"
#include "base/str.h"
#include "base/term.h"

struct fullscreen;
// Takes the terminal: its other screen (as vi and less do), keys as they are typed. Borrows `term`. NULL
// with err. The terminal is as before after fullscreen_free, also when a signal ends us.
struct fullscreen *fullscreen_new(const struct term *term, struct err *err);
void fullscreen_free(struct fullscreen *screen);
// Waits. Returns 1 when the person wants to leave (q, Ctrl-C, a signal).
int fullscreen_wait(struct fullscreen *screen, int timeout_ms);
// Shows lines, as many as there is room for, each cut to the width, and `footer` on the last line.
void fullscreen_show(struct fullscreen *screen, const struct str *lines, const char *footer);
