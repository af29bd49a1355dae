import subprocess
from pathlib import Path

import numpy as np
import pytest

from sr2hls.errors import InputError, ProgramError, ToolError
from sr2hls.hls.ap_types import ap_types_dir
from sr2hls.hls.batch import compile_programs
from sr2hls.hls.compiled import CompiledProgram
from sr2hls.hls.compiler import compile_shared, compiler
from sr2hls.hls.project import MARKER, VECTORS, HlsProject, formula_graph, write_hls
from sr2hls.program.builder import Builder
from sr2hls.program.interpreter import Interpreter
from sr2hls.program.program import Program
from sr2hls.program.types import FixedType, Overflow, Rounding
from sr2hls.target import Budget, Target
from sr2hls.verify.random_programs import corner_inputs, random_program

TARGET = Target(clock_ns=4.0)


def small_program(constant: int = 3) -> Program:
    b = Builder(
        {
            "a": FixedType(True, 8, 4),
            "b": FixedType(False, 5, -1),
            "c": FixedType(True, 4, 6),
        }
    )
    product = b.mul(b["a"], b["b"], FixedType(True, 7, 3, Rounding.RND_CONV, Overflow.SAT))
    table = b.table([b["c"]], [(k * constant) % 8 for k in range(16)], FixedType(False, 3, 2))
    return b.program({"y": b.add(product, table), "z": b.abs(b["c"])})


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> HlsProject:
    return write_hls(small_program(), tmp_path_factory.mktemp("hls") / "design", target=TARGET)


def test_it_is_a_whole_hls4ml_project(project):
    names = {p.relative_to(project.directory).as_posix() for p in project.directory.rglob("*")}
    assert {
        "build_prj.tcl", "build_opt.tcl", "project.tcl", "vivado_synth.tcl", "build_lib.sh",
        "hls4ml_config.yml", "formula_test.cpp", "firmware/formula.cpp", "firmware/parameters.h",
        "firmware/nnet_utils/nnet_sr2hls.h", "firmware/ap_types/ap_fixed.h",
    } <= names  # fmt: skip
    tcl = (project.directory / "project.tcl").read_text()
    assert 'set part "xcvu9p-flga2577-2-e"' in tcl
    assert "set clock_period 4.0" in tcl
    assert "#pragma HLS PIPELINE II=1" in (project.directory / "firmware" / "formula.cpp").read_text()
    # The interface holds all inputs: 6 integer bits of c (signed), 6 fractional ones of b.
    assert "typedef ap_fixed<12,6> input_t;" in (project.directory / "firmware" / "defines.h").read_text()
    assert not [n for n in names if "part" in n.rsplit("/")[-1] and n.endswith(".part")]


def test_nothing_in_it_names_the_directory_where_it_was_written(project):
    for name in ("hls4ml_config.yml", MARKER, "project.tcl", "build_lib.sh"):
        assert str(project.directory.parent) not in (project.directory / name).read_text()


def test_open_gives_the_same_project(project):
    assert HlsProject.open(project.directory) == project


def test_open_refuses_another_directory(tmp_path):
    with pytest.raises(InputError, match="holds no HLS project of sr2hls"):
        HlsProject.open(tmp_path)
    (tmp_path / MARKER).write_text('{"name": 3}')
    with pytest.raises(InputError, match="holds no HLS project of sr2hls: 'backend'"):
        HlsProject.open(tmp_path)


def test_the_compiled_project_agrees_with_the_interpreter(project):
    compiled = CompiledProgram(project)
    raw = corner_inputs(small_program(), 5000, 0)
    want = Interpreter(small_program()).run(raw)
    np.testing.assert_array_equal(compiled.run(raw), want)
    np.testing.assert_array_equal(CompiledProgram(project, threads=3).run(raw), want)
    assert compiled.run(raw[:0]).shape == (0, 2)
    assert CompiledProgram(project).library == compiled.library
    X = np.random.default_rng(0).normal(size=(100, 3))
    np.testing.assert_array_equal(compiled.predict(X), Interpreter(small_program()).predict(X))
    with pytest.raises(ProgramError, match=r"shape \(5000, 2\); the design takes \(samples, 3\)"):
        compiled.run(raw[:, :2])
    with pytest.raises(ProgramError, match=r"raw input 0 ranges over .* outside of its type ap_fixed<8,4>"):
        compiled.run(raw + 1000)
    with pytest.raises(InputError, match="threads is 0"):
        CompiledProgram(project, threads=0)


def test_the_testbench_passes_on_the_contract_and_fails_on_one_wrong_bit(project, tmp_path):
    raw = corner_inputs(small_program(), 200, 1)
    want = Interpreter(small_program()).run(raw)
    path = project.write_vectors(raw, want)
    assert path == project.directory / VECTORS
    program = tmp_path / "tb"
    headers = ["-Ifirmware/ap_types", "-I."]
    sources = ["formula_test.cpp", "firmware/formula.cpp"]
    # The standard that hls4ml's script gives the vendor's tool.
    build = ["g++", "-std=c++0x", "-w", *headers, *sources, "-o", str(program)]
    subprocess.run(build, cwd=project.directory, check=True)

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run([program], cwd=project.directory, capture_output=True, text=True)

    done = run()
    assert (done.returncode, done.stdout) == (0, "SR2HLS: 200 samples, 0 wrong\n")
    np.testing.assert_array_equal(np.loadtxt(project.directory / "tb_data" / "csim_results.log"), want)
    want[17, 1] ^= 1
    project.write_vectors(raw, want)
    done = run()
    assert done.returncode == 1
    assert "ERROR: sample 17 differs from the program" in done.stdout
    assert "200 samples, 1 wrong" in done.stdout
    path.unlink()
    assert "sr2hls_vectors.dat is missing" in run().stdout
    with pytest.raises(InputError, match=r"do not fit the project: it takes \(samples, 3\)"):
        project.write_vectors(raw[:, :2], want)


