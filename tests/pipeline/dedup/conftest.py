"""Settings of the property tests."""

from __future__ import annotations

from hypothesis import settings

# A shared machine may stop a test for longer than any deadline.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")
