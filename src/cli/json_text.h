// SPDX-License-Identifier: Apache-2.0
// json_text: names of files in JSON, which is UTF-8, though they are any bytes.
#pragma once

#include <jansson.h>

#include "base/err.h"
#include "cli/cli.h"

// A JSON string; each byte that is not part of valid UTF-8 becomes U+FFFD. NULL gives null. A
// new reference.
json_t *json_text(const char *bytes);
// Sets `name`. If the bytes were not valid UTF-8, they also stand %XX-coded under "bytes" for a
// name of "text", else under NAME_bytes.
void json_put_text(json_t *object, const char *name, const char *bytes);
// Microseconds as seconds. A new reference.
json_t *json_seconds(int64_t us);
// Adds `value` as one line, and drops the reference. Returns 0, or -1 where jansson cannot write it.
int json_add_line(struct str *into, json_t *value);
// Gives `value` as one line on stdout, and drops the reference. As say_data.
int json_say(const struct cli *cli, json_t *value, struct err *err);
