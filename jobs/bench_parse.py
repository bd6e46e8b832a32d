"""bench parse: how fast and how right the reader of JATS is, beside bare lxml and beside pubmed_parser.

Speed: one thread, whole passes over all documents, the contenders in turn, best of `PASSES`; in CPU seconds of this
process, so that other work on the machine counts for little. The floor is `lxml.etree.fromstring` over the same bytes.
pubmed_parser takes paths: its documents lie as files in a temporary folder, and are in the page cache. It is timed
under both names that PMC has used, because it strips namespaces where a name ends in ``.nxml``.

Quality: what each reader found, held against an independent walk with another parser; `pipeline.jats.score` says how
the truth is defined. Documents that expat cannot read have no truth and are counted as such.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import os
import platform
import resource
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree
from rich.console import Console

from jobs.verbs import COMPLETE, Arguments, UsageError, Verbs, add_json, add_verb, print_json, print_table
from pipeline.jats import JatsError, read_article
from pipeline.jats.score import ArticleFacts, FigureFacts, Quality, true_facts

PASSES = 3
_ERRORS = (JatsError, ArithmeticError, AttributeError, LookupError, NameError, OSError, TypeError, ValueError)
_LOST = (*_ERRORS, etree.LxmlError, RecursionError, AssertionError)
"""What a reader may raise on real articles: each of them loses the article."""

Read = Callable[[int], object]
"""Reads the document at an index."""


def add(benches: Verbs) -> None:
    """Adds `parse` to what `bench` can measure."""
    doc = "Measure the reader of JATS: speed beside bare lxml, captions, images, ids and mentions found."
    parser = add_verb(benches, "parse", _parse, doc, "pmc15m bench parse --xml articles --against pubmed_parser")
    parser.add_argument("--xml", type=Path, required=True, help="folder (at any depth) or .tar.gz of .xml files")
    parser.add_argument("--against", choices=["pubmed_parser"], help="compare with this package, if installed")
    parser.add_argument("-n", type=int, help="only so many articles")
    add_json(parser)


def _parse(args: Arguments, console: Console) -> int:
    rival = _rival(args.against) if args.against else None
    documents = list(islice(_documents(args.xml), args.n))
    if not documents:
        raise UsageError(f"{args.xml}: holds no .xml or .nxml file")
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        report = _measure(documents, rival, Path(folder))
    if args.json:
        print_json(report)
    else:
        _print(report)
    return COMPLETE


def _rival(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UsageError(f"{name} cannot be imported ({error}); install it with: pip install {name}") from error


def _documents(place: Path) -> Iterator[bytes]:
    """The documents of a folder or an archive, in order of their names."""
    if place.is_dir():
        for path in sorted(p for p in place.rglob("*") if p.suffix in (".xml", ".nxml")):
            yield path.read_bytes()
        return
    try:
        with tarfile.open(place) as archive:
            for member in sorted(archive, key=lambda m: m.name):
                file = archive.extractfile(member) if member.name.endswith((".xml", ".nxml")) else None
                if file is not None:
                    yield file.read()
    except tarfile.TarError as error:
        raise UsageError(f"{place}: neither a folder nor a tar archive: {error}") from error


def _measure(documents: Sequence[bytes], rival: Any, folder: Path) -> dict[str, Any]:
    before = _peak()
    contenders: dict[str, Read] = {
        "pmc15m": lambda i: read_article(documents[i]),
        "lxml fromstring": lambda i: etree.fromstring(documents[i]),
    }
    _timed(contenders["pmc15m"], len(documents))
    memory = {"before": before, "after one pass of pmc15m": _peak()}
    readers: dict[str, Callable[[int], ArticleFacts]] = {"pmc15m": lambda i: _own_facts(documents[i])}
    if rival is not None:
        paths, nxml_paths = (_written(documents, folder, suffix) for suffix in ("xml", "nxml"))
        contenders |= {
            "parse_pubmed_caption": lambda i: rival.parse_pubmed_caption(paths[i]),
            "parse_pubmed_caption, .nxml": lambda i: rival.parse_pubmed_caption(nxml_paths[i]),
            "three calls": lambda i: _three_calls(rival, paths[i]),
            "three calls, .nxml": lambda i: _three_calls(rival, nxml_paths[i]),
        }
        readers["pubmed_parser"] = lambda i: _rival_facts(*_three_calls(rival, paths[i]))
    seconds, lost = _best(contenders, len(documents))
    return {
        "machine": _machine(rival),
        "articles": len(documents),
        "bytes": sum(map(len, documents)),
        "passes": PASSES,
        "peak_memory_bytes": memory,
        "speed": _speeds(seconds, lost, documents),
        "quality": _qualities(documents, readers),
    }


def _written(documents: Sequence[bytes], folder: Path, suffix: str) -> list[str]:
    paths = [folder / f"{i}.{suffix}" for i in range(len(documents))]
    for path, xml in zip(paths, documents, strict=True):
        path.write_bytes(xml)
    return list(map(str, paths))


def _three_calls(rival: Any, path: str) -> tuple[Any, Any, Any]:
    """Metadata, captions and paragraphs: about what `read_article` gives at once."""
    return rival.parse_pubmed_xml(path), rival.parse_pubmed_caption(path), rival.parse_pubmed_paragraph(path)


def _best(contenders: dict[str, Read], n: int) -> tuple[dict[str, float], dict[str, int]]:
    """CPU seconds of the fastest pass of each, and the documents on which it failed."""
    seconds: dict[str, float] = {}
    lost: dict[str, int] = {}
    for _ in range(PASSES):
        for name, read in contenders.items():
            taken, lost[name] = _timed(read, n)
            seconds[name] = min(taken, seconds.get(name, taken))
    return seconds, lost


def _timed(read: Read, n: int) -> tuple[float, int]:
    lost, began = 0, time.process_time()
    for i in range(n):
        try:
            read(i)
        except _LOST:
            lost += 1
    return time.process_time() - began, lost


def _speeds(seconds: dict[str, float], lost: dict[str, int], documents: Sequence[bytes]) -> list[dict[str, Any]]:
    megabytes = sum(map(len, documents)) / 1e6
    return [
        {
            "reader": name,
            "articles_per_second": len(documents) / taken,
            "megabytes_per_second": megabytes / taken,
            "ratio_to_floor": seconds["lxml fromstring"] / taken,
            "articles_lost": lost[name],
        }
        for name, taken in seconds.items()
    ]


def _qualities(
    documents: Sequence[bytes], readers: dict[str, Callable[[int], ArticleFacts]]
) -> dict[str, dict[str, int]]:
    qualities = {name: Quality() for name in readers}
    for i, xml in enumerate(documents):
        truth = true_facts(xml)
        for name, read in readers.items():
            if truth is None:
                qualities[name].counts["articles without truth"] += 1
                continue
            try:
                qualities[name].add(truth, read(i))
            except _LOST:
                qualities[name].lose(truth)
    return {name: dict(quality.counts) for name, quality in qualities.items()}


def _own_facts(xml: bytes) -> ArticleFacts:
    article = read_article(xml)
    ids = {"pmid": article.pmid, "doi": article.doi, "pmcid": (article.pmcid or "").removeprefix("PMC")}
    figures = tuple(
        FigureFacts(
            figure.xml_id,
            figure.caption,
            tuple(graphic.href for graphic in figure.graphics if graphic.href),
            len({id(mention.text) for mention in figure.mentions}),  # a paragraph's mentions share one string
        )
        for figure in article.figures
    )
    return ArticleFacts({name: value for name, value in ids.items() if value}, figures)


def _rival_facts(meta: dict[str, Any], captions: Any, paragraphs: Any) -> ArticleFacts:
    ids = {"pmid": meta["pmid"], "doi": meta["doi"], "pmcid": (meta["pmc"] or "").removeprefix("PMC")}
    cited = Counter(rid for p in paragraphs for rid in {r for ref in p["reference_ids"] for r in ref.split()})
    figures = tuple(
        FigureFacts(f["fig_id"], f["fig_caption"], tuple(filter(None, (f["graphic_ref"],))), cited[f["fig_id"]])
        for f in captions or ()
    )
    return ArticleFacts(ids, figures)


def _peak() -> int:
    """Most memory that this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _machine(rival: Any) -> dict[str, Any]:
    versions = {"python": platform.python_version(), "lxml": etree.__version__}
    if rival is not None:
        versions[rival.__name__] = importlib.metadata.version(rival.__name__)
    return {"machine": platform.machine(), "system": platform.system(), "cores": os.cpu_count(), **versions}


def _print(report: dict[str, Any]) -> None:
    facts = {**report["machine"], "articles": report["articles"], "MB": f"{report['bytes'] / 1e6:.1f}"}
    for name, size in report["peak_memory_bytes"].items():
        facts[f"peak memory {name}, MB"] = f"{size / 1e6:.0f}"
    print_table(("measured on", ""), ((name, str(value)) for name, value in facts.items()))
    names = ("reader", "articles/s", "MB/s", "ratio to floor", "articles lost")
    print_table(names, (_speed_cells(row) for row in report["speed"]), numbers=names[1:])
    readers = report["quality"]
    rows = dict.fromkeys(name for counts in readers.values() for name in counts)
    cells = ([name, *(str(counts.get(name, 0)) for counts in readers.values())] for name in rows)
    print_table(("quality", *readers), cells, numbers=tuple(readers))


def _speed_cells(row: dict[str, Any]) -> list[str]:
    rates = [f"{row['articles_per_second']:.0f}", f"{row['megabytes_per_second']:.1f}", f"{row['ratio_to_floor']:.2f}"]
    return [row["reader"], *rates, str(row["articles_lost"])]
