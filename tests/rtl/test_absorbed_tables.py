"""Tables that adders take in: what a sum of them costs after synthesis."""

from pathlib import Path

import numpy as np
import pytest

from sr2hls.program.builder import Builder
from sr2hls.program.types import FixedType
from sr2hls.rtl.project import write_rtl
from sr2hls.synthesis.base import HdlDesign
from sr2hls.synthesis.yosys import Yosys
from sr2hls.target import Target


def luts_of_sum(address: int, n: int, entry: FixedType, folder: Path) -> float:
    rng = np.random.default_rng(0)
    b = Builder({f"x{k}": FixedType(False, address, address) for k in range(n)})
    tables = [
        b.table([b[f"x{k}"]], rng.integers(entry.raw_min, entry.raw_max + 1, 1 << address), entry)
        for k in range(n)
    ]
    target = Target()
    project = write_rtl(b.program({"y": b.sum(tables)}), folder / "rtl", target=target)
    lut = Yosys().synthesise(HdlDesign.of(project), target).lut
    assert lut is not None
    return lut.value


@pytest.mark.parametrize("signed", [False, True])
def test_a_chain_costs_what_its_tables_cost(signed: bool, tmp_path: Path) -> None:
    """Four tables of five bits, three bits out: twelve LUTs, the adders in the same ones."""
    assert luts_of_sum(5, 4, FixedType(signed, 3, 3), tmp_path) <= 12


def test_tables_of_six_bits_are_beside_their_adders(tmp_path: Path) -> None:
    assert luts_of_sum(6, 4, FixedType(False, 3, 3), tmp_path) > 18
