import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sr2hls.cli.init import config_text
from sr2hls.cli.main import app, run
from sr2hls.options import Backend, CompileOptions, EngineName, StrategyName


def options(*arguments: object) -> CompileOptions:
    """Return what the command makes of its arguments."""
    _, bound, _ = app.parse_args([str(a) for a in ("compile", *arguments)])
    found = bound.arguments["options"]
    assert isinstance(found, CompileOptions)
    return found


# What fuzzing found to end as a fault of sr2hls.
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'checkpoint = "{"x" * 300}.onnx"', r"there can be no file at 'x+\.onnx': give another name"),
        (f"max-lut = 0x{'f' * 9000}", "the number of the key 'max-lut' has more than 64 bits"),
        (f"max-lut = {'1' * 5000}", "is not TOML: Exceeds the limit"),
        (f"features = ['a', 0x{'f' * 9000}]", "the number of the key 'features' has more than 64 bits"),
        (f"input-type = {{a = 0x{'f' * 9000}}}", "the number of the key 'input-type' has more than 64 bits"),
        ('checkpoint = "net\\u0000.onnx"', "the key 'checkpoint' has a character of code 0"),
        ('checkpoint = "\\u001b[31m"', r"'\\x1b\[31m' cannot be read: No such file"),
        ('engine = "\\u001b[31m"', "Choose from"),
    ],
)
def test_absurd_values(text: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "c.toml"
    given = {"checkpoint": "checkpoint = 'net.onnx'", "data": "data = 'd.npz'", "output": "output = 'out'"}
    given.pop(text.split(" ")[0], None)
    file.write_text("\n".join([*given.values(), text]) + "\n")
    assert run(["compile", "--config", str(file)]) == 2
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert said.replace("\n", "").isprintable()


def test_flags_become_options() -> None:
    found = options(
        "net.onnx", "--data", "d.npz", "-o", "out", "--features", "a, b", "--features", "c", "--input-type",
        "a=b=ap_fixed<8,3>", "--engine", "operon", "--max-lut", "400", "--no-baseline", "--clock-ns", "2.5",
        "--time", "9", "--weight-column", "mc", "--class-weight", "a=b=3", "--class-weight", "c=0.5",
    )  # fmt: skip
    assert found.features == ("a", "b", "c")
    assert found.input_types == (("a=b", "ap_fixed<8,3>"),)
    assert found.engine is EngineName.OPERON
    assert (found.target.clock_ns, found.target.budget.max_lut, found.time_s) == (2.5, 400, 9)
    assert not found.baseline
    assert (found.weight_column, found.class_weights) == ("mc", (("a=b", 3.0), ("c", 0.5)))


def test_file_equals_flags(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        'checkpoint = "net.onnx"\ndata = "d.npz"\noutput = "out"\nfeatures = ["a", "b"]\nmax-lut = 400\n'
        'baseline = false\nbackend = "Vivado"\nseed = 7\n[input-type]\na = "ap_fixed<8,3>"\n'
        "[class-weight]\ntop = 2.5\n"
    )
    by_file = options("--config", file)
    by_flags = options(
        "net.onnx", "--data", "d.npz", "--output", "out", "--features", "a,b", "--max-lut", "400",
        "--no-baseline", "--backend", "Vivado", "--seed", "7", "--input-type", "a=ap_fixed<8,3>",
        "--class-weight", "top=2.5",
    )  # fmt: skip
    assert by_file == by_flags
    assert by_file.backend is Backend.VIVADO


def test_flag_wins_over_file(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('data = "d.npz"\noutput = "out"\nseed = 7\n')
    found = options("net.onnx", "--config", file, "--seed", "8")
    assert (found.seed, found.data) == (8, Path("d.npz"))


def test_what_init_writes_gives_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "sr2hls.toml"
    file.write_text(config_text(Path("net.onnx"), Path("d.npz"), Path("out")))
    plain = CompileOptions(checkpoint=Path("net.onnx"), data=Path("d.npz"), output=Path("out"))
    found = options("--config", file)
    assert found == plain


def test_init_names_every_option_and_its_examples_are_valid(tmp_path: Path) -> None:
    text = config_text(Path('a "quoted" \\ name.onnx'), Path("d.npz"))
    assert tomllib.loads(text)["checkpoint"] == 'a "quoted" \\ name.onnx'
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in text.splitlines()
    )
    file = tmp_path / "all.toml"
    # Types of raw features go with this switch only.
    file.write_text(uncommented.replace("with-scaler = false", "with-scaler = true"))
    names = {a.name for a in app["compile"].assemble_argument_collection() if a.show}
    known = names - {"--config", "--json", "--quiet", "--verbose"}
    assert {f"--{key}" for key in tomllib.loads(uncommented)} == known
    assert options("--config", file).target.budget.max_lut == 400


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max-luts = 3", "has the key 'max-luts', which is no option of 'compile': did you mean 'max-lut'?"),
        ("zebra = 3", "has the key 'zebra', which is no option of 'compile'"),
        ("seed = [1, 2]", "the key 'seed' takes one value, not a list"),
        ("[seed]\nx = 1", "the key 'seed' takes a value, not a table"),
        ("input-type = 3", "the key 'input-type' must be a table of names and values"),
        ("seed = ", "is not TOML: Invalid value"),
        ('seed = "many"', "--seed is 'many': give a whole number"),
        ("max-lut = 2.5", "--max-lut is '2.5': give a whole number"),
        ('engine = "magic"', '"magic" for --engine'),
        ("a = " + "[" * 5000, "is not TOML"),
    ],
)
def test_bad_files(sr2hls: Any, tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    result = sr2hls("compile", "net.onnx", "--data", "d.npz", "-o", "out", "--config", file)
    assert result.code == 2
    assert message in result.err
    assert "Traceback" not in result.err


def test_missing_and_binary_file(sr2hls: Any, tmp_path: Path) -> None:
    result = sr2hls("compile", "--config", tmp_path / "none.toml")
    assert result.code == 2
    assert "cannot read the configuration" in result.err
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    assert "is not TOML" in sr2hls("compile", "--config", tmp_path / "b.toml").err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--features", "a,,b"), "--features 'a,,b' has an empty name: separate names by single commas"),
        (("--input-type", "mass"), "--input-type 'mass' is no NAME=VALUE"),
        (("--class-weight", "top=much"), "--class-weight 'top=much' is no NAME=NUMBER"),
    ],
)
def test_names_and_pairs(sr2hls: Any, flags: tuple[str, str], message: str) -> None:
    assert message in sr2hls("compile", "net.onnx", "d.npz", "out", *flags).err


def test_a_file_has_lists_and_tables_where_flags_have_commas(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        'source = "x + y"\noutput = "out"\nfeatures = ["x", "y"]\n[input-range]\nx = "0,1"\ny = [-1, 2.5]\n'
    )
    _, bound, _ = app.parse_args(["lower", "--config", str(file)])
    found = bound.arguments["options"]
    assert found.features == ("x", "y") and found.ranges == (("x", 0.0, 1.0), ("y", -1.0, 2.5))
    file.write_text('checkpoint = "n"\ndata = "d"\noutput = "o"\nluts = [30, 60]\nstrategy = ["additive"]\n')
    _, bound, _ = app.parse_args(["explore", "--config", str(file)])
    assert bound.arguments["options"].luts == (30, 60)
    assert bound.arguments["options"].strategies == (StrategyName.ADDITIVE,)
