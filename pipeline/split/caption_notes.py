"""Notes: sentences at the end of a caption that speak of all panels, and what tells them from words about the last."""

from __future__ import annotations

import re

_NOTE = re.compile(
    r"\b(?:scale[ -]?bars?|bars?\s?[=:,]|(?:error|vertical) bars?|bars? (?:represent|indicate|denote|show)s?|"
    r"abbreviations?|(?:data|values|results|bars|columns|points|graphs|experiments?|images?) (?:\w+ ){0,2}"
    r"(?:are|is|was|were|represent|shown|show|presented|expressed)|"
    r"statistical|significan\w+|asterisks?|mean(?:s|\s?±|\s?\+)|s\.?e\.?m\b|s\.?d\.|standard (?:deviation|error)|"
    r"ANOVA|t[- ]test|p\s?[<=>]|n\s?=|n\.s\.|magnifications?|all panels|(?:in|for) all|"
    r"each (?:column|value|bar|point|dot|experiment)|representative of|source data|see also|for (?:full|uncropped)|"
    r"adapted|reproduced|reprinted|copyright|colou?r (?:figure|code|in)|online version|for interpretation)"
    r"|\*{1,4}\s?p?\s?[<=]|^\s?[*†‡#]|(?:^|;\s)[\w\-+/ ]{1,20}[,:=] [^;]{2,80};",
    re.IGNORECASE,
)
"""Words of the notes that close captions and speak of all panels.

Source: read in captions of 1,200 open articles. A note without these words is taken for words about the last panel,
unless every other panel has one sentence only.
"""
_ABBREVIATIONS = re.compile(r"\babbreviations?\b|(?:^|;\s)[\w\-+/]{1,12}(?:,|:| =| -|\s–) ?[^;]{2,80};", re.IGNORECASE)
_NOTE_WINDOW = 400
_SUBJECT = re.compile(
    r"(?:This|These|The|Each)\s(?P<words>(?:(?!(?:of|in|for|from|with|at|on|to|by|is|are|was|were)\s)[\w\-]+\s){1,4})"
)
_SURE_NOTE = re.compile(
    r"scale[ -]?bar|\bbars?\s?[=:,]|error bars?|abbreviation|asterisk|\bs\.?e\.?m\b|\bs\.?d\b|standard deviation"
    r"|standard error|mean\s?±|ANOVA|t[- ]test|statistical|all (?:panels|images|experiments)|representative of"
    r"|different letters|arrow",
    re.IGNORECASE,
)
"""Of the notes, those that are about all panels whatever they begin with."""


def is_abbreviations(text: str) -> bool:
    """Does a shared note spell out abbreviations (`GB: gallbladder; S: stomach`)?"""
    return _ABBREVIATIONS.search(text[:_NOTE_WINDOW]) is not None


def is_note(sentence: str) -> bool:
    """Does it hold the words of notes?"""
    return _NOTE.search(sentence[:_NOTE_WINDOW]) is not None


def points_back(sentence: str) -> bool:
    """Does it begin with what the words before it have named (`These transcripts …`), and is no note?"""
    return sentence.startswith(("This ", "These ")) and not is_note(sentence) and not _SURE_NOTE.search(sentence)


def subject_stems(sentence: str) -> set[str]:
    """The stems of what a sentence begins with (`The contours …`); none for a sure note."""
    subject = _SUBJECT.match(sentence)
    return set() if subject is None or _SURE_NOTE.search(sentence) else stems(subject["words"])


def stems(text: str) -> set[str]:
    """The beginnings of the longer words, as far as plural and singular share them."""
    return {match.group().lower() for match in re.finditer(r"\b[A-Za-z]{4,6}", text)}
