// SPDX-License-Identifier: Apache-2.0
// document: one file of configuration, read if it may be trusted.
#pragma once

#include "base/err.h"
#include "base/mem.h"
#include "base/toml.h"

enum document_state { DOCUMENT_ABSENT, DOCUMENT_READ, DOCUMENT_UNTRUSTED };
struct document { // zero-initialise to begin; free with document_free
    int of_site;  // said before it is read: see trust_mount
    enum document_state state;
    struct arena arena;
    const char *path;              // absolute; NULL: none was looked for
    const char *doubt;             // UNTRUSTED: why, translated
    const struct toml_value *root; // READ: all of it
    const struct toml_value
        *ours;       // of it what is lopin's: the same, or [tool.lopin]; may be NULL
    unsigned before; // lines of the file that stand before the text
};
// Reads the file (absolute path). One that is absent is no error, nor is one that may not be trusted.
// Returns 0, or -1 with [config], [system].
int document_read(struct document *document, const char *path, struct err *err);
// The same of pyproject.toml, where [tool.lopin] is ours; without it the state is ABSENT, whatever
// else the file holds.
int document_read_project(struct document *document, const char *path, struct err *err);
// Reads a text as if it stood in the file `path`, behind `before` lines.
int document_parse(struct document *document, const char *path, const char *text, size_t size,
                   unsigned before, struct err *err);
// Its [tool.lopin] is ours: of the block in a script and of pyproject.toml. Returns 0, or -1 with
// [config]: it is no table.
int document_take_tool(struct document *document, struct err *err);
void document_free(struct document *document);
// "FILE:LINE: " before the text, and the code [config]. Returns -1.
int document_wrap(const struct document *document, unsigned line, struct err *err);
