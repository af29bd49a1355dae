"""The jet tagger: a 16-64-32-32-5 ReLU network whose first module standardises the raw features."""

import torch
from torch import Tensor, nn


class Standardise(nn.Module):
    """(x - mean) / scale, kept with the weights so that a checkpoint takes raw features."""

    mean: Tensor
    scale: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.scale


class JetTagger(nn.Module):
    """Raw features of shape (n, 16) in, logits of the classes g, q, w, z, t of shape (n, 5) out."""

    def __init__(
        self, n_features: int = 16, hidden: tuple[int, ...] = (64, 32, 32), n_classes: int = 5
    ) -> None:
        super().__init__()
        self.scaler = Standardise(n_features)
        layers: list[nn.Module] = []
        width = n_features
        for size in hidden:
            layers += [nn.Linear(width, size), nn.ReLU()]
            width = size
        layers.append(nn.Linear(width, n_classes))
        self.body = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        return self.body(self.scaler(features))


def jet_tagger() -> JetTagger:
    """Factory for a state_dict: ``--model network:jet_tagger``."""
    return JetTagger()
