"""The same chain solved exactly: free fermions (Lieb, Schultz and Mattis 1961; Pfeuty 1970)

The Jordan-Wigner transformation turns H into fermions whose energies are the singular values of the bidiagonal matrix M
with h on its diagonal and J above it: E0 = - sum of the singular values, and <sx_i> = -dE0/dh_i = (U V^T)_ii.

usage: exact.py [--tolerance 1e-8] OUT.npz...        compares the results of ising.py; exits with 1 if one is off
"""
import sys

import numpy as np


def ground_state(J, h):
    """Energy and transverse magnetisation of each site."""
    U, S, Vt = np.linalg.svd(np.diag(h) + np.diag(J, 1))
    return -S.sum(), np.diag(U @ Vt)


def main(words):
    tolerance = 1e-8
    if words[:1] == ["--tolerance"]:
        tolerance, words = float(words[1]), words[2:]
    worst_energy = worst_sx = 0.0
    for path in words:
        with np.load(path) as out:
            energy, sx = ground_state(out["J"], out["h"])
            worst_energy = max(worst_energy, abs(out["energy"] - energy))
            worst_sx = max(worst_sx, np.abs(out["sx"] - sx).max())
    print("%d results against the exact solution: energy within %.1e, sx within %.1e"
          % (len(words), worst_energy, worst_sx))
    return 0 if words and worst_energy < tolerance else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
