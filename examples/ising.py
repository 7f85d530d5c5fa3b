"""Ground state of a disordered transverse-field Ising chain with open ends

    H = - sum_i J_i sz_i sz_{i+1} - sum_i h_i sx_i

usage: ising.py SAMPLE.npz OUT.npz        (SAMPLE holds the arrays J and h; see make_samples.py)
"""
import sys

import numpy as np
from scipy.sparse import diags, eye, kron
from scipy.sparse.linalg import eigsh

SX = np.array([[0.0, 1.0], [1.0, 0.0]])


def hamiltonian(J, h):
    """Sparse matrix in the sz basis; site 0 is the highest bit."""
    n = len(h)
    basis = np.arange(2**n)
    spin = [1.0 - 2.0 * ((basis >> (n - 1 - i)) & 1) for i in range(n)]
    H = diags(-sum(J[i] * spin[i] * spin[i + 1] for i in range(n - 1)), format="csr")
    for i in range(n):
        H = H - h[i] * kron(kron(eye(2**i), SX), eye(2 ** (n - 1 - i)), format="csr")
    return H


def transverse_magnetisation(psi):
    """<sx_i> of each site: overlap of the state with itself, spin i flipped."""
    n = int(np.log2(len(psi)))
    sx = np.empty(n)
    for i in range(n):
        block = psi.reshape(2**i, 2, -1)
        sx[i] = 2.0 * np.sum(block[:, 0] * block[:, 1])
    return sx


def solve(sample, out):
    with np.load(sample) as data:
        J, h = data["J"], data["h"]
    H = hamiltonian(J, h)
    # A start vector without randomness: the same sample gives the same numbers again.
    energy, states = eigsh(H, k=1, which="SA", v0=np.ones(H.shape[0]))
    np.savez(out, energy=energy[0], sx=transverse_magnetisation(states[:, 0]), J=J, h=h)
    print("%s: n = %d, E0 = %.10f" % (sample, len(h), energy[0]))


if __name__ == "__main__":
    solve(sys.argv[1], sys.argv[2])
