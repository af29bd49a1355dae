"""Torch networks with several outputs: --head chooses one, in every format."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from sr2hls.errors import InputError
from sr2hls.teacher import Teacher, load_teacher

X = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)


class TwoHeads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body, self.score, self.mass = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(8, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        h = torch.relu(self.body(x))
        return self.score(h), self.mass(h)


class Named(TwoHeads):
    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:  # type: ignore[override]
        h = torch.relu(self.body(x))
        return {"score": self.score(h), "mass": self.mass(h)}


def scripted(folder: Path, net: nn.Module) -> Path:
    torch.jit.save(torch.jit.script(net), folder / "net.pt")
    return folder / "net.pt"


def exported(folder: Path, net: nn.Module) -> Path:
    rows = ({0: torch.export.Dim("rows")},)
    torch.export.save(torch.export.export(net, (torch.zeros(2, 4),), dynamic_shapes=rows), folder / "net.pt2")
    return folder / "net.pt2"


def pickled(folder: Path, net: nn.Module) -> Path:
    torch.save(net, folder / "net.pt")
    return folder / "net.pt"


def loaded(path: Path, head: str | None) -> Teacher:
    return load_teacher(path, output=head, allow_pickle=path.suffix == ".pt" and "code" not in path.parts)


@pytest.mark.parametrize("save", [scripted, exported, pickled])
@pytest.mark.parametrize(("net", "heads"), [(TwoHeads(), ("0", "1")), (Named(), ("score", "mass"))])
def test_each_output_is_the_networks_own(
    save: Callable[[Path, nn.Module], Path], net: nn.Module, heads: tuple[str, str], tmp_path: Path
) -> None:
    path = save(tmp_path, net.eval())
    for k, head in enumerate(heads):
        teacher = loaded(path, head)
        with torch.no_grad():
            out = net(torch.from_numpy(X))
        wanted = (out[head] if isinstance(out, dict) else out[k]).numpy()
        np.testing.assert_allclose(teacher.predict(X), wanted, rtol=1e-5, atol=1e-6)
        assert teacher.graph is not None
    with pytest.raises(InputError, match=f"choose one with --head, of {heads[0]}, {heads[1]}"):
        loaded(path, None)
    with pytest.raises(InputError, match=f"--head 7 is no output of .* the outputs {heads[0]}, {heads[1]}"):
        loaded(path, "7")


@pytest.mark.parametrize("save", [scripted, exported, pickled])
def test_a_single_output_has_no_heads(save: Callable[[Path, nn.Module], Path], tmp_path: Path) -> None:
    path = save(tmp_path, nn.Linear(4, 2).eval())
    with pytest.raises(InputError, match="--head 0 is no output of the network, which has a single output"):
        loaded(path, "0")
