"""LUT networks of few-bit tables: what is learned, what is written, what is read back."""

import json

import numpy as np
import pytest

from sr2hls.lut_network import DECISIVE, Layout, LossKind, LutNetwork, Samples, indices_of, symbolic
from sr2hls.lut_network.designs import (
    LutNetworkDesign,
    LutNetworkOptions,
    Tables,
    designs_of,
    grown,
    training_samples,
)
from sr2hls.lut_network.samples import samples_of
from sr2hls.lut_network.to_program import network_program
from sr2hls.problem import Problem, Split
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.teacher.task import Task

TYPE = FixedType(True, 6, 1, Rounding.RND, Overflow.SAT)


def three_classes() -> Problem:
    rng = np.random.default_rng(0)
    parts = []
    for rows in (3000, 1000, 1000):
        X = rng.integers(-32, 32, size=(rows, 4)) / 32
        logits = 4 * np.stack([X[:, 0] + X[:, 1] ** 2, 1.5 * X[:, 1] * X[:, 2], X[:, 2]], axis=1)
        parts.append(Split(X, logits, logits.argmax(axis=1)))
    names = ("a", "b", "c")
    return Problem(
        Task.LOGITS,
        {f"x{k}": TYPE for k in range(4)},
        ("y0", "y1", "y2"),
        ("p", "q", "r", "s"),
        names,
        *parts,
    )


@pytest.fixture(scope="module")
def problem() -> Problem:
    return three_classes()


@pytest.fixture(scope="module")
def design(problem: Problem) -> LutNetworkDesign:
    options = LutNetworkOptions.of_effort("low")
    samples = training_samples(problem, options, None)
    network = grown(problem, samples, options, 60, 0).network
    assert network is not None
    return designs_of(problem, network, samples, options, [Tables.FREE], 0)[0]


def test_it_decides_as_the_teacher_within_its_size(problem: Problem, design: LutNetworkDesign) -> None:
    assert design.luts <= 60
    assert problem.fidelity(design.predict(problem.test.inputs), problem.test) > 0.85


def test_its_program_is_it(problem: Problem, design: LutNetworkDesign) -> None:
    network = design.symbolic.network
    expected = Layout(network, samples_of(problem, problem.test)).outputs + network.steps()
    step = 2.0 ** np.rint(np.log2(network.scale))
    assert np.array_equal(design.predict(problem.test.inputs), expected * step)


def test_its_loss_on_pieces_of_samples_is_that_on_all(
    problem: Problem, design: LutNetworkDesign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(symbolic, "_PIECE", 700)
    network, samples = design.symbolic.network.copy(), samples_of(problem, problem.train)
    network.scale *= 1.1
    layout = Layout(network.copy(), samples)
    layout.fit_scale(DECISIVE)
    assert symbolic.loss_on(network, samples) == layout.loss(DECISIVE)
    assert network.scale == layout.network.scale
    assert np.array_equal(network.offsets, layout.network.offsets)


def test_it_survives_json(problem: Problem, design: LutNetworkDesign) -> None:
    again = LutNetworkDesign.from_json(json.loads(json.dumps(design.to_json())), problem)
    assert again.program == design.program


def test_sums_that_tables_read_are_in_the_program() -> None:
    rng = np.random.default_rng(3)
    network = LutNetwork((6, 6, 6), 2)
    network.scale = 0.5
    layer = [network.add((i,), 3, rng.integers(0, 8, 64)) for i in range(3)]
    total = network.add(layer, network.sum_bits(layer), None)
    squash = network.add((total,), 3, rng.integers(0, 8, 1 << network.bits(total)))
    terms = [network.add((squash, 2), 4, rng.integers(0, 16, 512)) for _ in range(2)]
    network.outputs = [network.add((term,), 4, None) for term in terms]
    network.offsets = np.array([1.0, 0.0])
    types = {f"x{k}": TYPE for k in range(3)}
    program = network_program(network, types, ("y0", "y1"), LossKind.CLASSES)
    inputs = rng.integers(-32, 32, size=(2000, 3)) / 32
    samples = Samples(indices_of(types, inputs), np.zeros((2000, 2)), LossKind.CLASSES)
    expected = Layout(network, samples).outputs + network.steps()
    assert np.array_equal(Interpreter(program).predict(inputs), expected * 0.5)
