// SPDX-License-Identifier: Apache-2.0
// script: the job script that is given to sbatch(1): plain bash, to be read, kept, changed and submitted by
// hand. Its last act is a record of how it ended, so that a site without accounting loses nothing.
#pragma once

#include "base/err.h"
#include "base/str.h"

struct job_script {
    const char *line;    // the command line that it was made of, for its comment; any bytes
    struct strv options; // of sbatch: "--partition=c-iq", "--exclusive", "-Lmatlab"
    // absolute folder of records, which is there before the job begins; NULL: the command keeps one itself
    const char *records;
    const char *about; // then: what the command does, for its comment
    struct strv words; // the command
    // not empty: the command needs one word more, the folder of a file whose path this command prints
    struct strv finds;
    const char *finds_about; // what that does, for its comment
};
void job_script_free(struct job_script *script);
// Adds its text. Returns 0, or -1 with [usage]: an option's value has a newline, which no #SBATCH line
// takes.
int job_script_write(const struct job_script *script, struct str *into, struct err *err);
// Whether that is the text of a script that was made of this line.
int job_script_is_of(const char *text, const char *line);
// Adds an option as one word of an #SBATCH line: in quotes where sbatch would cut it.
int job_script_option(const char *option, struct str *into, struct err *err);
// The name of a job's record in the folder: "8123.end".
#define JOB_SCRIPT_RECORD "%s.end"
