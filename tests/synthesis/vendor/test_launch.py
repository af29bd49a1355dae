import os
import subprocess
import time
from pathlib import Path

import pytest

from sr2hls.errors import InputError, ToolError
from sr2hls.synthesis.vendor import launch
from sr2hls.synthesis.vendor.failures import diagnose
from sr2hls.synthesis.vendor.launch import Launcher, run_tool


def run(arguments, tmp_path, *, timeout_s=30.0, launcher=Launcher(), **more):  # noqa: B008
    log = tmp_path / "tool.log"
    return run_tool(arguments, launcher=launcher, directory=tmp_path, log=log, timeout_s=timeout_s, **more)


def test_output_is_returned_logged_and_handed_on(tmp_path, tools):
    tools("vivado", 'echo "one $1"; echo two >&2')
    lines = []
    assert run(["vivado", "a b"], tmp_path, on_line=lines.append) == "one a b\ntwo\n"
    assert (tmp_path / "tool.log").read_text() == "one a b\ntwo\n"
    assert lines == ["one a b", "two"]


# What the real tools print in these cases.
FAILURES = [
    (
        "ERROR: [Common 17-345] A valid license was not found for feature 'Synthesis' and/or device "
        "'xcvu9p'. "
        "Please run the Vivado License Manager for assistance.",
        "has no licence for this: set XILINXD_LICENSE_FILE .*Common 17-345",
    ),
    ("ERROR: [HLS 200-1023] Part 'xcvu99p' is not installed.", "does not have the part: install .*xcvu99p"),
    ("ERROR: [Coretcl 2-106] Specified part could not be found.", "does not have the part"),
    ("write error: No space left on device", "ran out of disk space"),
    ("terminate called after throwing an instance of 'std::bad_alloc'", "ran out of memory"),
    ("Abnormal program termination (11)\nPlease check 'hs_err_pid99.log'", "crashed"),
    ("INFO: fine\nERROR: [HLS 207-3777] use of undeclared identifier 'x'", "failed: ERROR: .HLS 207-3777"),
    ("nothing to see", "failed with exit code 3"),
]


@pytest.mark.parametrize(("text", "message"), FAILURES)
def test_failures_are_said_in_one_sentence(tmp_path, tools, text, message):
    (tmp_path / "says.txt").write_text(text)
    tools("vivado", f"cat '{tmp_path}/says.txt'; exit 3")
    with pytest.raises(ToolError, match=f"'vivado' {message}.*: see '.*tool.log'") as error:
        run(["vivado"], tmp_path)
    assert "\n" not in str(error.value)


def test_a_tool_that_is_killed_says_by_what(tmp_path, tools):
    tools("vivado", "kill -SEGV $$")
    with pytest.raises(ToolError, match="'vivado' was ended by SIGSEGV"):
        run(["vivado"], tmp_path)
    assert diagnose("", -300) == "was ended by 300"


def test_a_missing_tool(tmp_path):
    with pytest.raises(ToolError, match="cannot start 'vivado_hls_of_1999': No such file"):
        run(["vivado_hls_of_1999"], tmp_path)


def test_a_time_out_ends_the_tool_and_its_children(tmp_path, tools, monkeypatch):
    monkeypatch.setattr(launch, "GRACE_S", 0.5)
    # A child that does not listen, as a simulator that hangs.
    tools("vivado", f"(trap '' TERM; echo $BASHPID > '{tmp_path}/child'; exec sleep 60) & wait")
    start = time.monotonic()
    with pytest.raises(ToolError, match="'vivado' did not finish within 5 s and was stopped"):
        run(["vivado"], tmp_path, timeout_s=5.0)
    assert time.monotonic() - start < 50
    child = int((tmp_path / "child").read_text())
    for _ in range(50):
        if not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text():
            break
        time.sleep(0.1)
    else:
        pytest.fail("the child still runs")


