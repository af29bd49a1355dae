"""The 16 substructure features of a jet, in the order of the public LHC jet set (hls4ml_lhc_jets_hlf).

Energy correlation functions (arXiv 1305.0007, generalised in 1609.07483) run over the constituents of the jet
groomed by mMDT, i.e. soft drop with z_cut = 0.1 and beta = 0 (arXiv 1402.2657) on the jet reclustered by
Cambridge/Aachen:

    e2(b)  = sum_{i<j}   z_i z_j     dR_ij^b
    e3(b)  = sum_{i<j<k} z_i z_j z_k (dR_ij dR_ik dR_jk)^b
    1e3(b) = the same with the smallest of the three distances, 2e3(b) with the product of the two smallest

with z the share of the groomed constituents' summed pT. The multiplicity and zlogz = sum z log z are those of
the ungroomed jet, there with z the share of the jet's pT.
"""

import math

import numba
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NAMES = (
    "zlogz",
    "c1_b0_mmdt",
    "c1_b1_mmdt",
    "c1_b2_mmdt",
    "c2_b1_mmdt",
    "c2_b2_mmdt",
    "d2_b1_mmdt",
    "d2_b2_mmdt",
    "d2_a1_b1_mmdt",
    "d2_a1_b2_mmdt",
    "m2_b1_mmdt",
    "m2_b2_mmdt",
    "n2_b1_mmdt",
    "n2_b2_mmdt",
    "mass_mmdt",
    "multiplicity",
)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _correlations(z: Array, rapidity: Array, phi: Array) -> Array:
    """e2 for b = 0, 1, 2, then e3, 1e3 and 2e3 for b = 1, 2; shape (9,)."""
    n = len(z)
    d2 = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            dphi = abs(phi[i] - phi[j])
            if dphi > math.pi:
                dphi = 2 * math.pi - dphi
            d2[i, j] = (rapidity[i] - rapidity[j]) ** 2 + dphi**2
    out = np.zeros(9)
    for i in range(n):
        for j in range(i + 1, n):
            zz, a = z[i] * z[j], d2[i, j]
            out[0] += zz
            out[1] += zz * math.sqrt(a)
            out[2] += zz * a
            for k in range(j + 1, n):
                w, b, c = zz * z[k], d2[i, k], d2[j, k]
                low = min(a, b, c)
                middle = max(min(a, b), min(max(a, b), c))
                out[3] += w * math.sqrt(a * b * c)
                out[4] += w * a * b * c
                out[5] += w * math.sqrt(low)
                out[6] += w * low
                out[7] += w * math.sqrt(low * middle)
                out[8] += w * low * middle
    return out


def _ratio(numerator: float, denominator: float) -> float:
    """0 where a jet has too few constituents for the ratio to mean anything."""
    return numerator / denominator if denominator > 0 else 0.0


def jet_features(pt_all: Array, jet_pt: float, groomed: Array, groomed_mass: float) -> Array:
    """Features of one jet, shape (16,).

    Args:
        pt_all: pT in GeV of the constituents of the ungroomed jet.
        groomed: (pT, rapidity, phi) of the constituents of the groomed jet, shape (n, 3).
        groomed_mass: mass in GeV of the groomed jet.
    """
    share = pt_all / jet_pt
    pt, rapidity, phi = np.ascontiguousarray(groomed.T)
    e2_0, e2_1, e2_2, e3_1, e3_2, m_1, m_2, n_1, n_2 = _correlations(pt / pt.sum(), rapidity, phi)
    return np.array(
        [
            float(np.sum(share * np.log(share))),
            e2_0,
            e2_1,
            e2_2,
            _ratio(e3_1, e2_1**2),
            _ratio(e3_2, e2_2**2),
            _ratio(e3_1, e2_1**3),
            _ratio(e3_2, e2_2**3),
            _ratio(e3_1, e2_1**3),
            _ratio(e3_1, e2_2**1.5),
            _ratio(m_1, e2_1),
            _ratio(m_2, e2_2),
            _ratio(n_1, e2_1**2),
            _ratio(n_2, e2_2**2),
            groomed_mass,
            float(len(pt_all)),
        ]
    )
