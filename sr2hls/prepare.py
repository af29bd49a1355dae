"""Checkpoint and data to a `Problem`: what the circuit sees, and what the teacher says about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from sr2hls.arrays import FloatArray
from sr2hls.data import Dataset, InputFormat, InputScaler, ScalerKind, SplitData, load_dataset, load_scaler
from sr2hls.data.between import rows_between
from sr2hls.data.class_order import in_order, order_seen
from sr2hls.data.dataset import open_source
from sr2hls.errors import InputError
from sr2hls.objectives import Objective, parse_objective, rare_objective
from sr2hls.options import CircuitOptions, CompileOptions, StrategyName
from sr2hls.problem import Problem, Split, to_logits
from sr2hls.program.ends import refuse_argmax
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.progress import Progress
from sr2hls.teacher import Task, Teacher, load_teacher

_TYPE = re.compile(r"ap_(u?)fixed<\s*(\d+)\s*,\s*(-?\d+)\s*>")
INPUTS_NAME = "inputs.json"
"""How features become the inputs of the designs beside it."""
_LARGEST, _LEAST_SPREAD = 1e15, 1e-15
"""Outputs beyond these are refused: sums of squares, and steps of types, come near what they can be."""

_SOME, _LEFT = 2000, 0.5
"""Rows on which a network is seen to give its inputs back, and the share of variance that it may lose."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What the first two stages give.

    Attributes:
        teacher: the trained network.
        dataset: the data as they are in the file.
        inputs: how raw features become the circuit's inputs.
        problem: everything that later stages need.
    """

    teacher: Teacher
    dataset: Dataset
    inputs: InputFormat
    problem: Problem

    def between(self, copies: int, seed: int, *, near: bool = True) -> Split:
        """Return the teacher's answers on rows between training rows; they have no labels and no weights.

        Args:
            copies: rows for each training row.
            seed: of their choice.
            near: between neighbours; else between any two rows.
        """
        made = rows_between(self.dataset.train.X, copies, np.random.default_rng([seed, 0]), near=near)
        return Split(self.inputs.values(made), to_logits(self.teacher.task, self.teacher.predict(made)), None)


def prepare(options: CompileOptions, progress: Progress) -> Prepared:
    """Load checkpoint and data, choose the circuit's inputs and ask the teacher.

    Raises:
        InputError: the checkpoint, the data or the options cannot be used.
    """
    with progress.stage("teacher"):
        teacher = load_teacher(
            options.checkpoint,
            model=options.model,
            allow_pickle=options.allow_pickle,
            output=options.head,
            task=options.task,
        )
    if options.with_argmax:
        refuse_argmax(teacher.n_outputs, binary=teacher.task.is_classification)
    with progress.stage("data"):
        dataset = load_dataset(
            options.data,
            features=_features(options, teacher),
            target=options.target_column,
            weights=options.weight_column,
            task=None if teacher.task.is_classification else "regression",
            seed=options.seed,
            n_features=teacher.n_features,
            drop_nonfinite=options.drop_nonfinite,
        )
        teacher = _with_task(options, teacher, dataset, progress)
        _check_labels(teacher, dataset)
        dataset = _with_class_order(options, teacher, dataset, progress)
        _check_columns(dataset)
        for warning in dataset.warnings():
            progress.note(warning)
        inputs = _input_format(options, teacher, dataset)
    class_weights = _class_weights(options, teacher, dataset)
    with progress.stage("teacher evaluation", total=3) as stage:
        splits = []
        for part in (dataset.train, dataset.validation, dataset.test):
            splits.append(_weighed(_ask(teacher, inputs, part), part, class_weights))
            stage.advance()
        _check_outputs(teacher, splits[0])
    problem = Problem(
        task=teacher.task,
        types=dict(zip(inputs.names.identifiers, inputs.types, strict=True)),
        output_names=tuple(f"y{k}" for k in range(teacher.n_outputs)),
        feature_names=inputs.names.display,
        class_names=_class_names(teacher, dataset),
        train=splits[0],
        validation=splits[1],
        test=splits[2],
        objective=_objective(options, teacher, splits[0], progress),
        units=inputs.units,
    )
    return Prepared(teacher, dataset, inputs, problem)


def _with_task(options: CompileOptions, teacher: Teacher, dataset: Dataset, progress: Progress) -> Teacher:
    """Return the network with the task that the data show, where several outputs are no classes."""
    if options.task is not None or teacher.task is not Task.LOGITS or teacher.n_outputs < 2:
        return teacher
    labels = dataset.train.y
    if labels is None:
        if _gives_inputs_back(teacher, dataset):
            progress.note(
                "the network gives its inputs back: its outputs are taken for numbers (--task regression), "
                "not for scores of classes; --task logits says otherwise"
            )
            return teacher.with_task(Task.REGRESSION)
        progress.note(
            f"the {teacher.n_outputs} outputs are taken for scores of classes; where they are numbers that "
            "are wanted for themselves, give --task regression"
        )
    elif dataset.classes is None:
        if labels.shape[1:] == (teacher.n_outputs,):
            progress.note(
                "the labels are numbers, one for each output: so are the outputs taken (--task regression)"
            )
            return teacher.with_task(Task.REGRESSION)
        raise InputError(
            f"the labels in '{dataset.path}' are numbers and no classes, and '{teacher.path.name}' has "
            f"{teacher.n_outputs} outputs: name the column of the classes with --target-column, or give a "
            "label for each output"
        )
    return teacher


def _with_class_order(
    options: CompileOptions, teacher: Teacher, dataset: Dataset, progress: Progress
) -> Dataset:
    """Return the data with class numbers that are those of the network's outputs."""
    if not teacher.task.is_classification or dataset.classes is None:
        return dataset
    outputs = max(2, teacher.n_outputs)
    if options.classes is not None:
        if len(options.classes) != outputs:
            raise InputError(
                f"classes has {len(options.classes)} names for {outputs} classes: name each once"
            )
        return in_order(dataset, options.classes)
    said = teacher.output_names
    if dataset.ordered or len(dataset.classes) != outputs:
        return dataset
    if said is not None and set(said) == set(dataset.classes):
        return in_order(dataset, said)
    some = dataset.train
    decided = teacher.task.decide(teacher.predict(some.X[:_SOME]))
    assert some.y is not None
    seen = order_seen(decided, some.y[:_SOME], outputs)
    if seen is None:
        return dataset
    order, best, given = seen
    classes = tuple(dataset.classes[k] for k in np.argsort(order))
    progress.note(
        f"labels are words, which do not tell their order: the outputs are taken for {', '.join(classes)}, "
        f"with which the network agrees with {best:.3f} of the labels ({given:.3f} in alphabetical order); "
        "--classes says otherwise"
    )
    return in_order(dataset, classes)


