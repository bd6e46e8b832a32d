"""Where a run's weights come from: the hub's towers, another run, an export, or chance."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from pipeline.train.checkpoint import Checkpoints
from pipeline.train.hub import HubError, hub_file
from pipeline.train.model import Clip
from pipeline.train.names import WeightsError, from_bert, from_open_clip, from_timm

CHECKPOINTS = "checkpoints"
OPEN_CLIP_WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
_TOWER_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class InitError(Exception):
    """Weights that cannot be used; the message is one line for the user."""


def load_towers(model: Clip, vision: str | None, text: str | None) -> None:
    """Puts weights of the hub, or of local files, into the towers; the heads keep theirs.

    Args:
        model: on the CPU.
        vision: a ViT of timm: a repository, a folder or a file; None leaves the tower as it is.
        text: a BERT, likewise.

    Raises:
        InitError: they cannot be had, or do not fit the towers.
    """
    config = model.config
    if text is not None and config.text.kind != "bert":
        raise InitError(f"{text}: only a BERT's weights are taken from elsewhere; begin a GPT with --init random")
    for place, fitted in ((vision, from_timm), (text, from_bert)):
        if place is None:
            continue
        weights = read_weights(_weights_file(place, _TOWER_WEIGHTS))
        try:
            found = from_timm(weights, config.vision) if fitted is from_timm else from_bert(weights, config.text)
            model.load_state_dict(found, strict=False)
        except (WeightsError, RuntimeError) as error:
            raise InitError(f"{place}: does not fit the tower: {_first_lines(error)}") from error


def load_whole(model: Clip, place: Path) -> None:
    """Puts the weights of a run, of a checkpoint, or of an open_clip folder into the model.

    Raises:
        InitError: there are none, or they do not fit.
        CheckpointError: a run's checkpoint cannot be read.
    """
    try:
        model.load_state_dict(_whole(model, place))
    except (WeightsError, RuntimeError) as error:
        raise InitError(f"{place}: does not fit the model: {_first_lines(error)}") from error


def _whole(model: Clip, place: Path) -> dict[str, Tensor]:
    if (place / CHECKPOINTS).is_dir():
        return exported_weights(Checkpoints(place / CHECKPOINTS).read())
    return from_open_clip(read_weights(_weights_file(str(place), OPEN_CLIP_WEIGHTS)), model.config)


def exported_weights(state: dict[str, object]) -> dict[str, Tensor]:
    """The weights of a checkpoint that are for use: their moving average where there is one."""
    weights = state["average"] or state["model"]
    assert isinstance(weights, dict)
    return weights


def _weights_file(place: str, names: tuple[str, ...]) -> Path:
    path = Path(place)
    if path.is_file():
        return path
    if path.is_dir():
        for name in names:
            if (path / name).exists():
                return path / name
        raise InitError(f"{place}: holds none of {', '.join(names)}")
    return _from_hub(place, names)


def _from_hub(place: str, names: tuple[str, ...]) -> Path:
    failure: HubError | None = None
    for name in names:
        try:
            return hub_file(place, name)
        except HubError as error:
            failure = failure or error
    raise InitError(str(failure)) from failure


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a `.safetensors` file or of a pickle that holds nothing but tensors.

    Raises:
        InitError: it cannot be read.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, RuntimeError, EOFError, ValueError) as error:
        raise InitError(f"{path}: {_first_lines(error)}") from error


def _first_lines(error: Exception) -> str:
    return " ".join(line.strip() for line in str(error).splitlines()[:3])
