"""Combinational logic with the ends of a circuit around it, as alkaid's operations.

A network's logic shares adders, which a lowering of its program would not; so its ends are lowered apart, and
the pieces joined.
"""

from alkaid.trace.passes import dead_code_elimin
from alkaid.types import CombLogic, Op

from sr2hls.errors import LoweringError
from sr2hls.program.ends import Ends, wires
from sr2hls.program.program import Program
from sr2hls.rtl.lower_program import to_alkaid, with_delays

_INPUT, _SLICE, _LOOKUP = -1, 3, 8


def around(ends: Ends, program: Program, logic: CombLogic) -> CombLogic:
    """Return logic with ends.

    Args:
        ends: what is built around it.
        program: what the logic computes, without ends.
        logic: alkaid's operations for it.

    Raises:
        LoweringError: an output of the logic is a negated value.
    """
    if ends.maps is not None:
        front = Ends(ends.maps).around(
            wires(dict(zip(program.input_names, program.input_types, strict=True)))
        )
        logic = joined(to_alkaid(front), logic)
    if ends.argmax:
        scores = dict(zip(program.output_names, program.output_types, strict=True))
        back = Ends(None, ends.argmax, ends.binary).around(wires(scores))
        logic = joined(logic, to_alkaid(back))
    return logic


def joined(first: CombLogic, second: CombLogic) -> CombLogic:
    """Return the logic of two pieces, the outputs of the first being the inputs of the second.

    Raises:
        LoweringError: an output of the first is a negated value.
    """
    if any(first.out_negs):
        raise LoweringError("an output of the logic is a negated value, which wires cannot express")
    tables = first.lookup_tables or ()
    n = len(first.ops)
    ops = list(first.ops)
    for op in second.ops:
        if op.opcode == _INPUT:
            k = op.data[0]
            shift = first.out_shifts[k] + second.inp_shifts[k]
            ops.append(Op((first.out_idxs[k],), _SLICE, (shift,), op.qint, 0.0, 0.0))
            continue
        data = (op.data[0] + len(tables), *op.data[1:]) if op.opcode == _LOOKUP else op.data
        ops.append(op._replace(addr=tuple(a + n for a in op.addr), data=data))
    whole = second._replace(
        shape=(first.shape[0], second.shape[1]),
        inp_shifts=first.inp_shifts,
        out_idxs=[position + n for position in second.out_idxs],
        ops=ops,
        lookup_tables=(*tables, *(second.lookup_tables or ())) or None,
    )
    return with_delays(dead_code_elimin(whole))
