import pytest

from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.synthesis.base import HdlDesign, known_timing
from sr2hls.target import Target

_MODEL = Provenance(Origin.ESTIMATED, "delay model of alkaid 0.8")


@pytest.mark.parametrize(("clock_ns", "latency_ns"), [(5.0, 40.0), (1.37, 10.96), (0.1, 10.96)])
def test_latency_counts_the_longest_stage_where_the_clock_is_shorter(
    clock_ns: float, latency_ns: float
) -> None:
    design = HdlDesign("top", (), latency_cycles=8, ii=1, stage_delay=Figure(1.37, "ns", _MODEL))
    found = known_timing(design, Target(clock_ns=clock_ns))
    assert found["latency_ns"].value == pytest.approx(latency_ns)
    assert found["latency_ns"].provenance.origin is Origin.ESTIMATED
    assert ("delay model" in found["latency_ns"].provenance.source) == (clock_ns < 1.37)
    assert found["latency_cycles"].value == 8
    assert found["latency_cycles"].provenance.origin is Origin.MEASURED
