"""Files of the Hugging Face hub, from its local cache where they are there."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError


class HubError(Exception):
    """A file that could not be had; the message is one line for the user."""


def hub_file(repository: str, name: str) -> Path:
    """A local copy of a repository's file.

    Raises:
        HubError: the hub has no such file, or cannot be reached and the cache does not hold it.
    """
    try:
        return Path(hf_hub_download(repository, name))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        reason = lines[0] if lines else type(error).__name__
        raise HubError(
            f"{repository}: no {name}, neither in a folder of that name, nor the cache, nor the hub: {reason}"
        ) from error
