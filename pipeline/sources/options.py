"""How patiently and how politely a source is read."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.sources.store import Limits

PROJECT = "pmc15m/0.1 (figure-caption pairs from PubMed Central)"


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Limits of time, rate and size, and who is asking. Only the sizes matter to a local directory."""

    contact: str | None = None
    """An address for the user agent, so that whoever runs the server can write before they block."""
    requests_per_second: float | None = None
    """Cap for this process, repeated tries included; None for no cap."""
    pace: str | None = None
    """``host:port`` of the job's pace keeper; its cap takes the place of the one above."""
    connect_s: float = 10.0
    read_s: float = 30.0
    """Longest silence of the server."""
    total_s: float = 300.0
    """Longest time for one try of one object: it ends a body that only trickles."""
    n_tries: int = 10
    patience_s: float = 60.0
    """A fault that may pass is given up after so many tries, and not before so long: ten tries with the back-off below
    take 60 s in the mean, but one time in thirty less than 30 s."""
    n_spoiled_tries: int = 3
    """Tries of a body that arrives whole but wrong, or too slowly: mostly it is wrong at the source."""
    backoff_s: float = 0.5
    """Bound of the first wait; it doubles with each try. The wait is uniform between 0 and the bound."""
    max_backoff_s: float = 30.0
    max_retry_after_s: float = 300.0
    """A server that asks for a longer pause is left alone: the object counts as not delivered."""
    n_connections: int = 16
    """Connections that are kept open."""
    limits: Limits = Limits()

    @property
    def user_agent(self) -> str:
        """Names the project and whom to write to."""
        return f"{PROJECT}; {self.contact}" if self.contact else PROJECT
