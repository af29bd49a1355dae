"""RTL projects on disk: ports, names, pipeline, what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sr2hls.circuit import with_shorter_stages
from sr2hls.errors import InputError
from sr2hls.program.builder import Builder
from sr2hls.program.program import Program
from sr2hls.program.serialize import load
from sr2hls.program.types import FixedType
from sr2hls.provenance import Figure, Origin, Provenance
from sr2hls.rtl.lower_program import to_alkaid
from sr2hls.rtl.names import safe_names
from sr2hls.rtl.pipeline import schedule, split
from sr2hls.rtl.project import load_project, write_rtl
from sr2hls.synthesis.hardware_report import HardwareReport
from sr2hls.target import CLOCK_SHARE, Target
from sr2hls.verify.random_programs import random_program


def chain(n: int = 12) -> Program:
    """Return a program with a long path."""
    b = Builder({"x": FixedType(True, 8, 4), "entity": FixedType(True, 8, 4)})
    value = b["x"]
    for _ in range(n):
        value = b.add(b.mul(value, b["entity"], FixedType(True, 8, 4)), b["x"], FixedType(True, 8, 4))
    return b.program({"y z": value})


def test_files_and_record(tmp_path: Path) -> None:
    program = random_program(3)
    project = write_rtl(program, tmp_path / "out", target=Target(), name="jet")
    assert project.name == "jet"
    assert all(path.is_file() for path in project.sources)
    assert project.sources[-1].name == "jet.v"
    assert load(tmp_path / "out" / "program.json") == program
    assert load_project(tmp_path / "out") == project
    assert [p.type for p in project.inputs] == list(program.input_types)
    vectors = np.loadtxt(tmp_path / "out" / "vectors" / "inputs.csv", delimiter=",", skiprows=1, dtype=int)
    assert vectors.shape == (256, 4)
    assert not list(tmp_path.glob(".out*")), "nothing is left beside the project"


@pytest.mark.parametrize("language", ["verilog", "vhdl"])
def test_a_shorter_clock_needs_more_stages(tmp_path: Path, language: str) -> None:
    cycles = []
    for clock in (40.0, 10.0, 4.0):
        project = write_rtl(
            chain(), tmp_path / f"{language}{clock}", target=Target(clock_ns=clock), language=language
        )
        assert project.stage_delay.value <= clock * CLOCK_SHARE
        cycles.append(project.latency_cycles)
    assert cycles == sorted(set(cycles))
    assert "estimated: delay model of alkaid" in str(project.stage_delay.provenance)


def test_stages_are_cut_once_more_where_the_netlist_is_too_slow(tmp_path: Path) -> None:
    def path(ns: float) -> HardwareReport:
        found = Figure(ns, "ns", Provenance(Origin.ESTIMATED, "the netlist"))
        return HardwareReport(
            "top", "yosys", "0.70", "xcvu9p", "synthesis", critical_path_ns=found, levels=found
        )

    target = Target()
    project = write_rtl(chain(), tmp_path / "p", target=target)
    shorter = with_shorter_stages(chain(), project, target, path(6.0))
    assert shorter is not None
    assert shorter.logic_ns == pytest.approx(target.logic_ns * 5 / 6)
    again = write_rtl(chain(), tmp_path / "q", target=shorter)
    assert again.latency_cycles > project.latency_cycles
    assert again.stage_delay.value <= shorter.logic_ns
    assert load_project(tmp_path / "q").logic_share == shorter.logic_share
    assert with_shorter_stages(chain(), project, target, path(5.0)) is None
    assert with_shorter_stages(chain(), project, target, None) is None
    unmapped = replace(path(6.0), levels=None)
    assert with_shorter_stages(chain(), project, target, unmapped) is None
    one = Builder({"x": FixedType(True, 8, 4)})
    single = one.program({"y": one.neg(one["x"])})
    whole = write_rtl(single, tmp_path / "r", target=target)
    assert with_shorter_stages(single, whole, target, path(6.0)) is None, "no stage more comes of it"


def test_an_input_that_nothing_reads_reaches_no_register(tmp_path: Path) -> None:
    b = Builder({"a": FixedType(True, 6, 3), "dead": FixedType(True, 6, 3), "b": FixedType(True, 6, 3)})
    project = write_rtl(b.program({"y": b.add(b["a"], b["b"])}), tmp_path / "p", target=Target())
    assert [port.name for port in project.inputs] == ["a", "dead", "b"]
    core = next(path for path in project.sources if path.name == "top_core.v").read_text()
    assert "input wire [11:0] model_inp" in core
    assert "dead" not in core


def test_stages_compute_the_whole(tmp_path: Path) -> None:
    program = chain(5)
    logic = to_alkaid(program)
    stages = split(logic, schedule(logic, 3.0))
    assert len(stages) > 2
    rng = np.random.default_rng(0)
    samples = rng.integers(-128, 128, size=(200, 2)) / 16.0
    values = samples
    for stage in stages:
        values = stage.predict(values, n_threads=1)
    np.testing.assert_array_equal(values, logic.predict(samples, n_threads=1))


def test_names_are_legal_and_distinct() -> None:
    names = safe_names(["x0", "X0", "entity", "pt (GeV)", "3rd", "clk", "", "m__2", "reg"])
    assert names == ("x0", "X0_2", "entity_v", "pt_GeV", "x3rd", "clk_v", "x", "m_2", "reg_v")


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    b = Builder({'a"; $system("x"); //\n`include "q"': FixedType(True, 4, 4)})
    project = write_rtl(
        b.program({"endmodule": b.neg(b[next(iter(b._names))])}), tmp_path / "p", target=Target()
    )
    text = project.sources[-1].read_text()
    assert "$system" not in text and "`include" not in text
    assert "input wire [3:0] a_system_x_include_q" in text


def test_other_directories_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")
    with pytest.raises(InputError, match=r"mine' is not empty and holds no RTL project of sr2hls"):
        write_rtl(random_program(1), tmp_path / "mine", target=Target())
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "x"


def test_a_project_is_replaced_as_a_whole(tmp_path: Path) -> None:
    first = write_rtl(random_program(1), tmp_path / "p", target=Target(), name="one")
    write_rtl(random_program(2), tmp_path / "p", target=Target(), name="two")
    assert not first.sources[-1].exists()


def test_illegal_module_names_and_languages(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'module' cannot be the name of a module.*e\.g\. 'module_v'"):
        write_rtl(random_program(1), tmp_path / "p", target=Target(), name="module")
    with pytest.raises(InputError, match=r"language 'chisel' is not one"):
        write_rtl(random_program(1), tmp_path / "p", target=Target(), language="chisel")  # type: ignore[arg-type]


def test_damaged_records_are_named(tmp_path: Path) -> None:
    write_rtl(random_program(1), tmp_path / "p", target=Target())
    record = tmp_path / "p" / "project.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "format": "other"}))
    with pytest.raises(InputError, match=r"holds no readable RTL project: its format is 'other'"):
        load_project(tmp_path / "p")
    with pytest.raises(InputError, match=r"holds no readable RTL project"):
        load_project(tmp_path / "nowhere")
