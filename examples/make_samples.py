"""Samples of the disordered Ising chain over its transition: couplings J_i in [0.5, 1.5], fields h_i around their mean

usage: make_samples.py [FOLDER] [COUNT]        (data, 40)
"""
import os
import sys

import numpy as np

FIELDS = np.linspace(0.2, 2.0, 10)  # means; the transition of this disorder is near 1
SIZES = (16, 17, 18, 18)  # spins of each realisation, so that durations differ as they do in life


def main(folder="data", count=40):
    os.makedirs(folder, exist_ok=True)
    for number in range(count):
        field = FIELDS[number % len(FIELDS)]
        realisation = number // len(FIELDS)
        n = SIZES[realisation % len(SIZES)]
        rng = np.random.default_rng([2024, number])
        J = rng.uniform(0.5, 1.5, n - 1)
        h = field * rng.uniform(0.5, 1.5, n)
        np.savez(
            os.path.join(folder, "h%.2f-n%d-%d.npz" % (field, n, realisation + 1)),
            J=J, h=h, field=field, realisation=realisation + 1,
        )


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
