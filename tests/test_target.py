"""Parts, clocks, budgets, provenance."""

import pytest

from sr2hls.errors import InputError
from sr2hls.provenance import Origin, Provenance
from sr2hls.target import Budget, Family, Target, family_of


@pytest.mark.parametrize(
    ("part", "family"),
    [
        ("xcvu9p-flga2577-2-e", Family.ULTRASCALE_PLUS),
        ("xcku5p-ffvb676-2-e", Family.ULTRASCALE_PLUS),
        ("xczu9eg-ffvb1156-2-e", Family.ULTRASCALE_PLUS),
        ("xcu250-figd2104-2L-e", Family.ULTRASCALE_PLUS),
        ("xcku115-flvb2104-2-i", Family.ULTRASCALE),
        ("xcvu440-flga2892-2-c", Family.ULTRASCALE),
        ("xc7z020clg400-1", Family.SERIES7),
        ("LFE5U-85F", Family.ECP5),
    ],
)
def test_family_of_parts(part: str, family: Family) -> None:
    assert family_of(part) is family
    assert Target(part=part).family is family


def test_unknown_part_is_named() -> None:
    with pytest.raises(InputError, match=r"unknown part '10AX115': give a Xilinx .* or a Lattice ECP5 part"):
        Target(part="10AX115")


@pytest.mark.parametrize("clock", [0.0, -5.0, 1e9])
def test_absurd_clock_is_refused(clock: float) -> None:
    with pytest.raises(InputError, match=r"clock_ns is .*: give a clock period from 0\.1 to 1000 ns"):
        Target(clock_ns=clock)


def test_negative_budget_and_fidelity_above_one_are_refused() -> None:
    with pytest.raises(InputError, match="max_lut is -1: give a number of at least 0"):
        Budget(max_lut=-1)
    with pytest.raises(InputError, match=r"min_fidelity is 1\.5: give a number from 0 to 1"):
        Budget(min_fidelity=1.5)


def test_provenance_in_words() -> None:
    text = str(Provenance(Origin.ESTIMATED, "delay model", "xcvu9p", "RTL", "median 7 %"))
    assert text == "estimated: delay model, after RTL, xcvu9p, error median 7 %"
