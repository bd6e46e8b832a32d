"""What a step costs in floating-point operations, so that speed can be told as a share of what the device could do."""

from __future__ import annotations

from pipeline.train.presets import ModelConfig, TextConfig, VisionConfig

_TRAINING = 3
"""A backward pass costs twice a forward pass; what is computed a second time to save memory does not count as work."""

PEAK_FLOPS = {"H200": 989e12, "H100 PCIe": 756e12, "H100": 989e12, "A100": 312e12, "L40S": 362e12, "B200": 2250e12}
"""Dense bfloat16 operations per second by a word of the device's name; the first that fits. Source: NVIDIA's data
sheets, of the SXM form where none is named."""


def training_flops(config: ModelConfig, mean_tokens: float) -> float:
    """Operations to train on one pair with a text of `mean_tokens` tokens; a multiplication and addition are two.

    Those of the whole model, also where the last block is computed for the pooled token only.
    """
    text = _text_flops(config.text, min(mean_tokens, config.text.context))
    return _TRAINING * (_vision_flops(config.vision) + text)


def _vision_flops(config: VisionConfig) -> float:
    patches = 2 * 3 * config.patch_size**2 * config.width * (config.n_tokens - 1)
    return patches + config.layers * _block_flops(config.width, config.mlp_ratio, config.n_tokens)


def _text_flops(config: TextConfig, n_tokens: float) -> float:
    return config.layers * _block_flops(config.width, 4, n_tokens)


def _block_flops(width: int, mlp_ratio: int, n_tokens: float) -> float:
    matrices = 2 * (4 + 2 * mlp_ratio) * width**2 * n_tokens
    attention = 4 * n_tokens**2 * width
    return matrices + attention


def peak_flops(device_name: str) -> float | None:
    """What a device could do at most, where it is known."""
    return next((peak for word, peak in PEAK_FLOPS.items() if word in device_name), None)
