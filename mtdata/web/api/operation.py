"""An operation of the API: who may ask for it, what answers, what it gives; it serves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ninja import Schema

from mtdata.web.access.roles import Role
from mtdata.web.body_limits import BodyLimit, usual_body

View = Callable[..., Any]


class Operation(NamedTuple):
    """One thing to ask for; `faults` are answers beyond those that any operation may give.

    `gives` is the media type where no JSON comes; an order `takes_key` when one may be sent twice.
    One with a larger `body` than usual reads it by `uploads.reading` and takes no key.
    """

    method: str
    path: str
    role: Role
    view: View
    gives: type[Schema] | str
    status: int = 200
    faults: tuple[int, ...] = ()
    takes_key: bool = False
    body: BodyLimit = usual_body

    @property
    def takes_file(self) -> bool:
        """Whether its body is a file, larger than usual."""
        return self.body is not usual_body
