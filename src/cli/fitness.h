// SPDX-License-Identifier: Apache-2.0
// fitness: an environment that cannot work on this machine is refused before anything of it is loaded,
// with what to do: [env-broken], [cpu-level], [glibc].
#pragma once

#include "cli/cli.h"
#include "env/python.h"

struct fit; // of env/fit.h, not the one of run/progress.h
struct site;
struct stamp_machine;

// What run, map and exec ask before they start an interpreter. One that is of no environment of
// lopin's fits. LOPIN_GUARD=off fits whatever it is. Returns 0, or -1 with err.
int fitness_check(const struct cli *cli, const struct python *python, struct err *err);
// [env-broken] if the interpreter is another than the environment was made for. Returns 0, or -1 with err.
int fitness_python(const struct site *site, const struct facts *facts, struct err *err);
// [env-broken] in place of err's [no-env] or [no-python], where the environment that is named or active
// has lost its interpreter or its packages. Returns -1.
int fitness_why(const struct cli *cli, const char *env, struct err *err);
// [cpu-level] if a package of the environment needs a newer processor than one of these partitions has by
// the site's file. Returns 0, or -1 with err.
int fitness_partitions(const struct cli *cli, const struct python *python,
                       const struct strv *partitions, struct err *err);
// Makes an error of the worst that does not fit; `here`: the machine is this one.
int fitness_refuse(const struct cli *cli, const struct python *python, const struct site *site,
                   const struct fit *fit, const struct stamp_machine *machine, int here,
                   struct err *err);
// A line where what was installed cannot run on this machine, for newer ones.
void fitness_say(const struct cli *cli, const struct python *python, const char *prefix);
