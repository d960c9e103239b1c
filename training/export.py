"""Write a checkpoint as the ONNX file that the server runs: `python -m training.export CHECKPOINT OUT.onnx`.

Softmax at the end, batch norm folded in, weights in half precision with a Cast to float beside each (valid ONNX; the
server's OpenCV folds the casts away). Checks the file against torch before it says that it is done.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.network import ParserNet

OPSET = 13
SMALLEST_HALVED = 64  # values; biases of a few numbers are not worth a Cast
MOST_BYTES = 5_000_000
MOST_DIFFERENCE = 0.01  # of a probability, for half precision


class _Shares(nn.Module):
    def __init__(self, net: ParserNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.net(x), 1)


def export(checkpoint: Path, target: Path) -> float:
    """Returns the largest difference of a probability between torch and OpenCV on noise. Raises ValueError when the
    file is too large or differs too much."""
    net = ParserNet()
    net.load_state_dict(torch.load(checkpoint, map_location="cpu")["ema"])
    shares = _Shares(net).eval()
    sample = torch.randn(1, 3, 384, 256, generator=torch.Generator().manual_seed(1))
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        torch.onnx.export(
            shares,
            (sample,),
            str(whole),
            opset_version=OPSET,
            dynamo=False,
            input_names=["image"],
            output_names=["prob"],
        )
        model = onnx.load(str(whole))
    halve(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))
    return _check(shares, sample, target)


def halve(model: onnx.ModelProto) -> None:
    """In place: large float weights become half precision and a Cast."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size <= SMALLEST_HALVED:
            kept.append(tensor)
            continue
        kept.append(numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half"))
        casts.append(helper.make_node("Cast", [tensor.name + "_half"], [tensor.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)


def _check(shares: nn.Module, sample: Tensor, target: Path) -> float:
    if target.stat().st_size > MOST_BYTES:
        raise ValueError(f"{target.name} has {target.stat().st_size} bytes, at most {MOST_BYTES} are allowed")
    run = cv2.dnn.readNetFromONNX(str(target))
    run.setInput(sample.numpy())
    with torch.no_grad():
        difference = float(np.abs(run.forward() - shares(sample).numpy()).max())
    if difference > MOST_DIFFERENCE:
        raise ValueError(f"OpenCV and torch differ by {difference:.4f}")
    return difference


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("target", type=Path)
    options = parser.parse_args()
    difference = export(options.checkpoint, options.target)
    size = options.target.stat().st_size
    sys.stdout.write(f"{options.target}: {size} bytes, largest difference to torch {difference:.5f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
