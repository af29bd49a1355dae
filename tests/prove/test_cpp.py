from pathlib import Path

import numpy as np
import pytest

from sr2hls.errors import VerificationError
from sr2hls.program import ops
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.prove import cpp


def test_operations_are_run_on_every_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow, wide = FixedType(True, 5, 3), FixedType(True, 16, 8)
    builder = Builder({"a": narrow, "b": narrow, "c": wide, "d": wide})
    rounded = FixedType(False, 4, 2, Rounding.RND_CONV, Overflow.SAT)
    product = builder.push(ops.Mul(args=(0, 1), type=rounded))
    square = builder.push(ops.Mul(args=(0, 0), type=FixedType(True, 10, 6)))
    total = builder.push(ops.Add(args=(2, 3), type=FixedType(True, 17, 9)))
    program = builder.program({"y": product, "z": square, "t": total})
    found = cpp.check_operations(program, tmp_path / "right")
    assert found is not None
    assert found.vectors == 2**10 + 2**5
    assert found.source == "every input of 2 of 3 operations"

    def wrong(self: Interpreter, raw: np.ndarray) -> np.ndarray:
        outputs = right(self, raw)
        outputs[-1] ^= 1
        return outputs

    right = Interpreter.run
    monkeypatch.setattr(Interpreter, "run", wrong)
    with pytest.raises(
        VerificationError, match=r"C\+\+ of 'mul' differs from the integer interpreter in 1 of"
    ):
        cpp.check_operations(program, tmp_path / "wrong")
