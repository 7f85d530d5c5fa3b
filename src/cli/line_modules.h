// SPDX-License-Identifier: Apache-2.0
// line_modules: modules that a line is computed with: those that it names, a site's module of Python, those
// that an environment was made with. They are evaluated here, without a shell, and what they make of
// the environment is cli->vars from then on.
#pragma once

#include "base/hash.h"
#include "cli/cli.h"
#include "modulefile/engine.h"
#include "run/spec.h"

// Whether a word of a line can be a module's name: "my tool/1" and "py@3.9:" can, " gcc" and "a:b" cannot.
int line_modules_is_name(const char *text);
// Loads modules by names ("gcc", "python/3.11"; "-gcc" unloads), each that is not in force yet; full names go
// to cli->modules. What modulefiles say is said. Returns 0, or -1 with [no-module], [module-failed],
// [module-state]; then nothing has changed.
int line_modules_load(struct cli *cli, const struct strv *names, struct err *err);
// The same by an engine that something was asked of before; line_modules_begin begins it as they do. engine_free
// also after failure.
int line_modules_begin(const struct cli *cli, struct engine *engine, struct err *err);
int line_modules_load_by(struct cli *cli, struct engine *engine, const struct strv *names,
                         struct err *err);
// Makes of the cures of an error, as they are typed with the function `module`, lines without it.
void line_modules_words(struct err *err);
// Of the line (--module), before anything is made.
int line_modules(struct cli *cli, struct err *err);
// Before an interpreter is looked for. With --env or an active environment: the modules that it was made
// with. Else, where the site's Python is a module (`python = "module:..."`): the newest whose version
// fits `want` (NULL: its default), and before it the site's modules; none that fits is no error here.
// Returns 0, or -1 with err, also [env-broken].
int line_modules_python(struct cli *cli, const char *want, struct err *err);
// The modules that the environment of a folder was made with. [env-broken] where one cannot be had.
int line_modules_env(struct cli *cli, const char *prefix, struct err *err);
// Whether a program is one of those that these modules put on PATH.
int line_modules_own(const struct cli *cli, const char *program);
// Where a run remembers them: adds to `into` those of cli->modules that it has not.
void line_modules_keep(const struct cli *cli, struct strv *into);
// "gcc/12.3.0, python/3.11.5".
void line_modules_add(const struct strv *names, struct str *into);
// "gcc/12.3.0:python/3.11.5", as LOADEDMODULES has them. Yours.
char *line_modules_joined(const struct cli *cli);
// The interpreter of a run on this machine, once its modules are loaded. Yours; NULL: that of its image, or none.
char *line_modules_program(const struct cli *cli, const struct spec *spec);
// Adds the names to a hash, if there are any.
void line_modules_hash(const struct cli *cli, struct hash *hash);
// Adds what modules there are of the site's Python, where none fitted.
int line_modules_hint(const struct cli *cli, struct err *err);
