// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void touch(size_t mib, int flags)
{
    char *at = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    if (at != MAP_FAILED)
        memset(at, 1, mib << 20);
}

// It ends with its parent: a test that fails leaves none that would keep its output open.
static pid_t fork_bound(void)
{
    pid_t pid = fork();
    if (!pid)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

struct load load_start(size_t mib, size_t child_mib, int child)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork_bound();
    if (!pid) {
        touch(mib, MAP_PRIVATE);
        if (child && !fork_bound())
            touch(child_mib, MAP_PRIVATE);
        else if (child)
            (void)fork_bound(); // a second one, which only shares
        if (write(ends[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char byte;
    for (int i = 0; i < (child ? 3 : 1); i++)
        assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    close(ends[1]);
    return (struct load){.pid = pid};
}

void load_end(const struct load *load)
{
    char path[64], text[64] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)load->pid, (int)load->pid);
    FILE *file = fopen(path, "r");
    size_t got = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[got] = '\0';
    if (file)
        fclose(file);
    char *at = text;
    for (long child; (child = strtol(at, &at, 10)) > 0;)
        kill((pid_t)child, SIGKILL);
    kill(load->pid, SIGKILL);
    waitpid(load->pid, NULL, 0);
}
