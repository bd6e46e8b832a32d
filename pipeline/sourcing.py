"""Opening the source of a run inside a worker."""

from __future__ import annotations

from functools import lru_cache

from pipeline.sources import HttpOptions, Source, SourceError, open_source
from pipeline.stage import Context


def open_for(context: Context) -> Source:
    """The run's source; opened once per worker process, so that its connections are kept.

    The cap on requests is for the whole job: each worker takes an equal share of it.
    """
    run = context.config.run
    share = run.requests_per_second / max(1, context.n_workers)
    return _opened(
        context.location, HttpOptions(contact=run.contact or None, requests_per_second=share, total_s=run.timeout_s)
    )


def detail_of(error: SourceError, source: Source) -> str:
    """What an error says, without the place of this copy of the source: rebuilds from two mirrors reject alike."""
    return error.detail.replace(source.location.rstrip("/") + "/", "")


@lru_cache(maxsize=1)
def _opened(location: str, options: HttpOptions) -> Source:
    # Whoever began the job has looked at the source already.
    return open_source(location, options=options, look=False)