def test_an_interrupt_ends_the_tool(tmp_path, tools):
    tools("vivado", f"echo $$ > '{tmp_path}/pid'; echo started; sleep 60")

    def interrupt(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(["vivado"], tmp_path, on_line=interrupt)
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_settings_are_sourced_and_words_stay_words(tmp_path, tools):
    settings = tmp_path / "my settings64.sh"
    (tmp_path / "tool dir").mkdir()
    tool = tmp_path / "tool dir" / "vitis_hls"
    tool.write_text('#!/bin/bash\necho "[$XILINX_HLS] [$1]"\n')
    tool.chmod(0o755)
    settings.write_text(f"echo noise\nexport XILINX_HLS=2023.1\nexport PATH='{tool.parent}':$PATH\n")
    launcher = Launcher(settings=settings)
    assert launcher.has("vitis_hls")
    assert not launcher.has("vivado_hls")
    assert run(["vitis_hls", "a; $(b)"], tmp_path, launcher=launcher) == "[2023.1] [a; $(b)]\n"
    with pytest.raises(InputError, match=r"there is no settings script '.*nowhere.sh'"):
        Launcher(settings=tmp_path / "nowhere.sh").has("vitis_hls")


def test_the_environment_says_how_tools_are_started(monkeypatch):
    monkeypatch.delenv("SR2HLS_VENDOR_SETTINGS", raising=False)
    monkeypatch.delenv("SR2HLS_VENDOR_CONTAINER", raising=False)
    assert Launcher.from_environment() == Launcher()
    monkeypatch.setenv("SR2HLS_VENDOR_SETTINGS", "/tools/Vitis/2024.1/settings64.sh")
    monkeypatch.setenv("SR2HLS_VENDOR_CONTAINER", "docker run --rm -v {directory}:{directory} vitis")
    launcher = Launcher.from_environment()
    assert launcher.settings == Path("/tools/Vitis/2024.1/settings64.sh")
    words = launcher.command(["vivado", "-version"], Path("/design"))
    assert words[:6] == ["docker", "run", "--rm", "-v", "/design:/design", "vitis"]
    assert words[-3:] == ["/tools/Vitis/2024.1/settings64.sh", "vivado", "-version"]


def test_containers_run_the_tool_in_the_directory(tmp_path, tools):
    # Stands for docker: drops its own arguments up to the image and runs the rest.
    tools("docker", 'while [ "$1" != image ]; do echo "arg $1"; shift; done; shift; exec "$@"')
    tools("vivado", 'echo "Vivado v2022.2 (64-bit) $1"')
    launcher = Launcher(container="docker run --rm -v {directory}:{directory} -w '{directory}' image")
    text = run(["vivado", "x"], tmp_path, launcher=launcher)
    assert text.splitlines()[-1] == "Vivado v2022.2 (64-bit) x"
    assert f"arg {tmp_path}:{tmp_path}" in text
    assert launcher.has("vivado")
    assert launcher.version("vivado") == "2022.2"
    assert launcher.version("vitis_hls") is None
    inside = Launcher(settings=Path("/opt/settings64.sh"), container="podman exec box")
    assert inside.command(["vivado"], tmp_path)[:5] == ["podman", "exec", "box", "bash", "-c"]
    with pytest.raises(InputError, match=r"container command '.*' cannot be read: No closing quotation"):
        Launcher(container="docker 'run").command(["vivado"], tmp_path)
    with pytest.raises(InputError, match="the container command is empty"):
        Launcher(container=" ").command(["vivado"], tmp_path)


# The first lines of what the real tools print.
VERSIONS = [
    (
        "vivado_hls",
        "Vivado(TM) HLS - High-Level Synthesis from C, C++ and SystemC v2019.2.1 (64-bit)",
        "2019.2.1",
    ),
    ("vitis_hls", "Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v2023.1 (64-bit)", "2023.1"),
    ("vitis-run", "****** vitis-run v2024.1 (64-bit)", "2024.1"),
    ("vivado", "Vivado v2021.2 (64-bit)", "2021.2"),
    ("v++", "nothing known", None),
]


@pytest.mark.parametrize(("name", "says", "version"), VERSIONS)
def test_versions(tools, name, says, version):
    tools(name, f"echo '{says}'")
    assert Launcher().version(name) == version


def test_no_shell_sees_the_arguments(tmp_path):
    settings = tmp_path / "s.sh"
    settings.touch()
    command = Launcher(settings=settings).command(["printf", "%s|", "a b", '"; touch owned; "'], tmp_path)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == 'a b|"; touch owned; "|'
    assert not (tmp_path / "owned").exists()
