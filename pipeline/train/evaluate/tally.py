"""What kinds of pictures there are: the nearest keyword of each picture in the model's own space.

Source: figure 1B of the paper, whose taxonomy is that of ImageCLEF 2015 (García Seco de Herrera et al. 2015). The paper
warns that such a count likely overcounts; a keyword that fits badly is still the nearest.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow as pa
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


def tally(encoder: Encoder, pairs: Pairs, out: Path) -> Counter[str]:
    """Writes each picture's kind as a table `pair_id, figure_type, similarity`; returns how many there are of each."""
    kinds = encoder.texts([_TEMPLATE.format(kind) for kind in TYPES]).to(pairs.images.device)
    best = torch.max(pairs.images @ kinds.T, dim=1)
    names = [TYPES[i] for i in best.indices.tolist()]
    columns = {"pair_id": pairs.keys, "figure_type": names, "similarity": pa.array(best.values.tolist(), pa.float32())}
    out.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), out, compression="zstd")
    return Counter(names)
