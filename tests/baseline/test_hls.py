"""The network as an hls4ml project: bit for bit the quantised network."""

from pathlib import Path

import numpy as np
import pytest

from sr2hls.baseline.hls import network_to_hls4ml
from sr2hls.errors import InputError
from sr2hls.target import Target

from .test_quantised_network import float_layers, inputs, train


@pytest.mark.parametrize("backend", ["Vitis", "Vivado"])
def test_hls4ml_predicts_the_quantised_network(tmp_path: Path, backend: str) -> None:
    network = train(float_layers())
    model = network_to_hls4ml(network, tmp_path / "hls", Target(), backend)
    model.compile()
    X = inputs(500, seed=9)
    assert np.array_equal(model.predict(X.astype(np.float32)), network.predict(X))


def test_activation_unknown_to_the_project_is_named(tmp_path: Path) -> None:
    network = train(float_layers("softplus"))
    with pytest.raises(InputError, match="activation 'softplus' of layer 0 has no counterpart"):
        network_to_hls4ml(network, tmp_path / "hls", Target(), "Vitis")
