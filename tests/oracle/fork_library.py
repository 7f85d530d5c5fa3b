# SPDX-License-Identifier: Apache-2.0
"""What a library of C computes with before a fork, in the child, and in a new Python thread of it, by ctypes alone.

fork_library.py KIND FILE [unused]    KIND: openmp, openblas, blis, mkl; "unused": loaded, and first called in the child
One line of JSON; a child that does not answer is ended and said to have hung.
"""
import ctypes
import json
import os
import select
import signal
import sys
import threading

PATIENCE = 20  # seconds
SIZE = 256
GET = {"openmp": "team", "openblas": "openblas_get_num_threads", "blis": "bli_thread_get_num_threads", "mkl": "MKL_Get_Max_Threads"}


class Library:
    def __init__(self, kind, path):
        self.kind = kind
        self.library = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        count = SIZE * SIZE
        self.a = (ctypes.c_double * count)(*[(7 * i) % 11 - 5 for i in range(count)])
        self.c = (ctypes.c_double * count)()

    def multiply(self):
        """c = a a, by the BLAS's interface for C. Its sum is a whole number, and so the same with any number of threads."""
        real, n = ctypes.c_double, ctypes.c_int(SIZE)
        self.library.cblas_dgemm(101, 111, 111, n, n, n, real(1), self.a, n, self.a, n, real(0), self.c, n)
        return sum(self.c)

    def look(self):
        total = None if self.kind == "openmp" else self.multiply()
        # Of OpenMP: how many threads a parallel region has indeed.
        threads = getattr(self.library, GET[self.kind])()
        return {"threads": threads, "tasks": len(os.listdir("/proc/self/task")), "total": total}


def in_thread(function):
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def layers():
    with open("/proc/self/maps") as maps:
        return sorted({line.rsplit("/", 1)[1].split(".")[0] for line in maps if "libmkl_" in line and "_thread" in line or "libmkl_seq" in line})


def in_child(library, way):
    """What `way` gives in a forked child; "hung"; or the status that it ended with."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, json.dumps(dict(way(library.look), layers=layers())).encode())
        os._exit(0)
    os.close(write)
    answered = select.select([read], [], [], PATIENCE)[0]
    if not answered:
        os.kill(pid, signal.SIGKILL)
    text = os.read(read, 1 << 16)
    os.close(read)
    status = os.waitpid(pid, 0)[1]
    return json.loads(text.decode()) if text else "hung" if not answered else "status %d" % status


def main():
    library = Library(sys.argv[1], sys.argv[2])
    unused = sys.argv[3:] == ["unused"]
    before = None if unused else library.look()
    children = [in_child(library, lambda look: look()) for _ in range(3)]
    thread = in_child(library, in_thread)
    print(json.dumps({"parent": before, "children": children, "thread": thread, "after": library.look()}))


if __name__ == "__main__":
    main()