def test_hls4ml_itself_compiles_and_predicts_it(tmp_path):
    program = small_program()
    graph = formula_graph(program, tmp_path / "design", target=TARGET, backend="Vivado")
    graph.compile()
    raw = corner_inputs(program, 100, 2)
    X = raw * np.array([t.step for t in program.input_types])
    want = Interpreter(program).run(raw) * np.array([t.step for t in program.output_types])
    np.testing.assert_array_equal(graph.predict(np.ascontiguousarray(X)), want)


def test_projects_of_one_process_do_not_clash(tmp_path):
    programs = [small_program(3), small_program(5)]
    projects = [
        write_hls(p, tmp_path / f"d{k}", target=TARGET, backend=backend)
        for k, (p, backend) in enumerate(zip(programs, ("Vitis", "Vivado"), strict=True))
    ]
    raw = corner_inputs(programs[0], 500, 0)
    outputs = [CompiledProgram(project).run(raw) for project in projects]
    for program, output in zip(programs, outputs, strict=True):
        np.testing.assert_array_equal(output, Interpreter(program).run(raw))
    assert (outputs[0] != outputs[1]).any()
    assert "core=ROM_1P_LUTRAM" in (projects[1].directory / "firmware" / "parameters.h").read_text()


def test_a_project_is_replaced_and_other_files_are_not(tmp_path):
    directory = tmp_path / "design"
    write_hls(small_program(), directory, target=TARGET)
    (directory / "left_over").touch()
    write_hls(small_program(), directory, target=TARGET, name="other")
    assert not (directory / "left_over").exists()
    assert (directory / "firmware" / "other.cpp").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(InputError, match="mine' is not empty and holds no HLS project"):
        write_hls(small_program(), tmp_path / "mine", target=TARGET)
    with pytest.raises(InputError, match=r"thesis.tex' is a file: give a directory"):
        write_hls(small_program(), tmp_path / "mine" / "thesis.tex", target=TARGET)


def test_nothing_is_left_of_a_project_that_failed(tmp_path, monkeypatch):
    write_hls(small_program(), tmp_path / "design", target=TARGET)
    before = (tmp_path / "design" / "firmware" / "formula.cpp").stat().st_ino

    def full_disk(*args: object, **kwargs: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sr2hls.hls.project.render", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_hls(small_program(), tmp_path / "design", target=TARGET)
    assert [p.name for p in tmp_path.iterdir()] == ["design"]
    assert (tmp_path / "design" / "firmware" / "formula.cpp").stat().st_ino == before


def test_budgets_reach_the_tool(tmp_path):
    target = Target(clock_ns=2.5, budget=Budget(max_latency_ns=10.0, max_dsp=0))
    project = write_hls(small_program(), tmp_path / "design", target=target)
    text = (project.directory / "firmware" / "parameters.h").read_text()
    assert "#pragma HLS LATENCY min=0 max=4" in text
    assert "impl=fabric" in text


@pytest.mark.parametrize("name", ["my design", "x;y", "_x", "größe", ""])
def test_bad_names_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="cannot name a top function"):
        write_hls(small_program(), tmp_path / "design", target=TARGET, name=name)
    assert not list(tmp_path.iterdir())


def test_other_bad_arguments_are_refused(tmp_path):
    with pytest.raises(InputError, match="backend 'Catapult' is not one of Vitis, Vivado"):
        write_hls(small_program(), tmp_path / "design", target=TARGET, backend="Catapult")
    b = Builder({})
    with pytest.raises(InputError, match="the program has no inputs"):
        write_hls(b.program({"y": b.constant(1, 0)}), tmp_path / "design", target=TARGET)


def test_without_a_compiler_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"'g\+\+' is not on PATH: install g\+\+"):
        compile_programs([small_program()], tmp_path)
    monkeypatch.setenv("CXX", "clang++-99")
    with pytest.raises(ToolError, match=r"'clang\+\+-99' is not on PATH"):
        compiler()


def test_compiler_errors_and_time_outs_are_reported_and_leave_nothing(tmp_path):
    source = tmp_path / "a.cpp"
    source.write_text("int f() { return undeclared; }")
    with pytest.raises(ToolError, match=r"cannot compile '.*a.cpp': .*undeclared.* was not declared"):
        compile_shared([source], tmp_path / "lib")
    source.write_text('#include "ap_fixed.h"\nap_fixed<8, 4> f(ap_fixed<8, 3> x) { return x * x; }')
    with pytest.raises(ToolError, match=r"did not finish '.*a.cpp' within 0.01 s"):
        compile_shared([source], tmp_path / "lib", include_dirs=[ap_types_dir()], timeout_s=0.01)
    assert not list((tmp_path / "lib").iterdir())


def test_any_path_will_do(tmp_path: Path) -> None:
    program = random_program(3)
    raw = corner_inputs(program, 50, 0)
    project = write_hls(program, tmp_path / "a\"b $HOME 'c'" / "hls", target=Target())
    assert np.array_equal(CompiledProgram(project).run(raw), Interpreter(program).run(raw))
