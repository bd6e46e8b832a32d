"""Letters: where the panel letters that a caption names are printed, read by a small network."""

from __future__ import annotations

from string import ascii_lowercase, ascii_uppercase

ALPHABET = ascii_uppercase + ascii_lowercase
"""Letters that the reader knows, in the order of its outputs."""
