"""Train the jet tagger and write its checkpoints: ONNX, torch.export and a state_dict.

    python train.py --data jets.npz --out .

The checkpoints take raw features and return logits; the scaler is fitted to the training split and is the
first module of the network. The epoch with the best validation loss is kept. Same seed and machine, same
weights.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from network import JetTagger
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

SPLITS = ("train", "validation", "test")


def load(path: Path) -> tuple[dict[str, tuple[Tensor, Tensor]], list[str], list[str]]:
    """Read the sample; features stay raw."""
    with np.load(path, allow_pickle=False) as data:
        X, y, split = data["X"], data["y"], data["split"]
        names, classes = data["names"].tolist(), data["classes"].tolist()
    parts = {
        name: (torch.from_numpy(X[split == k]), torch.from_numpy(y[split == k].astype(np.int64)))
        for k, name in enumerate(SPLITS)
    }
    return parts, names, classes


def train(
    parts: dict[str, tuple[Tensor, Tensor]], epochs: int, batch: int, rate: float, seed: int
) -> JetTagger:
    """Adam with decoupled weight decay on one cycle of the learning rate."""
    torch.manual_seed(seed)
    X, y = parts["train"]
    X_val, y_val = parts["validation"]
    model = JetTagger(X.shape[1], n_classes=int(y.max()) + 1)
    model.scaler.mean.copy_(X.double().mean(0).float())
    model.scaler.scale.copy_(X.double().std(0).float())
    loss_of = nn.CrossEntropyLoss()
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    steps = -(-len(X) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=epochs * steps)
    best, best_loss = {k: v.clone() for k, v in model.state_dict().items()}, float("inf")
    for epoch in range(epochs):
        model.train()
        for rows in torch.randperm(len(X)).split(batch):
            optimiser.zero_grad()
            loss_of(model(X[rows]), y[rows]).backward()
            optimiser.step()
            schedule.step()
        model.eval()
        with torch.no_grad():
            logits = model(X_val)
        loss = float(loss_of(logits, y_val))
        accuracy = float((logits.argmax(1) == y_val).double().mean())
        if loss < best_loss:
            best, best_loss = {k: v.clone() for k, v in model.state_dict().items()}, loss
        print(
            f"epoch {epoch + 1:3d}/{epochs}  validation loss {loss:.4f}  accuracy {accuracy:.4f}", flush=True
        )
    model.load_state_dict(best)
    return model.eval()


def measure(model: JetTagger, X: Tensor, y: Tensor, classes: list[str]) -> dict[str, object]:
    """Accuracy and one-against-rest AUC per class."""
    with torch.no_grad():
        probability: NDArray[np.float64] = torch.softmax(model(X).double(), 1).numpy()
    label = y.numpy()
    return {
        "rows": len(label),
        "accuracy": round(float((probability.argmax(1) == label).mean()), 4),
        "auc": {
            c: round(float(roc_auc_score(label == k, probability[:, k])), 4) for k, c in enumerate(classes)
        },
    }


def export(model: JetTagger, out: Path) -> None:
    """Write jet_tagger.onnx, jet_tagger.pt2 and jet_tagger.state_dict.pt."""
    out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), out / "jet_tagger.state_dict.pt")
    example = (torch.zeros(2, len(model.scaler.mean)),)
    shapes = {"features": {0: torch.export.Dim("batch")}}
    exported = torch.export.export(model, example, dynamic_shapes=shapes)
    for node in exported.graph.nodes:
        node.meta.pop("stack_trace", None)  # names the folders of this machine
    torch.export.save(exported, out / "jet_tagger.pt2")
    program = torch.onnx.export(
        model, example, dynamo=True, input_names=["features"], output_names=["logits"], dynamic_shapes=shapes
    )
    assert program is not None
    proto = program.model_proto
    proto.ir_version = 10  # the newest that every onnxruntime from 1.18 on reads
    for node in proto.graph.node:  # the exporter's notes hold paths and stack traces of this machine
        del node.metadata_props[:]
    for value in (*proto.graph.value_info, *proto.graph.input, *proto.graph.output):
        del value.metadata_props[:]
    del proto.graph.metadata_props[:]
    del proto.metadata_props[:]
    onnx.checker.check_model(proto)
    onnx.save(proto, out / "jet_tagger.onnx")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    here = Path(__file__).parent
    parser.add_argument("--data", type=Path, default=here / "jets.npz")
    parser.add_argument("--out", type=Path, default=here)
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=4e-3, help="largest learning rate of the cycle")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(1)
    parts, _, classes = load(args.data)
    model = train(parts, args.epochs, args.batch, args.rate, args.seed)
    export(model, args.out)
    metrics = {name: measure(model, *parts[name], classes) for name in SPLITS}
    (args.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()
