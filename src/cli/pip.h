// SPDX-License-Identifier: Apache-2.0
// pip: what the verbs of `lopin pip` share: the environment that they are about.
#pragma once

#include "cli/cli.h"
#include "env/dist.h"
#include "env/profile.h"
#include "env/python.h"
#include "env/site.h"

struct pip { // free with pip_close
    struct cli *cli;
    struct site site;
    struct dists dists; // of the environment, then of the installation where it sees it
    struct strv odd;    // distributions that cannot be read
};
// The environment of --env, VIRTUAL_ENV or CONDA_PREFIX, and what is installed in it. Returns 0, or -1
// with [no-env]. pip_close also after failure.
int pip_open(struct cli *cli, struct pip *ret, struct err *err);
void pip_close(struct pip *pip);
// Its interpreter.
int pip_python(const struct pip *pip, struct python *ret, struct err *err);
// Adds the line of `pip freeze`: "name==1.0", or where it came from (PEP 610).
void pip_add_frozen(struct str *into, const struct dist *dist, int is_public);
// Whether a distribution is the environment's own.
int pip_is_own(const struct pip *pip, const struct dist *dist);
// pip's own tools, which a requirements file does not name.
int pip_is_tool(const struct pip *pip, const struct dist *dist);
struct pip_scene { // an open environment and what its interpreter is
    struct pip pip;
    struct python python;
    struct profile profile;
};
// As pip_open, and what markers are compared with. pip_scene_close also after failure.
int pip_scene_open(struct cli *cli, struct pip_scene *ret, struct err *err);
void pip_scene_close(struct pip_scene *scene);

extern const struct cli_command pip_verbs[]; // ends with {0}

int pip_install(struct cli *cli, struct err *err);
int pip_uninstall(struct cli *cli, struct err *err);
int pip_freeze(struct cli *cli, struct err *err);
int pip_list(struct cli *cli, struct err *err);
int pip_show(struct cli *cli, struct err *err);
int pip_check(struct cli *cli, struct err *err);
int pip_other(struct cli *cli, const char *verb, struct err *err); // by the real pip
