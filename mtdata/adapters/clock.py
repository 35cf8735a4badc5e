"""The machine's clock, the only place that asks what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


class SystemClock:
    """Port Clock; `zone` None means the zone that the machine is set to."""

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone

    def now(self) -> datetime:
        """Port: Clock.now."""
        return datetime.now(UTC)

    def local(self, moment: datetime) -> datetime:
        """Port: Clock.local."""
        return moment.astimezone(self._zone)
