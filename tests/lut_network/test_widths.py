"""Widths that are trained: what is too wide, too narrow or for nothing, and what LUTs are traded for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sr2hls.lut_network import GrowOptions, grown_to
from sr2hls.lut_network.descent import Layout
from sr2hls.lut_network.samples_and_loss import DECISIVE, SOFT, LossKind, Samples, Weights
from sr2hls.lut_network.table_network import LutNetwork
from sr2hls.lut_network.widths import WidthOptions, fit_widths

from .test_growth import samples as three_classes
from .test_growth_kernels import drawn

OPTIONS = WidthOptions(lut_lambda=1e-3, term_bits=4, quantised_bits=3)


def one_sum(*terms: tuple[int, list[int], int]) -> LutNetwork:
    """Return a network of one number: for each term an input of 3 bits, a table of it and its width."""
    network = LutNetwork((3, 3, 3), 1)
    network.scale = 0.25
    children = [network.add([i], bits, np.array(entries)) for i, entries, bits in terms]
    network.outputs = [network.add(children, network.sum_bits(children), None)]
    return network


def numbers_of(network: LutNetwork, *, rows: int = 400) -> Samples:
    """Return samples whose targets are what a network says."""
    indices = np.random.default_rng(0).integers(0, 8, size=(rows, 3)).astype(np.int16)
    empty = Samples(indices, np.zeros((rows, 1)), LossKind.NUMBERS)
    return Samples(indices, np.ascontiguousarray(Layout(network, empty).predictions), LossKind.NUMBERS)


def fitted(network: LutNetwork, samples: Samples, options: WidthOptions = OPTIONS) -> LutNetwork:
    return fit_widths(network, samples, SOFT, options, np.random.default_rng(0))


def term_bits(network: LutNetwork, output: int = 0) -> list[int]:
    return [network.bits(c) for c in network.nodes[network.outputs[output]].children]


def test_a_term_gets_no_more_bits_than_its_values_take() -> None:
    network = one_sum((0, [5, 6, 5, 6, 6, 5, 5, 6], 4), (1, [0, 1, 2, 3, 3, 2, 1, 0], 2))
    samples = numbers_of(network)
    result = fitted(network, samples)
    assert sorted(term_bits(result)) == [1, 2]
    assert Layout(result, samples).loss(SOFT) == pytest.approx(0, abs=1e-12)
    assert result.luts() < network.luts()


def test_a_term_that_changes_nothing_goes_and_its_value_stays() -> None:
    network = one_sum((0, [7, 0, 3, 1, 2, 6, 5, 4], 3), (1, [2] * 8, 2))
    samples = numbers_of(network)
    result = fitted(network, samples)
    assert term_bits(result) == [3]
    assert Layout(result, samples).loss(SOFT) == pytest.approx(0, abs=1e-12)
    assert len(result.nodes) == 2


def test_an_output_keeps_its_last_term() -> None:
    network = one_sum((0, [1, 0, 1, 0, 1, 1, 0, 0], 1))
    result = fitted(network, numbers_of(network), replace(OPTIONS, lut_lambda=100.0))
    assert term_bits(result) == [1]


def test_a_term_that_is_cut_off_gets_bits_one_at_a_time_while_they_pay() -> None:
    wanted = one_sum((0, [0, 7, 3, 5, 2, 6, 4, 1], 3))
    wanted.offsets -= 0.75
    samples = numbers_of(wanted)
    network = one_sum((0, [0, 1, 0, 1, 0, 1, 1, 0], 1))
    first = fitted(network, samples)
    second = fitted(first, samples)
    assert (term_bits(first), term_bits(second)) == ([2], [3])
    assert Layout(second, samples).loss(SOFT) == pytest.approx(0, abs=1e-12)
    assert term_bits(fitted(first, samples, replace(OPTIONS, term_bits=2))) == [2]
    assert term_bits(fitted(network, samples, replace(OPTIONS, lut_lambda=10.0))) == [1]


def with_code(entries: list[int], bits: int, shape: list[int]) -> LutNetwork:
    """Return a network with a table of the first input that a term reads beside the second."""
    network = LutNetwork((3, 3, 3), 1)
    network.scale = 0.25
    quantised = network.add([0], bits, np.array(entries))
    term = network.add([quantised, 1], 3, np.array(shape))
    network.outputs = [network.add([term], 3, None)]
    return network


def test_a_table_that_others_read_loses_a_bit_that_they_do_not_use() -> None:
    rng = np.random.default_rng(1)
    coarse = rng.integers(0, 8, size=(2, 8))
    network = with_code([0, 3, 1, 2, 1, 0, 2, 3], 2, coarse.repeat(2, axis=0).ravel().tolist())
    samples = numbers_of(network)
    result = fitted(network, samples)
    (quantised,) = [n for n in result.quantised_indices() if n in result.order()]
    assert result.bits(quantised) == 1
    assert Layout(result, samples).loss(SOFT) == pytest.approx(0, abs=1e-12)


def test_a_table_that_others_read_gets_a_bit_that_pays() -> None:
    rng = np.random.default_rng(2)
    fine = with_code([0, 0, 1, 1, 2, 2, 3, 3], 2, rng.integers(0, 8, 32).tolist())
    samples = numbers_of(fine)
    coarse = with_code([0, 0, 0, 0, 1, 1, 1, 1], 1, rng.integers(0, 8, 16).tolist())
    result = fitted(coarse, samples)
    assert Layout(result, samples).loss(SOFT) < 0.5 * Layout(coarse, samples).loss(SOFT)
    assert result.bits(next(result.quantised_indices())) == 2


@pytest.mark.parametrize("weights", [SOFT, DECISIVE])
@pytest.mark.parametrize("kind", LossKind)
@given(seed=st.integers(0, 10_000), lut_lambda=st.sampled_from([0.0, 1e-3, 0.1]))
@settings(max_examples=15, deadline=None)
def test_loss_and_luts_together_never_grow(
    kind: LossKind, weights: Weights, seed: int, lut_lambda: float
) -> None:
    network, samples = drawn(kind, seed)
    kept = network.to_json()
    result = fit_widths(
        network, samples, weights, replace(OPTIONS, lut_lambda=lut_lambda), np.random.default_rng(seed)
    )

    def worth(n: LutNetwork) -> float:
        return Layout(n, samples).loss(weights) + lut_lambda * n.luts()

    assert worth(result) <= worth(network) + 1e-9
    assert LutNetwork.from_json(result.to_json()).to_json() == result.to_json()
    assert network.to_json() == kept, "the network given was changed"
    for node in result.nodes.values():
        if node.entries is None:
            assert node.bits >= result.sum_bits(node.children)


GROW = GrowOptions(scout_rows=3000, trial_rows=1500, rows=3000, trials=2, width_rounds=2)


def test_training_widths_makes_better_use_of_the_same_luts() -> None:
    samples = three_classes()

    def grown(options: GrowOptions) -> LutNetwork:
        found = grown_to(60, samples, (6,) * 4, options, np.random.default_rng(0), lambda luts, loss: True)
        assert found.network is not None and not found.ended
        return found.network

    plain, trained = grown(replace(GROW, width_rounds=0)), grown(GROW)
    assert trained.luts() <= 60
    assert Layout(trained, samples).loss(SOFT) < Layout(plain, samples).loss(SOFT) - 1e-3
    assert grown(GROW).to_json() == trained.to_json()


def test_growth_ends_when_it_is_told_to_and_says_what_is_smallest() -> None:
    samples, rng = three_classes(), np.random.default_rng(0)
    stopped = grown_to(500, samples, (6,) * 4, GROW, rng, lambda luts, loss: luts < 20)
    assert stopped.network is not None and 20 <= stopped.network.luts() < 40
    none = grown_to(1, samples, (6,) * 4, GROW, np.random.default_rng(0), lambda luts, loss: True)
    assert none.network is None and none.smallest > 1 and not none.ended


def test_terms_of_sums_that_tables_read_are_trained_too() -> None:
    network = LutNetwork((3, 3, 3), 1)
    network.scale = 0.25
    layer = [network.add([0], 4, np.array([5, 6, 6, 5, 5, 5, 6, 6])), network.add([1], 2, np.full(8, 3))]
    layer.append(network.add([2], 3, np.array([0, 7, 1, 5, 3, 6, 2, 4])))
    total = network.add(layer, network.sum_bits(layer), None)
    squash = network.add([total], 2, np.clip((np.arange(1 << network.bits(total)) - 8) // 2, 0, 3))
    network.outputs = [network.add([network.add([squash], 3, np.array([0, 4, 7, 2]))], 3, None)]
    samples = numbers_of(network)
    result = fitted(network, samples)
    (hidden,) = [n for n, node in result.nodes.items() if node.entries is None and n not in result.outputs]
    assert sorted(result.bits(c) for c in result.nodes[hidden].children) == [1, 3]
    assert Layout(result, samples).loss(SOFT) == pytest.approx(0, abs=1e-12)
    assert result.bits(hidden) == 4