def _gives_inputs_back(teacher: Teacher, dataset: Dataset) -> bool:
    """Return whether a network is an autoencoder: most of the inputs' variance is in its outputs."""
    X = np.asarray(dataset.train.X[:_SOME], dtype=np.float64)
    if teacher.n_outputs != X.shape[1]:
        return False
    spread = X.std(axis=0)
    left = (teacher.predict(X) - X)[:, spread > 0] / spread[spread > 0]
    return bool(left.size) and float(np.mean(left**2)) < _LEFT


def _objective(
    options: CompileOptions, teacher: Teacher, train: Split, progress: Progress
) -> Objective | None:
    if options.objective is not None:
        return parse_objective(options.objective, teacher.task, teacher.n_outputs)
    rare = rare_objective(teacher.task, train.outputs, train.labels)
    if rare is not None:
        progress.note(
            f"one of two classes is rare, where accuracy says little: designs are judged by {rare.shown}; "
            "--objective names another"
        )
    return rare


def _features(options: CompileOptions, teacher: Teacher) -> tuple[str, ...] | None:
    """Return the columns that are inputs: those of the network's own names, where all are there."""
    if options.features is not None or teacher.input_names is None:
        return options.features
    there = open_source(options.data, target=options.target_column).names
    return teacher.input_names if there is not None and set(teacher.input_names) <= set(there) else None


def _ask(teacher: Teacher, inputs: InputFormat, part: SplitData) -> Split:
    # The teacher sees the features as they are; the circuit sees them rounded.
    outputs = to_logits(teacher.task, teacher.predict(part.X))
    labels = part.y
    if labels is not None and not teacher.task.is_classification:
        labels = np.asarray(labels, dtype=np.float64).reshape(len(labels), -1)
    return Split(inputs.values(part.X), outputs, labels)


def _weighed(split: Split, part: SplitData, class_weights: FloatArray | None) -> Split:
    """Return a split with the weights of its rows and classes; without labels the network decides those."""
    weights = part.weights
    if class_weights is not None:
        labels = Task.LOGITS.decide(split.outputs) if split.labels is None else split.labels
        of_class = class_weights[np.asarray(labels, dtype=np.int64)]
        weights = of_class if weights is None else weights * of_class
    if weights is not None and not weights.any():
        raise InputError("all rows of a part of the data have the weight 0: give some of each part a weight")
    return replace(split, weights=weights)


def _class_weights(options: CompileOptions, teacher: Teacher, dataset: Dataset) -> FloatArray | None:
    """Return the weight of each class, shape (classes,), or ``None`` where none is given."""
    if not options.class_weights:
        return None
    if not teacher.task.is_classification:
        raise InputError(
            "class weights are given, but the task is a regression: give --weight-column instead"
        )
    known = dataset.classes or _class_names(teacher, dataset)
    if len(known) == 1:
        known = ("0", "1")
    weights = np.ones(len(known))
    for name, weight in options.class_weights:
        if name not in known:
            raise InputError(f"class_weights names '{name}', which is no class: they are {', '.join(known)}")
        weights[known.index(name)] = weight
    return weights


