"""What kinds of pictures there are: the nearest keyword of each picture in the model's own space, as a column.

The column goes into a copy of the table of pairs. What a release was made from is immutable, and its digests are in the
manifest; a kind is one model's opinion, and another model gives another column.

Source: figure 1B of the paper, whose taxonomy is that of ImageCLEF 2015 (García Seco de Herrera et al. 2015). The paper
warns that such a count likely overcounts; a keyword that fits badly is still the nearest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch

from pipeline.train.evaluate.embed import Encoder, Pairs

TYPES = (
    "table or form",
    "program listing",
    "statistical figure, graph or chart",
    "screenshot",
    "flowchart",
    "system overview",
    "gene sequence",
    "chromatography or gel",
    "chemical structure",
    "mathematical formula",
    "non-clinical photograph",
    "hand-drawn sketch",
    "ultrasound",
    "magnetic resonance imaging",
    "computed tomography",
    "X-ray or 2D radiography",
    "angiography",
    "positron emission tomography",
    "combined modalities in one image",
    "dermatology or skin photograph",
    "endoscopy",
    "photograph of another organ",
    "electroencephalography",
    "electrocardiography",
    "electromyography",
    "light microscopy",
    "electron microscopy",
    "transmission microscopy",
    "fluorescence microscopy",
    "3D reconstruction",
)
"""The 30 kinds."""

_TEMPLATE = "this is an image of {}"


class TallyError(Exception):
    """A table of pairs that cannot be copied; the message is one line for the user."""


def figure_types(encoder: Encoder, pairs: Pairs) -> pa.Table:
    """The kind of each picture: `pair_id`, `figure_type`, `figure_type_similarity` (cosine, -1 to 1)."""
    kinds = encoder.texts([_TEMPLATE.format(kind) for kind in TYPES]).to(pairs.images.device)
    best = torch.max(pairs.images @ kinds.T, dim=1)
    names = [TYPES[i] for i in best.indices.tolist()]
    similarities = pa.array(best.values.tolist(), pa.float32())
    return pa.table({"pair_id": pairs.keys, "figure_type": names, "figure_type_similarity": similarities})


def count(types: pa.Table) -> Counter[str]:
    """How many pictures there are of each kind, the most frequent first."""
    return Counter(dict(Counter(types["figure_type"].to_pylist()).most_common()))


def write_types(types: pa.Table, out: Path) -> None:
    """Writes kinds as a table of their own, which joins pairs by `pair_id`."""
    _write(types, out)


def add_column(types: pa.Table, pairs: Path, out: Path) -> int:
    """Writes a copy of the table of pairs with the columns of `figure_types`; returns how many pairs have a kind.

    Args:
        types: what `figure_types` gave.
        pairs: a Parquet file, or a folder of such files (`pairs.parquet` in each part of the stage `dedup`).
        out: a new file, or folder with files of the same names. Rows keep their order; a pair that was not among the
            pictures has null.

    Raises:
        TallyError: there are no pairs, or `out` is there already.
    """
    if out.exists():
        raise TallyError(f"{out}: is there already; name a new place, for tables of pairs are not changed")
    n_named = 0
    for path, target in _files(pairs, out):
        table = pq.read_table(path)
        if "pair_id" not in table.column_names:
            raise TallyError(f"{path}: has no column pair_id; it has {', '.join(table.column_names[:5])}, ...")
        rows = pc.index_in(table["pair_id"], types["pair_id"].combine_chunks())
        for name in types.column_names[1:]:
            table = table.append_column(types.schema.field(name), types[name].combine_chunks().take(rows))
        n_named += len(rows) - rows.null_count
        _write(table, target)
    return n_named


def _files(pairs: Path, out: Path) -> Iterator[tuple[Path, Path]]:
    if pairs.is_file():
        yield pairs, out
        return
    found = sorted(pairs.rglob("pairs.parquet")) or sorted(pairs.rglob("*.parquet"))
    if not found:
        raise TallyError(f"{pairs}: neither a Parquet file nor a folder of them")
    for path in found:
        yield path, out / path.relative_to(pairs)


def _write(table: pa.Table, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, out, compression="zstd")
