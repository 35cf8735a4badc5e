"""JSON read exactly: whole numbers of any size, every other number by its digits; it does no I/O.

Two readers, one meaning: msgspec is quick and takes what is usual; what it refuses, `json` judges.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import msgspec

from mtdata.core.border import Border
from mtdata.study.model.row import Digits


def _refuse_constant(name: str) -> float:
    raise ValueError("not a JSON number")


_JSON = Border(ValueError)
_HOW: dict[str, Any] = {"parse_constant": _refuse_constant, "parse_float": Digits}
_DECODER, _MINUS_ZERO = json.JSONDecoder(**_HOW), re.compile(rb"-0[\s,}\]]")
_WHOLE = {"-0": Digits("-0")}
_WITH_MINUS_ZERO = json.JSONDecoder(**_HOW, parse_int=lambda text: _WHOLE.get(text) or int(text))
_QUICK = msgspec.json.Decoder(float_hook=Digits)


def exact_value(body: bytes, text: str) -> Any:
    """What a JSON text says, given as bytes and as the text that they are; ValueError for no JSON.

    Numbers that are not whole, and -0, are Digits.  Of two members with one name the last counts.
    """
    if _MINUS_ZERO.search(body):  # for msgspec it would be 0
        return _slowly(text, _WITH_MINUS_ZERO)
    try:
        with _JSON:
            return _QUICK.decode(body)
    except ValueError:  # it may be JSON all the same: half a surrogate pair, and what is to come
        return _slowly(text, _DECODER)


def usual_values(bodies: Sequence[bytes]) -> list[Any] | None:
    """`exact_value` of each, read at one go; None where one of them is not usual."""
    whole = b"\n".join(bodies)
    if _MINUS_ZERO.search(whole):
        return None
    try:
        with _JSON:
            whole.decode()
            return list(map(_QUICK.decode, bodies))
    except ValueError:
        return None


@_JSON
def _slowly(text: str, decoder: json.JSONDecoder) -> Any:
    return decoder.decode(text)
