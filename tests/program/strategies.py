"""Hypothesis strategies for types and programs."""

from hypothesis import strategies as st

from sr2hls.program import ops
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.verify.random_programs import random_program


@st.composite
def fixed_types(draw: st.DrawFn, max_width: int = 16, lo: int = -3, hi: int = 4) -> FixedType:
    signed = draw(st.booleans())
    width = draw(st.integers(1, max_width if signed else min(max_width, 63)))
    integer = draw(st.integers(lo, width + hi))
    return FixedType(
        signed, width, integer, draw(st.sampled_from(list(Rounding))), draw(st.sampled_from(list(Overflow)))
    )


@st.composite
def programs(
    draw: st.DrawFn,
    max_width: int = 10,
    max_operations: int = 12,
    kinds: tuple[type[ops.Operation], ...] = ops.OPERATIONS[1:],
) -> Program:
    return random_program(
        draw(st.integers(0, 2**32 - 1)),
        n_inputs=draw(st.integers(1, 4)),
        n_operations=draw(st.integers(1, max_operations)),
        max_width=draw(st.integers(1, max_width)),
        kinds=kinds,
    )
