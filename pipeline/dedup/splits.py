"""Which split an article is in, and what happens to a cluster that would be in two of them.

An article's split is a keyed hash of its pmcid and of nothing else: it never changes when others arrive, and all
versions of an article are together. Where an image (or a text long enough to identify its source) is found in
articles of different splits, its pairs in the less held-out splits are dropped: what is tested was never seen.

The usual alternative gives every connected component of articles one split. Then one journal logo or one much used
template joins thousands of articles; the component's split, and so theirs, flips when a new article joins two
components; and the shares of the splits follow from the graph instead of the recipe. Dropping is local (only the
cluster's own pairs are looked at), free of order (it looks at members, not at who came first) and stable under a
refresh (a new article can only take pairs out of the clusters it joins). It can drop one pair more than necessary:
where the held-out member that causes a conflict is itself dropped because of a second cluster.
"""

from __future__ import annotations

import hashlib
from typing import Literal

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""From the least to the most held out; the position is the rank used below."""


def article_split(pmcid: str, *, validation: float, test: float, seed: int) -> Split:
    """The split of an article and all its versions.

    Args:
        pmcid: PMC and digits.
        validation: share of articles, 0 to 1.
        test: share of articles, 0 to 1.
        seed: another seed holds out other articles.
    """
    digest = hashlib.blake2b(pmcid.encode(), digest_size=8, key=seed.to_bytes(8, "little")).digest()
    place = int.from_bytes(digest, "little") / 2**64
    if place < test:
        return "test"
    return "validation" if place < test + validation else "train"


def conflict(rank: int, tops: list[tuple[int, str]]) -> str | None:
    """The held-out pair because of which a pair must go; None where it may stay.

    Args:
        rank: of the pair's split, 0 to 2.
        tops: for its image cluster, and its text cluster where that counts, the rank of the most held-out member
            and the smallest pair_id among the members of that rank.
    """
    above = [(-top, pair_id) for top, pair_id in tops if top > rank]
    return min(above)[1] if above else None
