# SPDX-License-Identifier: Apache-2.0
"""Forks with warm thread pools: fork_stress.py COUNT [threads]    each child computes and compares with its parent.

With "threads" another Python thread is inside BLAS meanwhile, which OpenBLAS survives only without a pool (one core).
The last line: forks, children with another result or status, children that hung.
"""
import os
import select
import sys
import threading
import time

import numpy as np
import scipy.linalg

PATIENCE = 60  # seconds, for children of some milliseconds


def work(matrix):
    product = matrix @ matrix
    return [product.trace(), np.linalg.eigvalsh(product + product.T).sum(), scipy.linalg.eigh(matrix + matrix.T)[0].max()]


def child(matrix, expected):
    os._exit(0 if np.allclose(work(matrix), expected, rtol=1e-9) else 7)


def wait(pid, pipe):
    """The status of a child; None if it hung, and was ended. The pipe tells its end."""
    ended = select.select([pipe], [], [], PATIENCE)[0]
    if not ended:
        os.kill(pid, 9)
    status = os.waitpid(pid, 0)[1]
    return status if ended else None


def main():
    count, busy = int(sys.argv[1]), sys.argv[2:] == ["threads"]
    random = np.random.RandomState(1)
    large, small = random.standard_normal((160, 160)), random.standard_normal((60, 60))
    expected = work(small)
    stop = threading.Event()

    def compute():
        while not stop.is_set():
            large @ large

    if busy:
        thread = threading.Thread(target=compute)
        thread.start()
    wrong = hung = done = 0
    begin = time.time()
    while done < count:
        if not busy:
            large @ large  # the pool runs when the process forks
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(read)
            child(small, expected)
        os.close(write)
        status = wait(pid, read)
        os.close(read)
        hung += status is None
        wrong += status not in (None, 0)
        done += 1
    stop.set()
    print("%d forks, %d wrong, %d hung, %.0f s" % (done, wrong, hung, time.time() - begin))
    sys.exit(1 if wrong or hung else 0)


if __name__ == "__main__":
    main()
