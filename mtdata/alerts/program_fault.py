"""A fault of the program in one site's turn ends that turn, and no other's; it mends nothing."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from mtdata import logs
from mtdata.core.errors import ConfigError, MTDataError, Reach
from mtdata.core.installing import lacking
from mtdata.core.reach import refusal_of

log = logging.getLogger("mtdata")


class ProgramFault(MTDataError):
    """What nobody foresaw ended the turn of one site, at `places`; the others have theirs."""

    stops = Reach.SITE
    exit_code = 70
    incident = "task_failed"

    def __init__(self, message: str, places: str) -> None:
        super().__init__(message)
        self.places = places


@contextmanager
def contained(site: str) -> Iterator[None]:
    """Whatever is no error of ours leaves as ProgramFault, once it stands in the log.

    A library that an extra of ours would bring is a ConfigError, in words; a file that the system
    refuses us is a StorageError.
    """
    try:
        yield
    except MTDataError:
        raise
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and (missing := lacking(error.name)):
            raise ConfigError(missing) from None
        if isinstance(error, OSError) and (refused := refusal_of(error)):
            log.debug("refused where nobody thought of it", exc_info=True)
            raise refused from None
        with logs.at(site=site):
            log.critical("a fault of the program", exc_info=True, extra=logs.TOLD)
        # only places and the type: a message or a value could quote an answer
        places = "".join(traceback.format_tb(error.__traceback__)).rstrip()
        told = f"a fault of the program: {type(error).__name__}"
        raise ProgramFault(told, places) from None
