"""From a readable model to a design whose every table entry is the printed formula, rounded as printed."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from sr2hls.design import Design
from sr2hls.errors import InputError
from sr2hls.lut_network import Samples, samples_of
from sr2hls.lut_network.designs import kind_of
from sr2hls.lut_network.samples_and_loss import LossKind
from sr2hls.lut_network.table_network import most_terms
from sr2hls.objectives import variances
from sr2hls.problem import Problem, Split
from sr2hls.quantised.exchange import ExchangeOptions
from sr2hls.quantised.fit_part import FitOptions
from sr2hls.quantised.free_tables import MoveOptions, let_move
from sr2hls.quantised.luts import state_luts
from sr2hls.quantised.removal import cut
from sr2hls.quantised.start import started
from sr2hls.quantised.to_design import design_of
from sr2hls.quantised.train import Trained, TrainOptions, trained
from sr2hls.search.joint.joint_model import JointModel

MOST_INPUT_BITS = 8
"""Two inputs of so many bits have 65,536 combinations, for each of which losses are kept."""
INTERRUPTED = "the training through the bits was interrupted: this is the best that it had found"
_STEP_LUTS = 30.0
_STEPS = (0.2, 0.5)
"""Step of the scores that suits so many LUTs, and its limits: rounding n parts adds about n · step²/12 to the
variance of a score, and a bit less saves a LUT a part."""
_FREE = 100_000
_NUMBERS_PRICE = 0.1
"""Price of a LUT in squared errors, in units of the variance, to that in cross-entropy."""


@dataclass(frozen=True)
class QuantisedOptions:
    """How a model becomes a quantised design.

    Attributes:
        train: sweeps, rows and prices.
        fit: how parts are fitted; price and LUTs are set by the training.
        start_bits: most bits of a part to begin with; LUTs that get dearer take them away.
        exchanges: how often a term is exchanged for a better one; 0 keeps the model's.
        teacher_share: of the teacher in what is learned where the data have classes; the rest is the labels'.
        number_bits: of a regression's range of outputs.
        factor_luts: where a classification may have more LUTs than these, products read few bits of their
            factors, not of their inputs; a factor takes a table of its own.
    """

    train: TrainOptions = field(default_factory=TrainOptions)
    fit: FitOptions = field(default_factory=lambda: FitOptions(0.0))
    start_bits: int = 8
    exchanges: int = 0
    teacher_share: float = 0.7
    number_bits: int = 8
    factor_luts: int = 150


def train_quantised(
    model: JointModel,
    problem: Problem,
    *,
    max_lut: int | None,
    seed: int,
    max_nodes: int | None = None,
    max_cycles: int | None = None,
    samples: Samples | None = None,
    options: QuantisedOptions | None = None,
    moves: MoveOptions | None = None,
    go_on: Callable[[int, float], bool] | None = None,
) -> Design:
    """Train a model through its bits and return it as a design.

    Constants of three digits, the rounding and width of every part, and the bits that it reads are chosen by
    the loss of the quantised formula and the LUTs that they take.

    Args:
        model: outputs over the problem's inputs.
        problem: types of the inputs, and the teacher's answers.
        max_lut: most LUTs, as predicted by `sr2hls.quantised.luts`; ``None`` for any number.
        seed: of every random choice; the same seed gives the same design.
        max_nodes: most nodes of the printed formulas where terms are exchanged; by default the model's.
        max_cycles: clock cycles of 5 ns in which every output's sum has to be made; ``None`` for any number.
        samples: what to train on; by default the training rows.
        options: see there.
        moves: when entries of tables may move from their formulas at the end; ``None``: never.
        go_on: told LUTs and loss now and then; it says whether to go on.

    Raises:
        InputError: an input is too wide.
        VerificationError: the program is not what is printed.
    """
    widest = max(t.width for t in problem.types.values())
    if widest > MOST_INPUT_BITS:
        raise InputError(
            f"an input has {widest} bits: formulas are trained through the bits of at most "
            f"{MOST_INPUT_BITS}; give --input-bits"
        )
    how = options or QuantisedOptions()
    kind = kind_of(problem)
    fit, train = how.fit, how.train
    if kind is LossKind.NUMBERS:
        step = _number_step(problem, how.number_bits)
        fit = replace(fit, part_bits=max(fit.part_bits, how.number_bits), reader_bits=5, index_bits=8)
        train = replace(train, first_price=_NUMBERS_PRICE * train.first_price)
    else:
        step = float(np.clip(_STEP_LUTS / max(1, max_lut or _FREE), *_STEPS))
    most_parts = _FREE if max_cycles is None else most_terms(max_cycles)
    learnt = samples or learnt_samples(problem, problem.train, how.teacher_share)
    factors = kind is not LossKind.NUMBERS and max_lut is not None and max_lut > how.factor_luts
    start = cut(started(model, problem, kind, step, how.start_bits, factors=factors), learnt, most_parts)
    exchange = ExchangeOptions(
        max_nodes or model.nodes(), most_parts, exchanges=how.exchanges, factors=factors
    )
    validation, rng = samples_of(problem, problem.validation), np.random.default_rng([seed, max_lut or 0])
    done = trained(
        start,
        learnt,
        validation,
        _FREE if max_lut is None else max_lut,
        fit,
        train,
        exchange if how.exchanges else None,
        rng,
        go_on or (lambda luts, loss: True),
    )
    state = done.state if moves is None else let_move(done.state, learnt, validation, moves, rng)
    design = design_of(state.without_constants(), problem)
    return replace(design, notes=(*_notes(done, max_lut), *design.notes))


def _notes(done: Trained, max_lut: int | None) -> tuple[str, ...]:
    notes, luts = [], state_luts(done.state)
    if done.interrupted:
        notes.append(INTERRUPTED)
    if max_lut is not None and luts > max_lut:
        notes.append(f"about {luts} LUTs are predicted, more than the {max_lut} that were asked for")
    return tuple(notes)


def learnt_samples(problem: Problem, split: Split, teacher_share: float) -> Samples:
    """Return rows with the teacher's probabilities and the labels mixed; numbers are the teacher's.

    Args:
        problem: types and task.
        split: the rows.
        teacher_share: of the teacher where the rows have labels; the rest is the labels'.
    """
    samples, labels = samples_of(problem, split), split.labels
    if samples.kind is LossKind.NUMBERS or labels is None:
        return samples
    classes = np.asarray(labels, dtype=np.int64)[:, None]
    given = classes == (np.arange(problem.n_outputs) if samples.kind is LossKind.CLASSES else 1)
    share = np.where(classes < 0, 1.0, teacher_share)
    mixed = share * samples.targets + (1 - share) * given
    return replace(samples, targets=np.ascontiguousarray(mixed))


def _number_step(problem: Problem, bits: int) -> float:
    """Return the step of numbers in units of their standard deviation: their range has so many bits."""
    outputs = problem.train.outputs
    spread = np.sqrt(variances(outputs))
    return float(
        2.0 ** np.ceil(np.log2(max(float(np.ptp(outputs / spread, axis=0).max()), 1e-30))) / (1 << bits)
    )
