// SPDX-License-Identifier: Apache-2.0
// env_unpack: an image becomes an environment, once a node.
#pragma once

#include "cli/cli.h"

#define ENV_UNPACK_FOLDER "images" // in lopin-UID on the node's own disk

// Unpacks `file` (absolute) into `goal` (absolute), or, if that is NULL, on the node's own disk under
// a name of the image and its interpreter; what is there of the same image already is used. *ret
// (yours): the environment's folder. Returns 0, or -1 with err: [bad-image], [no-python], [usage] (something
// else is at `goal`), [disk-full], [system]; nothing of it stays then.
int env_unpack_image(struct cli *cli, const char *file, const char *goal, char **ret,
                     struct err *err);
// This user's folder on the node's own disk: in what the site names, a job's own, the machine's. Yours; NULL
// with err.
char *env_unpack_local(const struct cli *cli, struct err *err);
// Where --env names a file: unpacks it on the node's own disk, and --env is the folder then. Returns 0, or
// -1 with err.
int env_unpack_for_line(struct cli *cli, struct err *err);
