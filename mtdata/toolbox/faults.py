"""What can be wrong with a scale that is asked for something; it carries nothing out."""

from __future__ import annotations

from mtdata.core.errors import ConfigError, DamageError, MTDataError, Reach


class ScaleRefused(MTDataError):
    """A scale as it stands cannot become what was asked; nothing was written, others go on."""

    stops = Reach.SCALE
    exit_code = 65


class ScaleUnfit(ScaleRefused):
    """A scale that is none for this; who asked for all scales did not mean it."""


class NoCodebook(ConfigError):
    """What was asked needs a codebook that is not there, or that does not say enough."""

    stops = Reach.SCALE


class SheetChanged(DamageError):
    """A sheet holds other bytes than the ledger proves; nothing of it was read."""
