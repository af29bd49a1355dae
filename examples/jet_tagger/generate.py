"""Generate jets of the five classes with Pythia 8 and fastjet, and merge them into one sample with splits.

    pip install pythia8mc==8.317.2 fastjet
    python generate.py --jets 9400 --seed 1 --processes 2 --out jets.npz

13 TeV proton collisions with multi-parton interactions, pTHat from 990 to 1010 GeV; the toy detector of
detector.py; anti-kT jets of R = 0.8; the two leading jets with 800 < pT < 1600 GeV and abs(eta) < 2.5; the
features of features.py. About 110 jets a second and process. The seed decides everything: the number of
processes does not change the result.
"""

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import fastjet
import features
import numpy as np
import pythia8mc
from detector import Array, detect
from numpy.typing import NDArray

HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
PROCESSES: dict[str, tuple[str, ...]] = {
    "g": ("HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on"),
    "q": ("HardQCD:qq2qq = on", "HardQCD:qqbar2qqbarNew = on"),
    "w": ("WeakDoubleBoson:ffbar2WW = on", *HADRONIC_W),
    "z": (
        "WeakDoubleBoson:ffbar2gmZgmZ = on",
        "WeakZ0:gmZmode = 2",
        "23:onMode = off",
        "23:onIfAny = 1 2 3 4 5",
    ),
    "t": ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on", *HADRONIC_W),
}
R, Z_CUT = 0.8, 0.1
PT_RANGE_GEV, MAX_ABS_ETA = (800.0, 1600.0), 2.5
NEUTRINOS = (12, 14, 16)
JETS_A_TASK = 200
SHARES = (0.6, 0.2, 0.2)


def generator(label: str, seed: int) -> pythia8mc.Pythia:
    """Pythia for one class of jets; seed from 1 to 900,000,000."""
    pythia = pythia8mc.Pythia("", False)
    settings = (
        "Print:quiet = on",
        "Beams:eCM = 13000.",
        "PhaseSpace:pTHatMin = 990.",
        "PhaseSpace:pTHatMax = 1010.",
        "Random:setSeed = on",
        f"Random:seed = {seed}",
        *PROCESSES[label],
    )
    for line in settings:
        if not pythia.readString(line):
            raise RuntimeError(f"Pythia refused the setting '{line}'")
    if not pythia.init():
        raise RuntimeError(f"Pythia did not start for class '{label}'")
    return pythia


def visible(event: pythia8mc.Event) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Four-momenta of the visible final particles, and which are charged and which are photons."""
    rows = [
        (p.px(), p.py(), p.pz(), p.e(), p.isCharged(), p.id() == 22)
        for p in event
        if p.isFinal() and p.idAbs() not in NEUTRINOS
    ]
    table = np.array(rows, dtype=np.float64)
    return table[:, :4], table[:, 4] > 0, table[:, 5] > 0


def groom(jet: fastjet.PseudoJet) -> tuple[fastjet.ClusterSequence, fastjet.PseudoJet]:
    """mMDT: undo the Cambridge/Aachen clustering along the harder branch until a splitting has z > 0.1."""
    again = fastjet.ClusterSequence(
        list(jet.constituents()), fastjet.JetDefinition(fastjet.cambridge_algorithm, 1000.0)
    )
    current = fastjet.sorted_by_pt(again.inclusive_jets())[0]
    one, two = fastjet.PseudoJet(), fastjet.PseudoJet()
    while current.has_parents(one, two):
        soft, hard = sorted((one, two), key=lambda branch: branch.pt())
        if soft.pt() > Z_CUT * (soft.pt() + hard.pt()):
            break
        current = fastjet.PseudoJet(hard)
    return again, current  # the sequence has to live as long as its jets


def jets_of(momenta: Array) -> Iterator[Array]:
    """Features of the selected jets of one event."""
    particles = [fastjet.PseudoJet(*p) for p in momenta.tolist()]
    sequence = fastjet.ClusterSequence(particles, fastjet.JetDefinition(fastjet.antikt_algorithm, R))
    for jet in fastjet.sorted_by_pt(sequence.inclusive_jets(PT_RANGE_GEV[0]))[:2]:
        if not (PT_RANGE_GEV[0] < jet.pt() < PT_RANGE_GEV[1] and abs(jet.eta()) < MAX_ABS_ETA):
            continue
        kept, groomed = groom(jet)
        inside = np.array([(p.pt(), p.rap(), p.phi()) for p in groomed.constituents()])
        pt_all = np.array([p.pt() for p in jet.constituents()])
        yield features.jet_features(pt_all, jet.pt(), inside, groomed.m())
        del kept


def generate(label: str, jets: int, seed: int) -> NDArray[np.float32]:
    """Features of ``jets`` jets of one class, shape (jets, 16)."""
    pythia, rng = generator(label, seed), np.random.default_rng(seed)
    rows: list[Array] = []
    while len(rows) < jets:
        if pythia.next():
            rows += jets_of(detect(*visible(pythia.event), rng))
    return np.stack(rows[:jets]).astype(np.float32)


def _task(task: tuple[str, int, int]) -> NDArray[np.float32]:
    return generate(*task)


def tasks(jets: int, seed: int) -> list[tuple[str, int, int]]:
    """(class, jets, seed) of each piece of work; every piece has a seed of its own."""
    seeds = np.random.SeedSequence(seed).generate_state(-(-jets // JETS_A_TASK) * len(PROCESSES))
    pieces = [
        (label, min(JETS_A_TASK, jets - start))
        for label in PROCESSES
        for start in range(0, jets, JETS_A_TASK)
    ]
    return [(label, n, int(s) % 900_000_000 + 1) for (label, n), s in zip(pieces, seeds, strict=True)]


def merge(per_class: dict[str, NDArray[np.float32]], seed: int, out: Path) -> None:
    """Shuffle, split within each class and write the sample."""
    rng = np.random.default_rng(seed)
    X = np.concatenate(list(per_class.values()))
    y = np.repeat(np.arange(len(per_class), dtype=np.int8), [len(v) for v in per_class.values()])
    order = rng.permutation(len(y))
    X, y = X[order], y[order]
    split = np.empty(len(y), np.int8)
    for label in range(len(per_class)):
        mine = np.flatnonzero(y == label)
        ends = np.round(np.cumsum(SHARES) * len(mine)).astype(int)
        for k, part in enumerate(np.split(mine, ends[:-1])):
            split[part] = k
    beside = out.with_name(out.name + ".part.npz")
    np.savez_compressed(
        beside,
        X=X,
        y=y,
        split=split,
        names=np.array(features.NAMES),
        classes=np.array(list(per_class)),
        split_names=np.array(["train", "validation", "test"]),
    )
    beside.replace(out)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jets", type=int, default=9400, help="jets of each class")
    parser.add_argument("--classes", nargs="+", choices=list(PROCESSES), default=list(PROCESSES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "jets.npz")
    args = parser.parse_args()
    work = [task for task in tasks(args.jets, args.seed) if task[0] in args.classes]
    parts: dict[str, list[NDArray[np.float32]]] = {label: [] for label in PROCESSES if label in args.classes}
    with ProcessPoolExecutor(args.processes) as pool:
        for number, (task, rows) in enumerate(zip(work, pool.map(_task, work), strict=True), 1):
            parts[task[0]].append(rows)
            print(f"{number}/{len(work)} pieces, class {task[0]}", flush=True)
    merge({label: np.concatenate(rows) for label, rows in parts.items()}, args.seed, args.out)
    print(f"wrote {args.out}")


if __name__ == "__main__":
    main()
