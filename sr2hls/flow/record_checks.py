"""What was compared and checked, for the report."""

from sr2hls.circuit import Circuit
from sr2hls.design import Design
from sr2hls.prove.balls import solver_name
from sr2hls.report import model


def verification(
    design: Design, circuit: Circuit, source: str, network: Circuit | None = None
) -> model.Verification:
    """Return what was compared and checked.

    Args:
        design: the design.
        circuit: its circuit.
        source: what the vectors were, e.g. ``test split``.
        network: circuit of the original network.
    """
    return model.Verification(
        executors=tuple(_agreements(circuit, source)), checks=tuple(_checks(design, circuit, network))
    )


def _agreements(circuit: Circuit, source: str) -> list[model.ExecutorRecord]:
    return [
        model.ExecutorRecord(
            executor=a.executor,
            vectors=a.vectors,
            values=a.values,
            differences=0,
            source=a.source or source,
            proof=a.proof,
        )
        for a in circuit.agreements
    ]


def _checks(design: Design, circuit: Circuit, network: Circuit | None) -> list[model.Check]:
    found = [
        model.Check(
            name=f"error of {name}",
            passed=True,
            detail=f"rms {e.rms:.4g}, largest {e.largest:.4g} from its formula on training data",
        )
        for name, e in design.errors.items()
    ]
    found += [
        model.Check(
            name=f"error of {b.output} for every input",
            passed=True,
            detail=f"{b.low:.4g} to {b.high:.4g} from its formula ({b.inputs} values of its parts in ball "
            f"arithmetic{f', {b.undefined} without a value left out' if b.undefined else ''}; "
            f"{solver_name()}, {b.seconds:.1f} s)",
        )
        for b in circuit.bounds
    ]
    found += [
        model.Check(name=lint.rule, passed=False, detail=f"{lint.message}: {lint.remedy}")
        for lint in circuit.lints
    ]
    found += [
        model.Check(
            name=f"network: {a.executor}",
            passed=True,
            detail=f"{a.values} values of {a.vectors} test rows equal to the interpreter's",
        )
        for a in ([] if network is None else network.agreements)
    ]
    return found
