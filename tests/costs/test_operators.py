"""Operators are defined once; the user's own join by a file."""

from pathlib import Path

import pytest

from sr2hls.costs import Hardware, Operators, custom_operator, load_operators
from sr2hls.errors import InputError


def test_aliases_of_other_tools_mean_the_same_operator() -> None:
    operators = Operators()
    for alias, name in (
        ("pow_abs", "^"),
        ("**", "^"),
        ("safe_log", "log"),
        ("sqrt_abs", "sqrt"),
        ("mult", "*"),
    ):
        assert operators[alias] is operators[name]


def test_every_builtin_expansion_is_known() -> None:
    operators = Operators()
    assert all(part in operators for op in operators for part in op.expansion)


def test_unknown_operator_is_named_with_how_to_define_it() -> None:
    with pytest.raises(
        InputError, match=r"unknown operator 'snn' \(did you mean 'sin'\?\).*\[operators.snn\]"
    ):
        Operators()["snn"]


def test_builtin_cannot_be_redefined() -> None:
    with pytest.raises(InputError, match="operator 'sin' exists already"):
        Operators().extend([custom_operator("sin", {"definition": "x"})])


def test_operators_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(
        '[operators.lorentz]\nparameters = ["x"]\ndefinition = "1/(1.5 + x**2)"\n'
        'julia = "lorentz(x) = 1/(1.5f0 + x^2)"\n'
        '[operators.mix]\nparameters = ["a", "b"]\ndefinition = "a*b + a"\n'
    )
    lorentz, mix = load_operators(file)
    assert (lorentz.name, lorentz.arity, lorentz.hardware) == ("lorentz", 1, Hardware.TABLE)
    assert lorentz.julia_definition == "lorentz(x) = 1/(1.5f0 + x^2)"
    assert (mix.arity, mix.hardware) == (2, Hardware.EXACT)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"has no \[operators.NAME\] section"),
        ("[operators", "is not valid TOML"),
        ("[operators.f]\n", r"\[operators.f\] needs a definition"),
        ('[operators.f]\ndefinition = "x"\nsize = 1', r"unknown key 'size' in \[operators.f\]"),
        (
            '[operators.f]\ndefinition = "x"\nparameters = "x"',
            r"parameters of \[operators.f\] have to be names",
        ),
        ('[operators.f]\ndefinition = "x"\nhardware = "dsp"', "is 'dsp': use table or exact"),
        ('[operators.f]\ndefinition = "x"\njulia = "g(x) = x"', r"has to define f\(...\)"),
        ('[operators."f(x)"]\ndefinition = "x"', r"operator name 'f\(x\)' has to be letters"),
    ],
)
def test_bad_operator_files(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        load_operators(file)


def test_missing_operator_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the operator file"):
        load_operators(tmp_path / "none.toml")
