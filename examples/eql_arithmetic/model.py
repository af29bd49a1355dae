"""A picture to one number by a convolutional network; two numbers to their sum by a head."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from sr2hls.costs import additive_cycles, published_cycles
from sr2hls.search.eql import EQLNetwork
from sr2hls.search.eql.hardware import weight_costs
from sr2hls.search.eql.primitives import units

SCALE = 9.0
"""Sums are learned in units of this, so that they are of order one."""


class Model(nn.Module):
    """Encoder and head; the same encoder reads both pictures.

    Args:
        relu: the control: a ReLU network as head instead of an equation learner.
        seed: seed of the first weights.
    """

    def __init__(self, relu: bool, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(256, 32), nn.ReLU(), nn.Linear(32, 10), nn.Softmax(1), nn.Linear(10, 1),
        )  # fmt: skip
        self.head: nn.Module
        if relu:
            self.head = nn.Sequential(
                nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
            )
        else:
            # sin(z) and not sin(2πz): the code has no unit, and steep functions would learn fastest.
            layer = tuple(replace(u, scale=1.0) for u in units())
            head = EQLNetwork(2, 1, n_layers=1, layer_units=layer, init_std=0.3, seed=seed)
            # Functions that cost more clock cycles are penalised more.
            head.set_costs(weight_costs(head.architecture, additive_cycles(published_cycles()), 1.0))
            self.head = head

        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("spread", torch.ones(()))

    def codes(self, images: Tensor) -> Tensor:
        """One number a picture, shape (n,), of zero mean and unit spread over the pictures of training."""
        z = self.encoder(images)[:, 0]
        if self.training:
            mean, spread = z.mean(), z.std() + 1e-6
            self.mean.lerp_(mean.detach(), 0.1)
            self.spread.lerp_(spread.detach(), 0.1)
        else:
            mean, spread = self.mean, self.spread
        return (z - mean) / spread

    def forward(self, images: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """Sums of the pairs with these numbers, shape (pairs,)."""
        z = self.codes(images)
        return SCALE * self.head(torch.stack([z[first], z[second]], 1))[:, 0]
