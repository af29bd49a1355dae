"""Which design is built: small enough, good enough, and then the smallest."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from sr2hls.circuit import Circuit
from sr2hls.design import Design, Proposal, make_design
from sr2hls.errors import BudgetError
from sr2hls.flow import rank_designs as choose
from sr2hls.flow.rank_designs import luts_around, rank, refuse_over_budget, sizes_for
from sr2hls.problem import Problem, Split
from sr2hls.program.ends import NO_ENDS, Ends
from sr2hls.program.predict import program_model
from sr2hls.program.types import FixedType
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.target import Budget
from sr2hls.teacher.task import Task

X0, X1 = sp.symbols("x0 x1")
TYPES = {"x0": FixedType(True, 6, 2), "x1": FixedType(True, 6, 2)}


def problem() -> Problem:
    rng = np.random.default_rng(0)
    parts = []
    for _ in range(3):
        inputs = rng.integers(-32, 32, (2000, 2)) / 16
        outputs = (inputs[:, 0] + 0.2 * np.tanh(2 * inputs[:, 1]) * inputs[:, 0])[:, None]
        parts.append(Split(inputs, outputs, None))
    return Problem(Task.REGRESSION, TYPES, ("y0",), ("a", "b"), ("y0",), *parts)


@pytest.fixture(scope="module")
def designs() -> dict[str, Design]:
    product = X0 + sp.Float(0.19) * sp.tanh(2 * X1) * X0
    formulas = {"rough": (X0, 1e-3), "good": (product, 1e-3), "wasteful": (product, 1e-6)}
    return {
        name: make_design(problem(), Proposal(name, name, {"y0": formula}), max_loss=loss)
        for name, (formula, loss) in formulas.items()
    }


def names(found: list[Design]) -> list[str]:
    return [d.proposal.name for d in found]


def test_the_smallest_of_those_that_are_as_good_as_the_best(designs: dict[str, Design]) -> None:
    luts = {n: program_model().luts(d.program) for n, d in designs.items()}
    assert luts["rough"] < luts["good"] < luts["wasteful"]
    assert names(rank(problem(), list(designs.values()), Budget())) == ["good", "wasteful", "rough"]


def test_what_cannot_fit_is_not_tried(designs: dict[str, Design]) -> None:
    luts = program_model().luts(designs["good"].program)
    few = Budget(max_lut=int(luts / 1.5))
    assert names(rank(problem(), list(designs.values()), few)) == ["rough"]
    assert names(rank(problem(), [designs["good"], designs["wasteful"]], Budget(max_lut=1))) == ["good"]


def test_a_fidelity_that_is_asked_for_decides_what_is_good(designs: dict[str, Design]) -> None:
    assert names(rank(problem(), list(designs.values()), Budget(min_fidelity=0.5)))[0] == "rough"
    with pytest.raises(BudgetError, match=r"no design meets min_fidelity 0.9999: the nearest has 0\.9"):
        rank(problem(), [designs["rough"], designs["good"]], Budget(min_fidelity=0.9999))


def test_sizes_come_from_the_budget() -> None:
    assert sizes_for(Budget(max_lut=400)) == (200, 300, 400)
    assert sizes_for(Budget(max_lut=1)) == (1,)
    assert len(sizes_for(Budget())) > 1


def test_a_circuit_over_its_budget_is_refused_with_the_figure() -> None:
    lut = Figure(120, "", Provenance(Origin.MEASURED, "yosys", "part", "synthesis"))
    hardware = HardwareReport("formula", "yosys", "0", "part", "synthesis", lut=lut)
    circuit = Circuit(None, None, None, (), hardware)  # type: ignore[arg-type]
    with pytest.raises(BudgetError, match="no design meets max_lut 100: the nearest has 120; raise"):
        refuse_over_budget(circuit, Budget(max_lut=100))
    refuse_over_budget(circuit, Budget(max_lut=120, max_dsp=0))
    refuse_over_budget(replace(circuit, hardware=None), Budget(max_lut=1))


def figures_of(**values: float) -> Circuit:
    found = {k: Figure(v, "", Provenance(Origin.MEASURED, "a tool")) for k, v in values.items()}
    hardware = HardwareReport("top", "yosys", "0.70", "xcvu9p", "synthesis", **found)
    return Circuit(None, None, None, (), hardware)  # type: ignore[arg-type]


def test_a_shift_register_counts_as_the_lut_that_it_is() -> None:
    refuse_over_budget(figures_of(lut=95, srl=5), Budget(max_lut=100))
    with pytest.raises(BudgetError, match="no design meets max_lut 100: the nearest has 101"):
        refuse_over_budget(figures_of(lut=95, srl=6), Budget(max_lut=100))


def test_a_clock_that_is_not_met_breaks_a_budget_of_latency() -> None:
    slow = figures_of(clock_ns=5.0, critical_path_ns=5.4, latency_ns=5.4)
    refuse_over_budget(slow, Budget())
    with pytest.raises(BudgetError, match=r"the longest path of the nearest takes 5\.4 ns"):
        refuse_over_budget(slow, Budget(max_latency_ns=100.0))
    refuse_over_budget(figures_of(clock_ns=5.0, critical_path_ns=4.9), Budget(max_latency_ns=100.0))


def test_sizes_leave_room_for_what_stands_around() -> None:
    ends = Ends(None, argmax=True)
    assert luts_around(problem(), NO_ENDS) == 0
    three = replace(problem(), output_names=("a", "b", "c"))
    assert luts_around(three, ends) > 10
    assert sizes_for(Budget(max_lut=400), 100.0) == (150, 225, 300)


def test_a_readable_design_may_lack_a_little(
    designs: dict[str, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    readable: dict[str, int | None] = {"rough": 9, "good": None, "wasteful": None}
    monkeypatch.setattr(choose, "readable_nodes", lambda _, d: readable[d.proposal.name])
    everything = list(designs.values())
    assert names(rank(problem(), everything, Budget()))[0] == "good", "0.028 is too much to lack"
    monkeypatch.setattr(choose, "READABLE_WORTH", 0.03)
    assert names(rank(problem(), everything, Budget())) == ["rough", "good", "wasteful"]
    (note,) = choose.preference_note(problem(), designs["rough"], everything)
    assert note.startswith("'rough' was chosen because its formulas are readable; ")
    assert choose.preference_note(problem(), designs["good"], everything) == ()

    assert names(rank(problem(), everything, Budget(max_nodes=9))) == ["rough"]
    with pytest.raises(BudgetError, match="no design meets max_nodes 8: the shortest readable one has 9;"):
        rank(problem(), everything, Budget(max_nodes=8))
    with pytest.raises(BudgetError, match="no design meets max_nodes 8: none is readable; raise it"):
        rank(problem(), [designs["good"]], Budget(max_nodes=8))
