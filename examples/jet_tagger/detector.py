"""A toy detector: tracks measured exactly, photons and other neutrals in cells with a resolution.

Tracks: charged particles with pT > 1 GeV keep their momentum and mass. Photons: cells of 0.0175 x 0.0175 in
(eta, phi), 7 %/sqrt(E) and 0.7 %. Other neutrals: cells of 0.022 x 0.022, 50 %/sqrt(E) and 5 %. The two terms
of a resolution add in quadrature, E in GeV. A cell counts when its smeared pT is above 1 GeV; it is massless
and sits at its centre.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
THRESHOLD_GEV = 1.0
MAX_ABS_ETA = 4.0


@dataclass(frozen=True, slots=True)
class Calorimeter:
    """Cell size in (eta, phi), stochastic term in sqrt(GeV) and constant term."""

    cell: float
    stochastic: float
    constant: float

    def measure(self, momenta: Array, rng: np.random.Generator) -> Array:
        """Four-momenta (px, py, pz, E) of shape (n, 4), GeV, in; those of the cells above threshold out."""
        if not len(momenta):
            return momenta
        eta, phi = eta_phi(momenta)
        i_eta = np.floor(eta / self.cell).astype(np.int64)
        i_phi = np.floor(phi / self.cell).astype(np.int64)
        cells, where = np.unique(np.stack([i_eta, i_phi], 1), axis=0, return_inverse=True)
        energy = np.bincount(where.ravel(), weights=momenta[:, 3], minlength=len(cells))
        sigma = np.hypot(self.stochastic * np.sqrt(energy), self.constant * energy)
        energy = np.maximum(rng.normal(energy, sigma), 0.0)
        eta, phi = ((cells + 0.5) * self.cell).T
        pt = energy / np.cosh(eta)
        seen = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), energy], 1)
        return seen[pt > THRESHOLD_GEV]


PHOTONS = Calorimeter(cell=0.0175, stochastic=0.07, constant=0.007)
NEUTRALS = Calorimeter(cell=0.022, stochastic=0.50, constant=0.05)


def eta_phi(momenta: Array) -> tuple[Array, Array]:
    """Pseudorapidity and azimuth of four-momenta (px, py, pz, E)."""
    pt = np.hypot(momenta[:, 0], momenta[:, 1])
    return np.arcsinh(momenta[:, 2] / np.maximum(pt, 1e-9)), np.arctan2(momenta[:, 1], momenta[:, 0])


def detect(
    momenta: Array, charged: NDArray[np.bool_], photon: NDArray[np.bool_], rng: np.random.Generator
) -> Array:
    """Visible final particles in, tracks and cells out; four-momenta (px, py, pz, E) in GeV."""
    eta, _ = eta_phi(momenta)
    inside = np.abs(eta) < MAX_ABS_ETA
    pt = np.hypot(momenta[:, 0], momenta[:, 1])
    tracks = momenta[inside & charged & (pt > THRESHOLD_GEV)]
    cells = PHOTONS.measure(momenta[inside & photon], rng)
    towers = NEUTRALS.measure(momenta[inside & ~charged & ~photon], rng)
    return np.concatenate([tracks, cells, towers])
