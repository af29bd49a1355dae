"""Random programs over every operation, width, rounding and overflow mode, to try executors on."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from sr2hls.arrays import IntArray
from sr2hls.errors import ProgramError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding


def random_type(rng: Generator, max_width: int) -> FixedType:
    """Return a random type of at most ``max_width`` bits; the binary point may lie outside of the bits."""
    width = int(rng.integers(1, max_width + 1))
    signed = bool(rng.integers(2))
    return FixedType(
        signed=signed,
        width=width if signed else min(width, 63),
        integer=int(rng.integers(-2, width + 3)),
        rounding=list(Rounding)[rng.integers(len(Rounding))],
        overflow=list(Overflow)[rng.integers(len(Overflow))],
    )


def random_program(
    seed: int,
    *,
    n_inputs: int = 4,
    n_operations: int = 22,
    max_width: int = 14,
    kinds: tuple[type[ops.Operation], ...] = ops.OPERATIONS[1:],
) -> Program:
    """Return a random program; the same arguments give the same program.

    Args:
        seed: of the random numbers.
        n_inputs: number of inputs.
        n_operations: number of operations besides the inputs (fewer where equal ones are drawn).
        max_width: widest type drawn, in bits.
        kinds: operations to draw from.
    """
    rng = np.random.default_rng(seed)
    builder = Builder({f"x{k}": random_type(rng, max_width) for k in range(n_inputs)})
    values = list(range(n_inputs))
    attempts = 0
    while len(values) < n_inputs + n_operations and attempts < 50 * n_operations:
        attempts += 1
        kind = kinds[rng.integers(len(kinds))]
        try:
            value = _push(builder, rng, kind, values, max_width)
        except ProgramError:
            continue
        if value is None or value in values:
            continue
        # Draws often end in a constant (0 after SAT_ZERO, say); most of these would show nothing.
        interval = builder.range(value)
        if kind is not ops.Constant and interval.low == interval.high and rng.random() < 0.9:
            continue
        values.append(value)
    used = {arg for v in values for arg in builder.operation(v).args}
    outputs = [v for v in values if v not in used and v >= n_inputs] or values[-1:]
    return builder.program({f"y{k}": v for k, v in enumerate(outputs)})


def corner_inputs(program: Program, n_samples: int, seed: int) -> IntArray:
    """Return raw inputs, shape (n_samples, inputs): random ones, a share of them at corners of the types."""
    rng = np.random.default_rng(seed)
    columns = []
    for type_ in program.input_types:
        column = rng.integers(type_.raw_min, type_.raw_max, size=n_samples, endpoint=True)
        corners = [type_.raw_min, type_.raw_max, 0, min(1, type_.raw_max), max(-1, type_.raw_min)]
        at = rng.random(n_samples) < 0.25
        column[at] = rng.choice(corners, size=int(at.sum()))
        columns.append(column)
    return np.stack(columns, axis=1).astype(np.int64)


def _push(
    builder: Builder, rng: Generator, kind: type[ops.Operation], values: list[int], max_width: int
) -> int | None:
    type_ = random_type(rng, max_width)

    def pick() -> int:
        return int(values[rng.integers(len(values))])

    if kind is ops.Table:
        args = [pick() for _ in range(int(rng.integers(1, 4)))]
        bits = sum(builder.type(a).width for a in args)
        if bits > 10:
            return None
        entries = rng.integers(type_.raw_min, type_.raw_max, size=1 << bits, endpoint=True)
        return builder.table(args, entries, type_)
    if kind is ops.Constant:
        raw = int(rng.integers(type_.raw_min, type_.raw_max, endpoint=True))
        return builder.push(ops.Constant(type=type_, raw=raw))
    n_args = kind.arity if kind.arity is not None else int(rng.integers(2, 6))
    args = [pick() for _ in range(n_args)]
    build: Callable[..., ops.Operation] = kind
    extra: dict[str, object] = {}
    if kind is ops.Shift:
        extra["amount"] = int(rng.integers(-3, 4))
    elif kind is ops.Compare:
        extra["predicate"] = list(ops.Predicate)[rng.integers(len(ops.Predicate))]
    op = build(args=tuple(args), type=type_, **extra)
    # The program is checked here, so that an operation beyond 64 bits is drawn again.
    probe = Builder({f"a{k}": builder.type(a) for k, a in enumerate(args)})
    probe.program({"y": probe.push(build(args=tuple(range(n_args)), type=type_, **extra))})
    return builder.push(op)
