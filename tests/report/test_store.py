import json
from pathlib import Path

import jsonschema
import pytest
from pydantic import ValidationError

from sr2hls.errors import InputError
from sr2hls.report import store
from sr2hls.report.model import Report, json_schema, to_json
from sr2hls.report.store import load_report, write_report


def test_what_is_written_is_read_back(report: Report, tmp_path: Path) -> None:
    paths = write_report(report, tmp_path / "new")
    assert [p.name for p in paths] == ["report.json", "report.html", "report.md"]
    assert load_report(tmp_path / "new") == report
    assert load_report(paths[0]) == report
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == sorted(p.name for p in paths)


def test_schema_is_valid_and_holds(report: Report) -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    data = json.loads(to_json(report))
    jsonschema.Draft202012Validator(schema).validate(data)
    data["hardware"][0]["figures"]["lut"]["value"] = "many"
    with pytest.raises(jsonschema.ValidationError, match=r"'many', 'unit': 'LUT'.* is not valid"):
        jsonschema.Draft202012Validator(schema).validate(data)


def test_every_field_is_described() -> None:
    definitions = json_schema()["$defs"]
    assert len(definitions) > 20
    assert [n for n, d in definitions.items() if not d.get("description")] == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": "sr2hls-report-9"}, "schema_version"),
        ({"colour": 1}, "colour: extra inputs are not permitted"),
        ({"title": 3}, "title: input should be a valid string"),
        ({"run": {"seed": 1.5}}, "run.seed"),
        ({"formulas": {}}, "formulas"),
    ],
)
def test_what_is_no_report_is_refused(
    report: Report, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    data = report.model_dump(mode="json") | change
    (tmp_path / "report.json").write_text(json.dumps(data))
    with pytest.raises(InputError, match="is no report of version 'sr2hls-report-1'") as caught:
        load_report(tmp_path)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"title": NaN}'])
def test_damaged_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(InputError, match="is no report"):
        load_report(tmp_path)


def test_missing_and_huge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"cannot read the report .*: No such file or directory"):
        load_report(tmp_path)
    (tmp_path / "report.json").write_text(" " * 100)
    monkeypatch.setattr(store, "_MOST_BYTES", 50)
    with pytest.raises(InputError, match="larger than 200 MB"):
        load_report(tmp_path)


def test_numbers_that_are_none_are_refused(report: Report) -> None:
    candidate = report.fronts[0].candidates[0]
    with pytest.raises(ValidationError, match="finite number"):
        type(candidate)(**{**candidate.model_dump(), "loss": float("nan")})
