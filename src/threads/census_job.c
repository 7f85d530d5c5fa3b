// SPDX-License-Identifier: Apache-2.0
// census_job: Slurm's cgroup plugin puts the processes of a job into .../job_N/...; without it they carry
// SLURM_JOB_ID, which only their own user can read.
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/process.h"
#include "threads/census.h"
#include "threads/figures.h"

struct member {
    pid_t pid, parent;
};

// "job_81" is not in ".../job_8124/step_0".
static int in_group(const char *text, const char *job)
{
    CLEANUP_FREE char *part = mem_print("/job_%s", job);
    size_t size = strlen(part);
    for (const char *at = text; (at = strstr(at, part)); at += size)
        if (!at[size] || strchr("/\n", at[size]))
            return 1;
    return 0;
}

static int is_member(const char *root, pid_t pid, const char *job)
{
    CLEANUP_STR struct str text = {0};
    CLEANUP_STR struct str environment = {0};
    if (census_file(root, pid, "cgroup", 1 << 16, &text) == 0 && in_group(str_text(&text), job))
        return 1;
    CLEANUP_FREE char *entry = mem_print("SLURM_JOB_ID=%s", job);
    return census_file(root, pid, "environ", 4 << 20, &environment) == 0 &&
           process_entry(&environment, entry, strlen(entry) + 1);
}

pid_t *census_job(const char *root, const char *job, size_t *ret_count)
{
    CLEANUP_FREE char *path = mem_print("%s/proc", root);
    CLEANUP_FREE struct member *member = NULL;
    size_t members = 0, room = 0, count = 0;
    DIR *stream = opendir(path);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        CLEANUP_STR struct str text = {0};
        struct process figures;
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (!isdigit((unsigned char)entry->d_name[0]) || !is_member(root, pid, job) ||
            census_file(root, pid, "stat", 4096, &text) < 0 ||
            process_parse(str_text(&text), &figures) < 0 || figures.state == 'Z')
            continue;
        mem_room(&member, &room, members + 1, sizeof *member);
        member[members++] = (struct member){pid, figures.parent};
    }
    if (stream)
        closedir(stream);
    pid_t *roots = mem_alloc(members * sizeof *roots);
    for (size_t i = 0; i < members; i++) {
        int below = 0;
        for (size_t k = 0; k < members && !below; k++)
            below = member[k].pid == member[i].parent;
        if (!below)
            roots[count++] = member[i].pid;
    }
    *ret_count = count;
    return roots;
}
