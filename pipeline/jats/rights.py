"""Licences and third-party rights, as the XML states them.

A figure's own rights stand in three places: `<permissions>`, `<attrib>` (of the figure, its graphics, its caption, or
the group around it), and, most often, the wording of its caption (123 of 20,219 figures, `permissions` in none of
them: measured). All three make the note.

*Reserved*, that is, not covered by the licence of the article:

* reused "with permission", "by permission of", "permission from", unless the permission is one to show a patient, or to
  collect what the picture shows ("sampled with permission of the national park");
* a copyright line (©, "copyright") that names someone else than the authors, or "all rights reserved";
* "courtesy of": the picture is lent; "under licence from": it is paid for;
* `fig/permissions` with neither a Creative Commons licence nor the authors as holders.

*Not reserved*, only noted: "adapted from", "modified from", "source:", a credit line; and any of the above when the
same text names a Creative Commons licence or the public domain for the picture, and speaks of no permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lxml.etree import _Element as Element

from pipeline.jats.document import local_name
from pipeline.jats.media import href_of
from pipeline.jats.model import LicenseStatement
from pipeline.jats.text import plain_text

_CC_URL = re.compile(
    r"creativecommons\.org/(?:licen[sc]es/(by(?:-[a-z]{2}){0,2})|publicdomain/(zero))(?![a-z-])[^\s\"'<>)]*",
    re.IGNORECASE,
)
_CC_SHORT = re.compile(
    r"\b(?:CC|creative\s+commons)[ _‐‑–-]?(BY(?:[ _‐‑–-]?(?:NC|ND|SA)){0,2}|0)(?![A-Za-z])", re.IGNORECASE
)
_CC_WORDS = re.compile(
    r"creative\s+commons\W+attribution"
    r"((?:\W+(?:non\W?commercial|no\W?deriv(?:ative|ate)?(?:\W?works?)?s?|share\W?alike))*)",
    re.IGNORECASE,
)
_ZERO_WORDS = re.compile(r"\bCC0\b|public domain dedication|creative commons zero", re.IGNORECASE)
_PARTS = (
    ("NC", re.compile(r"non\W?commercial", re.IGNORECASE)),
    ("ND", re.compile(r"no\W?deriv", re.IGNORECASE)),
    ("SA", re.compile(r"share\W?alike", re.IGNORECASE)),
)

_WORDING = re.compile(
    r"permission|courtesy|copyright|©|all rights reserved|licen[sc]ed? under|under (?:a )?licen[sc]e|public domain"
    r"|creative commons"
    r"|\b(?:adapted|reprinted|reproduced|modified|redrawn|republished|reused)\s+(?:\w+\s+){0,2}?(?:from|after)\b"
    r"|(?:^|[(;])taken from\b|\bsources?\s?:|\bcredits?\s?:"
    r"|\b(?:photo(?:graph)?|image|illustration|drawing)s?\s(?:by|credit)\b",
    re.IGNORECASE,
)
_PERMISSION = re.compile(
    r"\b(?:with|by|under|kind)\s+(?:\w+\s+){0,3}permissions?\b|\bpermissions?\s+(?:\w+\s+){0,3}(?:from|of|by|granted|obtained)\b"
    r"|\bpermission (?:was|has been) (?:obtained|granted)",
    re.IGNORECASE,
)
_CONSENT = re.compile(
    r"permission\s+(?:\w+\s+){0,4}(?:patients?|parents?|famil(?:y|ies)|participants?|subjects?|guardians?|volunteers?|individuals?|"
    r"relatives|next of kin|ethic\w*|institutional|committee|person)\b"
    r"|(?:patients?|parents?|participants?|subjects?)(?:'s|’s|’|')?\s+(?:\w+\s+){0,2}permission",
    re.IGNORECASE,
)
_NOT_NEEDED = re.compile(
    r"\bno\s+(?:\w+\s+){0,2}permissions?\s+(?:\w+\s+){0,2}(?:required|needed|necessary)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"[.;]\s")
_SAMPLING = re.compile(
    r"\b(?:collected|sampled|captured|caught|trapped|netted|harvested|excavated|hunted|culled)\b"
    r"|\b(?:samples?|specimens?|tissues?|biops(?:y|ies)|organs?|blood|plants?|seeds?|animals?)\b(?:\s\w+){0,3}\s"
    r"(?:obtained|taken|acquired|provided)\b",
    re.IGNORECASE,
)
_PICTURED = re.compile(
    r"\b(?:image|photo(?:graph)?|picture|figure|illustration|drawing|map|panel)s?\b|\bre(?:produced|printed|published|drawn|used)\b"
    r"|\b(?:adapted|modified|published)\b",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"©|\bcopyright(?:ed\b|\W{1,3}(?:(?:19|20)\d\d|by\b|of\b|held\b|\(c\)|(?-i:[A-Z])))"
    r"|all rights reserved",
    re.IGNORECASE,
)
"""Not the word alone: ``the copyright status of journals`` names no holder."""
_UNDER_LICENSE = re.compile(r"\bunder (?:a )?licen[sc]e (?:from|to)\b", re.IGNORECASE)
_OF_THE_AUTHORS = re.compile(r"(?:copyright|©)\W*(?:19|20)?\d{0,2}\W*(?:the\s+)?authors?\b", re.IGNORECASE)
_COURTESY = re.compile(r"\bcourtesy\b", re.IGNORECASE)
_FREE = re.compile(
    r"creative commons|\bCC[ -]?(?:BY|0)|public domain|creativecommons\.org|open access article", re.IGNORECASE
)
_MAX_ADDRESS = 100
"""Longer texts are no address of a licence, which comes with every article of a journal."""
_STEMS = (
    *("permission", "courtesy", "copyright", "©", "all rights", "licen", "public domain", "creative commons"),
    *("source", "credit", "taken from"),
)
_ORIGIN_STEMS = ("adapted", "reprinted", "reproduced", "modified", "redrawn", "republished", "reused")
_MAKER_STEMS = tuple(
    f"{what} by" for word in ("photo", "photograph", "image", "illustration", "drawing") for what in (word, f"{word}s")
)
"""One of these is in every text that `_WORDING` finds, those of origin beside ``from`` or ``after``; plain searches are
ten times as fast as the pattern."""
_SENTENCE = re.compile(r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!\bal\.)(?<!\b[Rr]ef\.)(?<!\b[Ff]ig\.)(?<!\bDr\.)\s+(?=[A-Z(\[©])")
"""Between sentences, not after an initial or an abbreviation that a name or a reference follows."""


@dataclass(frozen=True, slots=True)
class FigureRights:
    """What a figure says about its rights."""

    note: str | None
    is_reserved: bool
    license_code: str | None

    def within(self, around: FigureRights) -> FigureRights:
        """The same with what is said of the group around the figure; its own licence goes first."""
        note = " ".join(filter(None, (self.note, around.note))) or None
        return FigureRights(note, self.is_reserved or around.is_reserved, self.license_code or around.license_code)


def license_code_of(text: str) -> str | None:
    """The Creative Commons code that a text or an address names, such as ``CC BY-NC-ND``.

    Licences go before the public domain dedication: publishers add that one for the data of the article only.
    """
    return _cached_code(text) if len(text) <= _MAX_ADDRESS else _license_code(text)


def _license_code(text: str) -> str | None:
    lowered = text.lower()
    if "creative" not in lowered and "cc" not in lowered and "public domain" not in lowered:
        return None
    addresses = [match[1] for match in _CC_URL.finditer(text)] if "creativecommons.org" in lowered else []
    if address := next(filter(None, addresses), None):
        return _code(address.upper().split("-")[1:])
    words, short = _CC_WORDS.search(text), _CC_SHORT.search(text)
    named = short[1].upper() if short else ""
    if words or named.startswith("BY"):  # "Creative Commons Attribution (CC BY-NC)" says NC, if only once
        said = [part for part, pattern in _PARTS if part in named[2:] or (words and pattern.search(words[1]))]
        return _code(said)
    if short:
        return "CC0"
    return "CC0" if addresses or _ZERO_WORDS.search(text) else None


_cached_code = lru_cache(maxsize=256)(_license_code)


def _code(parts: Iterable[str]) -> str:
    known = set(parts)
    return "-".join(["CC BY", *(part for part in ("NC", "ND", "SA") if part in known)])


def license_url_of(text: str) -> str | None:
    """The first address of a Creative Commons licence in a text, licences before dedications."""
    found = sorted(_CC_URL.finditer(text), key=lambda match: match[1] is None)
    return f"https://{found[0][0].rstrip('.,;')}" if found else None


def read_license(permissions: Element | None, pmc_license_ref: str | None) -> LicenseStatement:
    """The licence of the article; of several licences the one that allows least."""
    licenses = [] if permissions is None else list(permissions.iterfind("license"))
    statements = [_statement(element, pmc_license_ref) for element in licenses]
    coded = [s for s in statements if s.code]
    if coded:
        return max(coded, key=lambda s: (s.code or "").count("-"))
    code = license_code_of(pmc_license_ref) if pmc_license_ref else None
    return LicenseStatement(
        code=code,
        url=statements[0].url if statements else None,
        text=statements[0].text if statements else None,
        found_in="custom-meta" if code else None,
        pmc_license_ref=pmc_license_ref,
    )


def _statement(element: Element, pmc_license_ref: str | None) -> LicenseStatement:
    references = [plain_text(e) or "" for e in element if local_name(e) == "license_ref"]
    links = [href for e in element.iter("ext-link", "uri") if (href := href_of(e))]
    paragraphs = [text for e in element if local_name(e) != "license_ref" and (text := plain_text(e))]
    text = " ".join(paragraphs or (element.text or "").split())
    places = {
        "license/@href": [href_of(element) or ""],
        "license_ref": references,
        "license text": [text, *links],
        "license/@license-type": [element.get("license-type", "")],
    }
    codes = ((place, code) for place, words in places.items() if (code := license_code_of(" ".join(words))))
    found_in, code = next(codes, (None, None))
    return LicenseStatement(
        code=code,
        url=_url([*places[found_in], *references, *links] if found_in else [href_of(element) or "", *references]),
        text=text or None,
        found_in=found_in,
        pmc_license_ref=pmc_license_ref,
    )


def _url(words: list[str]) -> str | None:
    """The first licence address in the words; without one, the first word that is an address at all."""
    known = (license_url_of(word) for word in words)
    return next(filter(None, known), None) or next((word for word in words if re.match(r"https?://\S+$", word)), None)


def read_copyright(permissions: Element | None) -> str | None:
    """The copyright statement; where there is none, year and holder."""
    if permissions is None:
        return None
    if statement := plain_text(permissions.find("copyright-statement")):
        return statement
    parts = [plain_text(permissions.find(tag)) for tag in ("copyright-year", "copyright-holder")]
    return " ".join(["©", *(p for p in parts if p)]) if parts[1] else None


def read_figure_rights(permissions: list[Element], credits: list[str], caption: str | None) -> FigureRights:
    """Note, reservation and licence of a figure, from its `<permissions>`, its credit lines and its caption."""
    sentences = rights_sentences(caption or "")
    if not (permissions or credits or sentences):
        return _NOTHING_SAID
    formal = [_permissions_text(p) for p in permissions]
    code = next((c for c in map(license_code_of, formal) if c), None)
    reserved = any(map(_is_formally_reserved, formal)) or any(map(is_reserved, [*credits, " ".join(sentences)]))
    said = set(sentences)
    alone = [credit for credit in credits if credit not in said]
    return FigureRights(" ".join([*filter(None, formal), *alone, *sentences]) or None, reserved, code)


def rights_sentences(caption: str) -> list[str]:
    """The sentences of a caption that speak of rights or origin."""
    if not _may_speak_of_rights(caption):
        return []
    return [s for s in _SENTENCE.split(caption) if _may_speak_of_rights(s) and _WORDING.search(s)]


def _may_speak_of_rights(text: str) -> bool:
    lowered = text.lower()
    return (
        any(map(lowered.__contains__, _STEMS))
        or (("from" in lowered or "after" in lowered) and any(map(lowered.__contains__, _ORIGIN_STEMS)))
        or (" by" in lowered and any(map(lowered.__contains__, _MAKER_STEMS)))
    )


_NOTHING_SAID = FigureRights(None, False, None)


def is_reserved(text: str) -> bool:
    """True where the words reserve a right of a third party; see the module's rules."""
    text = _NOT_NEEDED.sub(" ", text)
    if any(map(_permits_reuse, _CLAUSE.split(_CONSENT.sub(" ", text)))):
        return True
    if _FREE.search(text):
        return False
    if _COURTESY.search(text) or _UNDER_LICENSE.search(text):
        return True
    return bool(_COPYRIGHT.search(text) and not _OF_THE_AUTHORS.search(text))


def _permits_reuse(clause: str) -> bool:
    """True where a permission is spoken of, and not one to collect samples."""
    if not _PERMISSION.search(clause):
        return False
    return not _SAMPLING.search(clause) or bool(_PICTURED.search(clause))


def _is_formally_reserved(text: str) -> bool:
    return is_reserved(text) or not (_FREE.search(text) or _OF_THE_AUTHORS.search(text) or not text)


def _permissions_text(permissions: Element) -> str:
    """All that a `<permissions>` says: its texts, and the addresses that stand in attributes."""
    links = [href for e in permissions.iter() if (href := href_of(e))]
    texts = [t for e in permissions if (t := plain_text(e))]
    return " ".join([*texts, *(link for link in links if not any(link in t for t in texts))])
