// SPDX-License-Identifier: Apache-2.0
// space: the numbers by which processes are known. A container may have its own, while its /proc
// shows those of another, or nothing.
#pragma once

// The inode of this process's PID namespace, whatever numbers /proc shows; 0 if there is no /proc. Enough
// where processes are asked by kill(2) alone.
unsigned long long space_inode(void);
// The inode of this process's PID namespace (pid_namespaces(7)); 0 if /proc does not show its
// processes by the numbers that we know them by.
unsigned long long space_here(void);
