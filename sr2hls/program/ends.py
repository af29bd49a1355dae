"""What stands around a circuit, as operations of its program: the maps of its inputs, and the decision.

As operations of the program they are in the C++, the Verilog, the comparisons, the proofs and the LUTs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sr2hls.errors import InputError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.input_map import InputMap, MapPiece, ProductMap
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding, narrowest

DECISION = "class_index"
"""Name of the output that says which class."""


@dataclass(frozen=True)
class Ends:
    """What is built around a circuit.

    Attributes:
        maps: of each input, raw feature to the circuit's input; ``None`` leaves that upstream.
        argmax: whether the class is an output, too.
        binary: whether a single output is the score of a class against none.
    """

    maps: tuple[InputMap, ...] | None = None
    argmax: bool = False
    binary: bool = False

    def around(self, program: Program) -> Program:
        """Return a program with its ends.

        Raises:
            InputError: an output is asked for that there cannot be (see `with_argmax`).
        """
        if self.maps is not None:
            program = with_input_maps(program, self.maps)
        return with_argmax(program, binary=self.binary) if self.argmax else program


NO_ENDS = Ends()


def with_argmax(program: Program, *, binary: bool = False) -> Program:
    """Return a program with one output more: the position of the largest output, the first of equals.

    Args:
        program: its outputs are the classes' scores.
        binary: a single output is the score of a class against none: 1 where it is above 0.

    Raises:
        InputError: there is a single output, and it is no score.
    """
    build = Builder(dict(zip(program.input_names, program.input_types, strict=True)))
    values = _written(build, program, list(range(program.n_inputs)))
    scores = [values[i] for i in program.outputs]
    refuse_argmax(len(scores), binary=binary)
    if len(scores) > 1:
        decision = build.argmax(scores, origin=DECISION)
    else:
        decision = build.compare(ops.Predicate.GT, scores[0], build.constant(0, 0), origin=DECISION)
    name = DECISION
    while name in program.output_names or name in program.input_names:
        name += "_"
    return build.program({**dict(zip(program.output_names, scores, strict=True)), name: decision})


def wires(types: Mapping[str, FixedType]) -> Program:
    """Return a program whose outputs are its inputs."""
    build = Builder(dict(types))
    return build.program({f"{name}_out": build[name] for name in types})


def refuse_argmax(outputs: int, *, binary: bool) -> None:
    """Refuse an argmax where nothing can be decided.

    Raises:
        InputError: there is a single output, and it is no score.
    """
    if outputs < 2 and not binary:
        raise InputError(
            "--with-argmax needs several outputs or a classifier: a single value decides nothing; leave it "
            "out"
        )


def with_input_maps(program: Program, maps: Sequence[InputMap]) -> Program:
    """Return a program that takes raw features; an input that nothing reads stays a port that nothing reads.

    Args:
        program: what becomes of the inputs.
        maps: of each input; their types are those of the inputs.
    """
    build = Builder({name: m.raw for name, m in zip(program.input_names, maps, strict=True)})
    inputs = [
        _mapped(build, k, m, program.input_names[k]) if program.users[k] or k in program.outputs else k
        for k, m in enumerate(maps)
    ]
    values = _written(build, program, inputs)
    return build.program({n: values[i] for n, i in zip(program.output_names, program.outputs, strict=True)})


def _mapped(build: Builder, feature: int, m: InputMap, name: str) -> int:
    origin = f"input map of {name}"
    frac = m.drop + m.type.frac
    if isinstance(m, ProductMap):
        terms = [build.mul(feature, build.constant(m.factor, frac - m.raw.frac), origin=origin)]
        terms += [build.constant(m.addend, frac)] if m.addend else []
    else:
        terms = [_looked_up(build, feature, piece, frac, origin) for piece in m.pieces]
    total = terms[-1]
    for term in reversed(terms[:-1]):
        total = build.add(total, term, origin=origin)
    return build.cast(total, m.type.with_modes(Rounding.TRN, Overflow.SAT), origin)


def _looked_up(build: Builder, feature: int, piece: MapPiece, frac: int, origin: str) -> int:
    # The bits of the piece: those below are dropped (TRN), those above wrap.
    lowest = build.type(feature).frac - piece.low
    bits = build.cast(feature, FixedType(False, piece.width, piece.width - lowest), origin)
    type_ = narrowest(min(piece.values), max(piece.values), frac)
    return build.table([bits], piece.values, type_, origin)


def _written(build: Builder, program: Program, inputs: Sequence[int]) -> list[int]:
    """Write a program's operations on values that stand for its inputs; return the position of each value."""
    at: list[int] = list(inputs)
    for op in program.ops[program.n_inputs :]:
        at.append(build.push(replace(op, args=tuple(at[a] for a in op.args))))
    return at
