"""Labelled pictures from folders or from MedMNIST-like files, and the tasks that the paper sets with them.

Nothing is downloaded; `pipeline/train/evaluate/DATA.md` says where each set is and under which licence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.train.pictures import Pixels, evaluation_square, square_of_image

_SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp"}
_SPLITS = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}


class DatasetError(Exception):
    """A data set that cannot be used; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Task:
    """A classification task.

    Attributes:
        folders: the folder of each class, in the order of the labels.
        classes: what a prompt says of each class.
        templates: prompts with a place for the class.
        binary: judged by the area under the ROC curve; the second class is the positive one.
    """

    folders: tuple[str, ...]
    classes: tuple[str, ...]
    templates: tuple[str, ...]
    binary: bool = False


_IMAGE_OF = ("this is an image of {}", "{} presented in image")
_PHOTO_OF = ("a photo of {}", "{} presented in image")

TASKS = {
    "pcam": Task(("0", "1"), ("normal lymph node", "lymph node metastasis"), _IMAGE_OF),
    "lc25000-lung": Task(
        ("lung_aca", "lung_n", "lung_scc"),
        ("lung adenocarcinomas", "normal lung tissue", "lung squamous cell carcinomas"),
        _IMAGE_OF,
    ),
    "lc25000-colon": Task(("colon_aca", "colon_n"), ("colon adenocarcinomas", "normal colonic tissue"), _PHOTO_OF),
    "tcga-til": Task(
        ("til-negative", "til-positive"), ("none", "tumor infiltrating lymphocytes"), _PHOTO_OF, binary=True
    ),
    "rsna": Task(("0", "1"), ("normal lung", "pneumonia"), _PHOTO_OF),
}
"""The paper's tasks. Source: supplementary table 10 of AIoa2400640."""


class Split(NamedTuple):
    """The pictures of a split."""

    pictures: list[Path] | NDArray[np.uint8]
    """Files, or (N, H, W) or (N, H, W, 3) uint8."""
    labels: NDArray[np.int64]

    def squares(self, size: int) -> Iterator[Pixels]:
        """The middle of each picture as (size, size, 3) uint8.

        Raises:
            PictureError: a file is no picture.
        """
        for picture in self.pictures:
            if isinstance(picture, Path):
                yield evaluation_square(picture.read_bytes(), size)
            else:
                yield square_of_image(Image.fromarray(picture), size)


def read_split(place: Path, split: str, task: Task) -> Split:
    """A split of a data set.

    Args:
        place: an `.npz` with `test_images` and `test_labels`, or a folder of class folders, with or without a folder
            for the split above them.
        split: `train`, `val` or `test`.
        task: names the classes.

    Raises:
        DatasetError: it is not there, or not as described.
    """
    if place.suffix == ".npz":
        return _from_npz(place, split)
    folder = next((place / name for name in _SPLITS[split] if (place / name).is_dir()), place)
    if folder == place and split != "test":
        raise DatasetError(f"{place}: has no folder {split}; training and test on the same pictures would say nothing")
    pictures, labels = [], []
    for label, name in enumerate(task.folders):
        files = sorted(path for path in (folder / name).rglob("*") if path.suffix.lower() in _SUFFIXES)
        if not files:
            raise DatasetError(f"{folder / name}: holds no pictures; the classes are {', '.join(task.folders)}")
        pictures += files
        labels += [label] * len(files)
    return Split(pictures, np.array(labels, np.int64))


def _from_npz(path: Path, split: str) -> Split:
    try:
        with np.load(path, allow_pickle=False) as file:
            return Split(file[f"{split}_images"], file[f"{split}_labels"].reshape(-1).astype(np.int64))
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path}: {error}; it needs {split}_images and {split}_labels") from error
