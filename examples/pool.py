"""All samples with a pool of processes, as one writes it: nothing says how many threads each process may have

usage: pool.py OUT SAMPLE.npz...
"""
import os
import sys
from multiprocessing import Pool

from ising import solve


def work(path):
    solve(path, os.path.join(sys.argv[1], os.path.basename(path)))


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    with Pool(8) as pool:
        pool.map(work, sys.argv[2:])
