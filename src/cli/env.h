// SPDX-License-Identifier: Apache-2.0
// env: the verbs of `lopin env`.
#pragma once

#include "cli/cli.h"

extern const struct cli_command env_verbs[]; // ends with {0}

int env_check(struct cli *cli, struct err *err);
int env_lock(struct cli *cli, struct err *err);
int env_sync(struct cli *cli, struct err *err);
int env_show(struct cli *cli, struct err *err);
int env_verify(struct cli *cli, struct err *err);
int env_gc(struct cli *cli, struct err *err);
int env_thaw(struct cli *cli, struct err *err);
int env_pack(struct cli *cli, struct err *err);
int env_unpack(struct cli *cli, struct err *err);
