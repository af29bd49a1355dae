"""Tables that move from their formulas: what is gained, what is said of it, and that the program has them."""

from dataclasses import replace

import numpy as np
import pytest

from sr2hls.design import check_design
from sr2hls.flow.readability import readable_nodes
from sr2hls.lut_network import DECISIVE, LossKind, samples_of
from sr2hls.problem import Problem, Split
from sr2hls.quantised import train_quantised
from sr2hls.quantised.designs import learnt_samples
from sr2hls.quantised.free_tables import MovedPart, MoveOptions, let_move, of_formulas, shares_moved
from sr2hls.quantised.rows import QuantisedRows
from sr2hls.quantised.start import started
from sr2hls.quantised.to_design import design_of
from sr2hls.teacher.task import Task

from .test_training import QUICK, model, problem

MOVES = MoveOptions(gain=0.5, sweeps=2, rows=3000)


def bent(task: Task, outputs: int) -> Problem:
    """A problem whose first output has a dent that the model's formulas do not have."""
    wanted = problem(task, outputs)

    def dented(split: Split) -> Split:
        values = split.outputs.copy()
        values[:, 0] += np.where(np.abs(split.inputs[:, 0] - 0.4) < 0.1, -6.0, 0.0)
        return replace(split, outputs=values, labels=None)

    return replace(wanted, **{name: dented(split) for name, split in wanted.splits.items()})


@pytest.mark.parametrize(("task", "outputs", "kind"), [
    (Task.LOGITS, 3, LossKind.CLASSES), (Task.REGRESSION, 1, LossKind.NUMBERS),
])  # fmt: skip
def test_the_program_has_the_entries_that_moved(task: Task, outputs: int, kind: LossKind) -> None:
    wanted = bent(task, outputs)
    samples, held = (samples_of(wanted, s) for s in (wanted.train, wanted.validation))
    state = started(model(outputs), wanted, kind, 0.25, 6)
    moved = let_move(state, samples, held, MOVES, np.random.default_rng(0))
    assert of_formulas(moved) == state
    losses = [QuantisedRows(s, held, DECISIVE).loss() for s in (state, moved)]
    assert losses[1] < 0.95 * losses[0]
    design = design_of(moved, wanted)
    # The program's sums are those that were trained: their steps, less a shift that all scores have.
    sums = QuantisedRows(moved, held, DECISIVE).totals + np.array(moved.bias)
    steps = design.predict(wanted.validation.inputs) * 2.0 ** np.array(moved.scale.fracs)
    assert np.unique(np.rint(steps - sums)).size == 1
    shares = shares_moved(moved, held)
    assert shares and len(design.notes) == len(shares)
    assert all(note.endswith("that moved from its formula") for note in design.notes)
    assert max(e.largest for e in design.errors.values()) > 0


def test_a_move_has_to_gain_enough() -> None:
    wanted = bent(Task.LOGITS, 3)
    samples = learnt_samples(wanted, wanted.train, 0.7)
    state = started(model(3), wanted, LossKind.CLASSES, 0.25, 6)
    greedy, strict = (
        let_move(state, samples, samples, replace(MOVES, gain=gain), np.random.default_rng(0))
        for gain in (0.0, 1e9)
    )
    assert strict == state
    assert any(isinstance(part, MovedPart) for part in greedy.parts)


def test_a_design_whose_tables_moved_is_better_but_no_longer_readable() -> None:
    wanted = bent(Task.LOGITS, 3)
    kept, free = (
        train_quantised(model(3), wanted, max_lut=40, seed=0, options=QUICK, moves=moves)
        for moves in (None, MOVES)
    )
    assert kept.proposal.formulas == free.proposal.formulas
    assert kept.proposal.definitions == free.proposal.definitions
    scores = [wanted.fidelity(d.predict(wanted.test.inputs), wanted.test) for d in (kept, free)]
    assert scores[1] > scores[0] + 0.01
    assert readable_nodes(wanted, kept) is not None and readable_nodes(wanted, free) is None
    assert not any("moved" in note for note in kept.notes) and any("moved" in note for note in free.notes)
    check_design(free, wanted.train.inputs)
