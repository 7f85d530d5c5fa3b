// SPDX-License-Identifier: Apache-2.0
// owner: who runs a run: the file `owner`, made by link(2), so that on any file system only one
// has it.
//
// It names host, boot, pid with its namespace, and the process's start time; on the same host,
// boot and namespace a dead process's file is stale at once. From others its age tells: the owner
// and its keeper touch it every 20 s, and one untouched for 90 s by the file server's clock is
// stale. What link() returns is not trusted (NFS may repeat it): st_nlink is.
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum owner_state { OWNER_NONE, OWNER_ALIVE, OWNER_STALE };
struct owner {
    enum owner_state state;
    char host[65];
    long pid;
    unsigned long long start; // of the process, in clock ticks since boot
    int here;                 // it is of this host
    long keeper;              // (keeper.h); 0: it is dead, the owner is ending; -1: unknown
};
// Takes the run for this process; waits for one that is ending. [run-busy] says who has it.
int owner_take(int run_dir, struct err *err);
// Touches the file for process `pid` of this host. Returns 0, also if what it says cannot be read
// now; -1 with err [run-busy] if that process has the run no more.
int owner_touch(int run_dir, long pid, struct err *err);
void owner_leave(int run_dir);
// The same for what a name in any folder stands for, held for a moment: waits for it. Process `pid`
// took it (a child leaves what its parent took).
int owner_take_name(int dir, const char *name, struct err *err);
void owner_leave_name(int dir, const char *name, long pid);
// Who has it; never fails: what cannot be read is stale.
void owner_look(int run_dir, struct owner *ret);
// The same, after waiting for one that is ending, for a while.
void owner_settle(int run_dir, struct owner *ret);
// Returns once `owner`, as owner_look gave it, has the run no more: its process ended or left
// it, or another took it.
void owner_wait(int run_dir, const struct owner *owner);
// Sends a signal to the owner's process, which must be of this host: never to another process
// that got its number. SIGCONT goes to its keeper too. Returns 0, or -1 with errno: ESRCH if it
// has the run no more.
int owner_signal(int run_dir, const struct owner *owner, int number);
// Whether such a signal was sent, but not yet taken by the process.
int owner_pending(const struct owner *owner, int number);
// The parts that such files of other names are made of (claims.h). Writes one that says that it is this
// process's, with the lines of `more` behind.
int owner_write(int dir, const char *name, const char *more, struct err *err);
// Who has what such a file stands for. `now`: seconds, by the clock that gives files their times.
// `said` becomes what the file says, if it can be read.
void owner_look_name(int dir, const char *name, int64_t now, struct owner *ret,
                     struct str *said);
int owner_touch_name(int dir, const char *name, long pid, struct err *err);
// Kills every process of this user on this host that carries LOPIN_RUN=run_path: tasks'
// descendants that outlived their runner. Returns how many.
unsigned owner_sweep(const char *run_path);
