"""Penalties that make an equation learner sparse: smoothed L0.5 and relaxed L0."""

import math

import torch
from torch import Tensor


def smoothed_l05(weight: Tensor, a: float = 0.05) -> Tensor:
    """Element-wise smoothed L0.5 penalty, arXiv 1912.04825, equation 3.

    sqrt(|w|) for |w| >= a, else sqrt(-w⁴/(8a³) + 3w²/(4a) + 3a/8): value and slope are continuous at a and
    the slope stays finite at 0.

    Args:
        weight: any shape.
        a: where the smooth part begins.

    Returns:
        The same shape.
    """
    size = weight.abs()
    square = weight * weight
    inner = square * (3 / (4 * a) - square / (8 * a**3)) + 3 * a / 8
    return torch.where(size < a, inner, size).sqrt()


BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1
"""Temperature and stretch of the hard concrete distribution (Louizos et al., arXiv 1712.01312, section 4)."""


def hard_concrete(log_alpha: Tensor, noise: Tensor | None) -> Tensor:
    """Gates in [0, 1] that are exactly 0 or 1 with finite probability (arXiv 1712.01312, equations 10, 11).

    Args:
        log_alpha: location parameter of each gate.
        noise: uniform in (0, 1), the same shape; ``None`` gives the deterministic gate (equation 13).

    Returns:
        Gates, the same shape; gradients reach log_alpha.
    """
    if noise is None:
        s = torch.sigmoid(log_alpha)
    else:
        s = torch.sigmoid((torch.log(noise) - torch.log1p(-noise) + log_alpha) / BETA)
    return (s * (ZETA - GAMMA) + GAMMA).clamp(0, 1)


def gate_open_probability(log_alpha: Tensor) -> Tensor:
    """Probability that a gate is not zero, in the shape given (relaxed L0, arXiv 1712.01312, eq. 12)."""
    return torch.sigmoid(log_alpha - BETA * math.log(-GAMMA / ZETA))


def initial_log_alpha(open_probability: float) -> float:
    """The location at which a gate is open with this probability."""
    return math.log(open_probability / (1 - open_probability)) + BETA * math.log(-GAMMA / ZETA)
