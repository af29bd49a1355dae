"""Train a small network on scikit-learn's digits and write it with its data.

    python make.py [--seed 0]

Writes ``digits.onnx`` (64 pixels, 0 to 16, to 10 logits) and ``digits.npz``. The 1,797 pictures (8 x 8, E.
Alpaydin, C. Kaynak, UCI 1998) come with scikit-learn.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

HERE = Path(__file__).parent
NAMES = [f"p{row}{column}" for row in range(8) for column in range(8)]


class Scaled(nn.Module):
    """Pixels from 0 to 16 to logits."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layers(x / 16)
        return logits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE)
    options = parser.parse_args()
    X, y = load_digits(return_X_y=True)
    rows = np.arange(len(X))
    rest, test = train_test_split(rows, test_size=360, random_state=options.seed, stratify=y)
    train, validation = train_test_split(rest, test_size=360, random_state=options.seed, stratify=y[rest])
    split = np.zeros(len(X), np.int8)
    split[validation], split[test] = 1, 2
    # Three pixels are 0 in every picture: a circuit has no use for them.
    used = X[train].std(axis=0) > 0
    data = torch.from_numpy(X.astype(np.float32))
    labels = torch.from_numpy(y)
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    model = Scaled()
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.05)
    for _ in range(120):
        for batch in torch.from_numpy(train)[torch.randperm(len(train))].split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(data[batch]), labels[batch]).backward()
            optimiser.step()
    model.eval()
    with torch.no_grad():
        right = (model(data).argmax(1) == labels).numpy()
    for name, part in (("train", train), ("validation", validation), ("test", test)):
        print(f"{name}: accuracy {right[part].mean():.4f} of {len(part)}")
    print(f"{used.sum()} of 64 pixels are ever used")
    first = model.layers[0]
    assert isinstance(first, nn.Linear)
    narrow = nn.Linear(int(used.sum()), 32)
    with torch.no_grad():
        narrow.weight.copy_(first.weight[:, torch.from_numpy(used)])
        narrow.bias.copy_(first.bias)
    model.layers[0] = narrow
    torch.onnx.export(
        model, (data[:2][:, torch.from_numpy(used)],), options.out / "digits.onnx", input_names=["pixels"],
        output_names=["logits"], dynamic_axes={"pixels": {0: "n"}, "logits": {0: "n"}}, dynamo=False,
    )  # fmt: skip
    np.savez_compressed(
        options.out / "digits.npz",
        X=X[:, used].astype(np.float32),
        y=y.astype(np.int8),
        names=np.array(NAMES)[used],
        classes=np.array([str(d) for d in range(10)]),
        split=split,
    )


if __name__ == "__main__":
    main()
