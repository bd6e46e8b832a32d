"""JATS: what the XML of an article says about itself and its figures.

`read_article` is the one entrance. It reads every dialect that PubMed Central has used (NLM 2.x to JATS 1.4), takes
each character of a caption once, and raises nothing but `JatsError`, whatever the bytes.
"""

from pipeline.jats.document import MAX_BYTES, JatsError
from pipeline.jats.media import resolve_media
from pipeline.jats.model import LicenseStatement, ParsedArticle, ParsedFigure, ParsedGraphic
from pipeline.jats.read import read_article

__all__ = [
    "MAX_BYTES",
    "JatsError",
    "LicenseStatement",
    "ParsedArticle",
    "ParsedFigure",
    "ParsedGraphic",
    "read_article",
    "resolve_media",
]
