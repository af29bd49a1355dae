"""The C++ of single operations on every input: what stands in for a proof of the C++.

No bounded model checker is run on the open ap_types. Each operation of a program is compiled alone instead,
with the program's own types, and run on every value of its arguments where these have few bits together. How
the operations are wired is tested on rows.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sr2hls.hls.batch import compile_programs
from sr2hls.program import ops
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType
from sr2hls.verify.agree import Agreement, check_agreement

_MOST_BITS = 20


def check_operations(program: Program, work: Path) -> Agreement | None:
    """Compare the C++ of each operation with the interpreter on every input that it can have.

    Args:
        program: whose operations.
        work: empty directory to compile in.

    Returns:
        What was compared; its source says how many operations have too many bits. None where all have.

    Raises:
        VerificationError: an operation differs.
        ToolError: there is no C++ compiler, or it fails.
    """
    every = list(_singles(program))
    ordered = list(dict.fromkeys(single for single in every if single is not None))
    if not ordered:
        return None
    vectors = 0
    for single, compiled in zip(ordered, compile_programs(ordered, work), strict=True):
        raw = _every_input(single.input_types)
        expected = Interpreter(single).run(raw)
        vectors += check_agreement(
            single, f"C++ of '{single.ops[-1].name}'", compiled.run, raw, expected
        ).vectors
    covered = sum(p is not None for p in every)
    source = f"every input of {covered} of {len(every)} operations"
    return Agreement("C++, each operation alone (g++)", vectors, vectors, source=source)


def _singles(program: Program) -> Iterator[Program | None]:
    """Yield each operation as a program of its own, None for one whose arguments have too many bits."""
    for op in program.ops:
        if isinstance(op, ops.Input | ops.Constant):
            continue
        args = list(dict.fromkeys(op.args))
        types = [program.ops[a].type for a in args]
        if sum(t.width for t in types) > _MOST_BITS:
            yield None
            continue
        inputs = [ops.Input(type=type_, index=k) for k, type_ in enumerate(types)]
        alone = replace(op, args=tuple(args.index(a) for a in op.args), origin="")
        names = tuple(f"a{k}" for k in range(len(types)))
        yield Program((*inputs, alone), (len(types),), names, ("y",))


def _every_input(types: tuple[FixedType, ...]) -> NDArray[np.int64]:
    columns = np.meshgrid(*(np.arange(t.raw_min, t.raw_max + 1) for t in types), indexing="ij")
    return np.stack([c.ravel() for c in columns], axis=1)
