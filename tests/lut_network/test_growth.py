"""What a LUT network is made of, what it costs, and how it grows."""

from itertools import islice

import numpy as np
import pytest

from sr2hls.lut_network.derivatives import Derivatives
from sr2hls.lut_network.descent import Layout
from sr2hls.lut_network.grow import GrowOptions, GrowthStep, grow
from sr2hls.lut_network.indices import propose_indices, staircase
from sr2hls.lut_network.propose_terms import Capacity
from sr2hls.lut_network.samples_and_loss import SOFT, LossKind, Samples
from sr2hls.lut_network.table_network import LutNetwork, chains, most_terms

OPTIONS = GrowOptions(scout_rows=3000, trial_rows=1500, rows=3000, trials=2)


def samples() -> Samples:
    """Three classes; the second depends on a product of two inputs, the last input on nothing."""
    rng = np.random.default_rng(0)
    codes_ = rng.integers(0, 64, size=(3000, 4)).astype(np.int16)
    x = codes_ / 32.0 - 1
    logits = 4 * np.stack([x[:, 0] ** 2, 1.5 * x[:, 1] * x[:, 2], x[:, 2]], axis=1)
    powers = np.exp(logits)
    return Samples(codes_, np.ascontiguousarray(powers / powers.sum(axis=1, keepdims=True)), LossKind.CLASSES)


@pytest.fixture(scope="module")
def given() -> Samples:
    return samples()


@pytest.fixture(scope="module")
def steps(given: Samples) -> list[GrowthStep]:
    return list(islice(grow(given, (6,) * 4, OPTIONS, np.random.default_rng(0)), 14))


def test_it_grows_what_it_is_told_to_copy(given: Samples, steps: list[GrowthStep]) -> None:
    network = steps[-1].network
    right = Layout(network, given).predictions.argmax(axis=1) == given.targets.argmax(axis=1)
    assert right.mean() > 0.85
    assert steps[-1].loss < steps[0].loss - 0.05
    assert 3 not in network.used_inputs()
    assert all(network.nodes[o].entries is None and network.nodes[o].children for o in network.outputs)


def test_it_reads_no_more_than_a_lut_and_sums_within_their_cycles(steps: list[GrowthStep]) -> None:
    network = steps[-1].network
    for output in network.outputs:
        terms = network.nodes[output].children
        assert len(terms) <= most_terms(1)
        assert all(5 <= network.index_bits(network.nodes[t].children) <= 6 for t in terms)


def test_the_same_seed_grows_the_same(given: Samples, steps: list[GrowthStep]) -> None:
    again = list(islice(grow(given, (6,) * 4, OPTIONS, np.random.default_rng(0)), 3))
    assert [s.network.to_json() for s in again] == [s.network.to_json() for s in steps[:3]]


@pytest.mark.parametrize(
    ("terms", "expected"), [(1, 1), (4, 1), (5, 2), (6, 2), (7, 4), (8, 4), (9, 2), (12, 2), (20, 4), (32, 8)]
)
def test_chains_fit_the_adders_of_their_cycles(terms: int, expected: int) -> None:
    assert chains(terms) == expected


def test_slices_cost_nothing_and_wide_tables_only_begin_chains() -> None:
    network = LutNetwork((6, 6, 6), 1)
    top = [network.add([k], 3, np.arange(64) >> 3) for k in range(3)]
    assert network.is_slice(top[0]) and not network.is_slice(network.add([0], 3, np.arange(64) >> 3 ^ 1))
    network.outputs = [network.add([], 1, None)]
    total = network.nodes[network.outputs[0]]
    rng = np.random.default_rng(0)

    def with_term(a: int, b: int, bits: int) -> int:
        table = network.add([a, b], bits, rng.integers(0, 1 << bits, 1 << network.index_bits([a, b])))
        total.children = (*total.children, table)
        total.bits = network.sum_bits(total.children)
        return network.luts()

    half = network.add([0], 2, np.arange(64) >> 4)
    assert with_term(top[0], top[1], 2) == 2
    assert not Capacity.of(network, 0, 1).start
    assert with_term(top[2], half, 3) == 5
    assert with_term(top[1], top[2], 2) == 9, "a second table of six bits is one besides its adder"
    assert with_term(half, top[1], 1) == 10
    assert not Capacity.of(network, 0, 1).start, "a fifth term makes two chains, and both begin with six bits"


def test_codes_are_free_where_they_are_wires(given: Samples) -> None:
    network = LutNetwork((6,) * 4, 3)
    network.outputs = [network.add([], 1, None) for _ in range(3)]
    layout = Layout(network, given)
    derivatives = Derivatives.of(layout.predictions, given)
    pool = propose_indices(layout, derivatives, 3, 6, 64)
    assert {c.source for c in pool} == {0, 1, 2, 3}
    for quantised in pool:
        values = quantised.values(layout)
        assert values.min() >= 0 and values.max() < 1 << quantised.bits
        top = layout.of(quantised.source) >> (6 - quantised.bits)
        assert (quantised.luts == 0) == np.array_equal(values, top)


def test_a_staircase_is_the_best_partition() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(0, 8, 400)
    gradient = rng.normal(size=(400, 1)) + np.array([0, 0, 3, 3, 3, -2, -2, 1])[values][:, None]
    steps = staircase(values, 3, 2, Derivatives(gradient, np.ones((400, 1))))
    assert steps.tolist() == [0, 0, 1, 1, 1, 2, 2, 3]


def test_growth_lowers_the_loss_on_numbers_too() -> None:
    rng = np.random.default_rng(0)
    codes_ = rng.integers(0, 64, size=(2000, 3)).astype(np.int16)
    x = codes_ / 32.0 - 1
    targets = np.ascontiguousarray(x[:, [0]] * x[:, [1]] + np.sin(3 * x[:, [2]]))
    given = Samples(codes_, targets, LossKind.NUMBERS)
    last = list(islice(grow(given, (6,) * 3, OPTIONS, np.random.default_rng(0)), 12))[-1]
    assert Layout(last.network, given).loss(SOFT) < 0.1 * targets.var()
