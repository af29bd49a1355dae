"""A graph network with a narrow message."""

from torch import Tensor, nn


class GraphNetwork(nn.Module):
    """a_i = update(Σ_j message(edge ij)); ``message`` is the submodule to distil.

    The update is an affine map, and the message sees the masses: messages can then only be a linear map of
    pair accelerations, plus a constant.
    """

    def __init__(self, columns: int, width: int, channels: int) -> None:
        super().__init__()
        self.message: nn.Module = nn.Sequential(
            nn.Linear(columns, width),
            nn.SiLU(),
            nn.Linear(width, width),
            nn.SiLU(),
            nn.Linear(width, channels),
        )
        self.update = nn.Linear(channels, 2, bias=False)

    def forward(self, pairs: Tensor, mass: Tensor) -> Tensor:
        """Accelerations (..., n, 2) from edges (..., n, n-1, columns)."""
        return self.update(self.message(pairs).sum(dim=-2))
