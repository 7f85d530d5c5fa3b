// SPDX-License-Identifier: Apache-2.0
// saved: unpacking the text files of tests/data/machines (their README.md gives the format).
#include "saved.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"

static void need(int status, const char *what)
{
    if (status < 0) {
        perror(what);
        exit(99);
    }
}

// Writes one file; `number` replaces each {} of the content, and escapes become bytes.
static void write_file(const char *root, const char *path, const char *content, int number)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_FREE char *whole = mem_print("%s/%s", root, path);
    CLEANUP_FREE char *folder = fs_folder(whole);
    for (const char *at = content; *at; at++) {
        if (at[0] == '\\' && at[1]) {
            at++;
            str_add_char(&text, *at == 'n' ? '\n' : *at);
        } else if (number >= 0 && str_starts(at, "{}")) {
            str_print(&text, "%d", number);
            at++;
        } else {
            str_add_char(&text, *at);
        }
    }
    need(fs_make_dirs(AT_FDCWD, folder, 0700, NULL), folder);
    need(fs_replace(AT_FDCWD, whole, str_text(&text), text.size, 0600, 0, NULL), whole);
}

static void read_line(struct saved *saved, char *line)
{
    char *content = strchr(line, '\t');
    if (!content || *line == '#')
        return;
    *content++ = '\0';
    if (strcmp(line, "@affinity") == 0) {
        need(cpuset_parse(content, &saved->affinity, NULL), content);
    } else if (strcmp(line, "@vars") == 0) {
        strv_split(&saved->vars.list, content, ' ');
    } else if (strchr(line, '{')) {
        struct cpuset cpus;
        char *open = strchr(line, '{'), *close = strchr(line, '}');
        *open = *close = '\0';
        need(cpuset_parse(open + 1, &cpus, NULL), open + 1);
        for (int cpu = cpuset_first(&cpus); cpu >= 0; cpu = cpuset_next(&cpus, cpu)) {
            CLEANUP_FREE char *path = mem_print("%s%d%s", line, cpu, close + 1);
            write_file(saved->root, path, content, cpu);
        }
    } else {
        write_file(saved->root, line, content, -1);
        if (str_ends(line, "cpu/online") && cpuset_first(&saved->affinity) < 0)
            need(cpuset_parse(content, &saved->affinity, NULL), content);
    }
}

void saved_open(const char *machine, struct saved *ret)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STRV struct strv lines = {0};
    CLEANUP_FREE char *path = mem_print("%s/machines/%s.txt", getenv("TEST_DATA"), machine);
    *ret = (struct saved){.root =
                              "/dev/shm/lopin-machine-XXXXXX"}; // thousands of files: in memory
    if (!mkdtemp(ret->root)) {
        strcpy(ret->root, "/tmp/lopin-machine-XXXXXX");
        need(mkdtemp(ret->root) ? 0 : -1, ret->root);
    }
    need(fs_read(AT_FDCWD, path, 1 << 20, &text, NULL), path);
    strv_split(&lines, str_text(&text), '\n');
    for (size_t i = 0; i < lines.count; i++)
        read_line(ret, lines.item[i]);
}

void saved_close(struct saved *saved)
{
    fs_remove(AT_FDCWD, saved->root);
    vars_free(&saved->vars);
}
