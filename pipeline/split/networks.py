"""The trained networks of the splitter, run by ONNX Runtime on one thread; None where it is not installed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

try:
    import onnxruntime
except ImportError:  # the cutter works without it
    onnxruntime = None


class Network(Protocol):
    """A network: arrays by input name give arrays in the order of its outputs."""

    def run(self, outputs: None, inputs: dict[str, NDArray[np.float32]]) -> list[Any]:
        """The outputs."""


@cache
def load_network(name: str) -> Network | None:
    """The network of `weights/<name>.onnx`, made once per process.

    One thread: ONNX Runtime would take all cores of the machine, and a worker has one.
    """
    if onnxruntime is None:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    weights = files("pipeline.split").joinpath("weights", f"{name}.onnx").read_bytes()
    session: Network = onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    return session
