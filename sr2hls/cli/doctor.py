"""``sr2hls doctor``: what works on this machine."""

from rich.markup import escape

from sr2hls.cli.failure import MISTAKE
from sr2hls.cli.output import TEXT, Shown
from sr2hls.cli.show import grid


def doctor(*, install_julia: bool = False, shown: Shown = TEXT) -> int:
    """Try every tool and engine on this machine, and say what to install for those that do not work.

    Example: `sr2hls doctor`, or `sr2hls doctor --json` in a script; the exit code is 2 if not ready.

    Args:
        install_julia: Download and install Julia and SymbolicRegression.jl for PySR first.
    """
    from sr2hls.doctor import diagnose

    if install_julia:
        from sr2hls.search.pysr.julia import install_julia as install

        with shown.working("interrupted: Julia is not installed") as progress, progress.stage("Julia"):
            install(progress.note)
    diagnosis = diagnose()
    table = grid("", "tool", "what for", "version, or what to do", fold=True)
    for f in diagnosis.findings:
        mark = "[green]✓[/]" if f.works else "[red]✗[/]" if f.needed else "[dim]–[/]"
        table.add_row(mark, f.name, f.purpose, escape(f.version if f.works else f.remedy))
    memory = f", {diagnosis.memory_gb:g} GB of memory" if diagnosis.memory_gb else ""
    shown.show(
        diagnosis.to_dict(),
        table,
        "",
        f"{diagnosis.cores} cores{memory}, {diagnosis.disk_free_gb:g} GB of disk free here",
        "Ready to compile." if diagnosis.ready else "Not ready: see the lines with ✗.",
    )
    return 0 if diagnosis.ready else MISTAKE
