"""The operations that a step is said to cost, beside those that PyTorch counts; on a device that is not there."""

from __future__ import annotations

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from pipeline.train.flops import peak_flops, training_flops
from pipeline.train.layers import Dense, Packed
from pipeline.train.model import Clip, Texts
from pipeline.train.presets import PRESETS

N, LENGTH = 8, 48
"""All texts of one length: attention costs its square, and a mean hides that."""


def texts(layout: str, *, causal: bool) -> Texts:
    if layout == "padded":
        lengths = torch.full((N,), LENGTH, device="cuda")
        ids = torch.empty(N, LENGTH, dtype=torch.int64, device="cuda")
        return Texts(ids, torch.empty(LENGTH, dtype=torch.int64, device="cuda"), Dense(lengths, causal))
    starts = torch.empty(N + 1, dtype=torch.int32, device="cuda")
    ids, places = (torch.empty(N * LENGTH, dtype=torch.int64, device="cuda") for _ in range(2))
    return Texts(ids, places, Packed(starts, LENGTH, causal))


@pytest.fixture
def autocast_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `torch.autocast("cuda")` be; the tensors have shapes and dtypes of a GPU, and no data."""
    monkeypatch.setattr(torch.cuda.amp.common, "amp_definitely_not_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *args, **options: True)


@pytest.mark.parametrize("layout", ["padded", "packed"])
@pytest.mark.parametrize("preset", ["biomedclip", "gpt-77", "vit-s"])
def test_a_forward_pass_on_a_gpu_costs_what_is_said(preset: str, layout: str, autocast_without_a_gpu: None) -> None:
    config = PRESETS[preset].model
    with FakeTensorMode(), torch.device("cuda"):
        model = Clip(config)
        for tower in (model.visual, model.text):
            tower.blocks.pooled_last = False
        images = torch.empty(N, config.vision.image_size, config.vision.image_size, 3, dtype=torch.uint8)
        laid_out = texts(layout, causal=model.text.causal)
        with FlopCounterMode(display=False) as counter, torch.autocast("cuda", torch.bfloat16):
            features = model.encode_images(images), model.encode_texts(laid_out)
    assert [f.dtype for f in features] == [torch.float32, torch.float32]
    counted = 3 * counter.get_total_flops() / N
    assert counted == pytest.approx(training_flops(config, LENGTH), rel=0.01)


def test_the_packed_kernel_is_given_half_precision(
    monkeypatch: pytest.MonkeyPatch, autocast_without_a_gpu: None
) -> None:
    from pipeline.train import layers

    seen, kernel = [], layers.varlen_attn

    def watched(q: torch.Tensor, *rest: object, **options: object) -> object:
        seen.append((q.dtype, q.device.type))
        return kernel(q, *rest, **options)

    monkeypatch.setattr(layers, "varlen_attn", watched)
    with FakeTensorMode(), torch.device("cuda"), torch.autocast("cuda", torch.bfloat16):
        model = Clip(PRESETS["biomedclip"].model)
        model.encode_texts(texts("packed", causal=False))
    assert seen == [(torch.bfloat16, "cuda")] * 12


def test_peaks_are_known_by_the_devices_name() -> None:
    assert peak_flops("NVIDIA H100 80GB HBM3") == 989e12
    assert peak_flops("NVIDIA H100 PCIe") == 756e12
    assert peak_flops("some other device") is None
