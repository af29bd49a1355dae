import zipfile
from pathlib import Path

import jinja2
import pytest

import sr2hls.templates as templates
from sr2hls.errors import ToolError
from sr2hls.templates import render, template_path, templates_dir


def test_every_template_can_be_read():
    names = [p.relative_to(templates_dir()).as_posix() for p in templates_dir().rglob("*.j2")]
    assert {"hls/formula.h.j2", "vendor/vivado_ooc.tcl.j2"} <= set(names)
    environment = templates._environment()
    for name in names:
        environment.parse((templates_dir() / name).read_text(), name)


def test_a_missing_value_is_an_error_not_a_gap():
    with pytest.raises(jinja2.UndefinedError, match="'part' is undefined"):
        render("vendor/hls_config.cfg.j2")


def test_filters_of_one_call_do_not_stay():
    render("vendor/clock.xdc.j2", {"tcl": str}, clock="clk", clock_ns=5.0)
    with pytest.raises(jinja2.TemplateError, match="No filter named 'tcl'"):
        render("vendor/clock.xdc.j2", clock="clk", clock_ns=5.0)


def test_an_installed_package_has_its_own_templates(tmp_path, monkeypatch):
    """As in a wheel: the package, and its templates inside of it."""
    package = tmp_path / "site-packages" / "sr2hls"
    (package / "_templates" / "hls").mkdir(parents=True)
    monkeypatch.setattr(templates, "__file__", str(package / "templates.py"))
    templates_dir.cache_clear()
    try:
        assert templates_dir() == package / "_templates"
        (package / "_templates" / "hls").rmdir()
        templates_dir.cache_clear()
        with pytest.raises(ToolError, match=r"templates of sr2hls are missing .*install the package again"):
            templates_dir()
    finally:
        monkeypatch.undo()
        templates_dir.cache_clear()
    assert template_path("hls/nnet_sr2hls.h").is_file()


@pytest.mark.slow
def test_a_wheel_holds_the_templates(tmp_path):
    build = pytest.importorskip("hatchling.builders.wheel", reason="hatchling builds the wheel")
    root = Path(templates.__file__).resolve().parent.parent
    (wheel,) = build.WheelBuilder(str(root)).build(directory=str(tmp_path))
    names = zipfile.ZipFile(wheel).namelist()
    assert "sr2hls/_templates/hls/nnet_sr2hls.h" in names