def _check_outputs(teacher: Teacher, train: Split) -> None:
    """Refuse outputs that fixed point and the searches cannot deal with, before hours are spent on them."""
    spread = np.ptp(train.outputs, axis=0)
    if not spread.any():
        raise InputError(
            f"'{teacher.path.name}' gives the same outputs for every row: there is nothing to find a formula "
            "for; check the network, and whether the features are scaled as in its training"
        )
    largest = np.abs(train.outputs).max(axis=0)
    for k in range(len(spread)):
        if largest[k] > _LARGEST or 0 < spread[k] < _LEAST_SPREAD:
            raise InputError(
                f"output {k} of '{teacher.path.name}' has values up to {largest[k]:.3g} that differ by "
                f"{spread[k]:.3g}: scale it in the network, so that it stays below {_LARGEST:.0e} and varies "
                f"by {_LEAST_SPREAD:.0e} at least"
            )


def _check_labels(teacher: Teacher, dataset: Dataset) -> None:
    if not teacher.task.is_classification or dataset.classes is None:
        return
    n_classes = max(2, teacher.n_outputs)
    if len(dataset.classes) > n_classes:
        raise InputError(
            f"'{dataset.path}' has labels of {len(dataset.classes)} classes but the network "
            f"'{teacher.path.name}' tells {n_classes} apart: give the labels it was trained on"
        )


def _check_columns(dataset: Dataset) -> None:
    if dataset.constant:
        names = ", ".join(f"'{dataset.names.display[i]}'" for i in dataset.constant)
        raise InputError(
            f"the data '{dataset.path}' have the same value in every row of {names}: what the network does "
            "with it cannot be learned; give data in which it varies, or a network without it"
        )


def _class_names(teacher: Teacher, dataset: Dataset) -> tuple[str, ...]:
    if dataset.classes is not None and len(dataset.classes) == teacher.n_outputs:
        return tuple(dataset.classes)
    names = teacher.output_names
    if names is not None and len(names) == teacher.n_outputs:
        return tuple(names)
    return tuple(f"y{k}" for k in range(teacher.n_outputs))


def _input_format(options: CompileOptions, teacher: Teacher, dataset: Dataset) -> InputFormat:
    fitted = _explored_format(options, dataset) or InputFormat.fit(
        dataset.train.X, dataset.names, width=options.input_bits, scaler=_scaler(options, teacher)
    )
    given = {name: input_type(name, text) for name, text in options.input_types}
    unknown = sorted(set(given) - set(dataset.names.display))
    if unknown:
        raise InputError(
            f"input_types names the feature '{unknown[0]}', which the data do not have; they have "
            f"{', '.join(dataset.names.display)}"
        )
    types = [given.get(n, t) for n, t in zip(dataset.names.display, fitted.types, strict=True)]
    inputs = InputFormat(fitted.names, fitted.scaler, tuple(types), units=fitted.units)
    return inputs if not options.with_scaler else with_raw_features(inputs, dataset.train.X, options)


def _explored_format(options: CompileOptions, dataset: Dataset) -> InputFormat | None:
    """Return the inputs that the designs of the named exploration were made for, unless others are asked for.

    Raises:
        InputError: their file is damaged.
    """
    path = None if options.explored is None else options.explored / INPUTS_NAME
    if path is None or options.scaler != "auto" or not path.is_file():
        return None
    found = InputFormat.load(path)
    given = {name for name, _ in options.input_types}
    wide = zip(found.names.display, found.types, strict=True)
    same = found.names.display == dataset.names.display
    if not same or any(t.width != options.input_bits and name not in given for name, t in wide):
        return None
    return replace(found, raw_types=None)


def with_raw_features(inputs: InputFormat, X: ArrayLike, options: CircuitOptions) -> InputFormat:
    """Return inputs whose scaling is built, for features X, shape (rows, features), in fixed point.

    Raises:
        InputError: a type is malformed or of no feature, or the scaling has no exact circuit.
    """
    given = {name: input_type(name, text) for name, text in options.raw_types}
    return inputs.with_raw(X, options.raw_bits, given)


def _scaler(options: CompileOptions, teacher: Teacher) -> InputScaler | ScalerKind:
    choice = options.scaler
    if choice == "auto":
        # Formulas that people read keep their constants in the features' own units.
        return ScalerKind.DECIMAL if StrategyName.READABLE in options.strategies else ScalerKind.RANGE
    if choice == "checkpoint":
        affine = teacher.scaler
        if affine is None:
            raise InputError(
                f"'{teacher.path.name}' has no scaler at its front: leave --scaler out, or give another"
            )
        return InputScaler.from_affine(affine.scale, affine.shift)
    kinds: Sequence[str] = [kind.value for kind in ScalerKind]
    return ScalerKind(choice) if choice in kinds else load_scaler(choice)


def input_type(name: str, text: str) -> FixedType:
    """Return the type of an input, which rounds and saturates.

    Raises:
        InputError: the text is not of the form ``ap_fixed<W,I>`` or ``ap_ufixed<W,I>``.
    """
    match = _TYPE.fullmatch(text.strip())
    if match is None:
        raise InputError(
            f"type '{text}' of input '{name}' is not of the form ap_fixed<W,I> or ap_ufixed<W,I>"
        )
    return FixedType(not match.group(1), int(match.group(2)), int(match.group(3)), Rounding.RND, Overflow.SAT)
