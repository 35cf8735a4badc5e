"""A second factor beside the password: codes of an app (TOTP, RFC 6238), and recovery codes.

The devices are django-otp's: a code counts once, and each failure makes the next try wait longer.
Recovery codes are kept as keyed digests; each opens once.
"""

from __future__ import annotations

import re
import secrets
from base64 import b32encode
from typing import Any, NamedTuple

from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from mtdata.jobs.records.asking import asking, whole
from mtdata.web.access import revocation

RECOVERY_CODES = 10
MOST_CODE, DIGITS = 32, 6


class Enrolment(NamedTuple):
    """What an app is told once: the secret, and the same as an address that it takes."""

    secret: str
    url: str


def is_on(user: Any) -> bool:
    """Whether this user logs in with a code."""
    with asking():
        return bool(_of(user).exists())


def recovery_codes_left(user: Any) -> int:
    """How many recovery codes still open."""
    with asking():
        return int(StaticToken.objects.filter(device__user=user).count())


def is_right(user: Any, typed: str) -> bool:
    """Whether that code lets the user in, who may have none; it is used up by this."""
    code = re.sub(r"[\s-]", "", typed[:MOST_CODE]).upper()

    def move() -> bool:
        device = _of(user).select_for_update().first()
        if device is None:
            return True
        if len(code) == DIGITS and code.isascii() and code.isdigit():
            return bool(device.verify_token(code))
        recovery = StaticDevice.objects.select_for_update().filter(user=user).first()
        return bool(code and recovery and recovery.verify_token(_digest(user, code)))

    return whole(move, patient=False)


def begin(user: Any) -> Enrolment:
    """A secret for an app, which counts once a code of it is confirmed."""

    def move() -> TOTPDevice:
        _of(user, confirmed=False).delete()
        return TOTPDevice.objects.create(user=user, name="app", confirmed=False)

    device = whole(move, patient=False)
    return Enrolment(b32encode(device.bin_key).decode(), device.config_url)


def confirm(user: Any, typed: str) -> list[str]:
    """From now on codes are asked for, and every session has ended; the recovery codes, this once.

    None of them where that is no code of the secret that was given out last.
    """
    codes = [b32encode(secrets.token_bytes(10)).decode() for _ in range(RECOVERY_CODES)]

    def move() -> bool:
        device = _of(user, confirmed=False).select_for_update().first()
        if device is None or not device.verify_token(re.sub(r"\s", "", typed[:MOST_CODE])):
            return False
        remove(user)
        device.confirmed, device.pk = True, None
        device.save(force_insert=True)
        recovery = StaticDevice.objects.create(user=user, name="recovery")
        StaticToken.objects.bulk_create(
            StaticToken(device=recovery, token=_digest(user, code)) for code in codes
        )
        return True

    kept = StaticToken.objects.filter(device__user=user, token=_digest(user, codes[0]))
    if not whole(move, patient=False, stands=lambda is_right: is_right and kept.exists()):
        return []
    revocation.revoke(user, keeps_tokens=True)
    return ["-".join(re.findall("....", code)) for code in codes]


def remove(user: Any) -> bool:
    """The password alone opens again; whether there was a code to ask for."""

    def move() -> bool:
        had = bool(_of(user).exists())
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        return had

    return whole(move, patient=False, stands=lambda had: had and not _of(user).exists())


def _of(user: Any, *, confirmed: bool = True) -> Any:
    return TOTPDevice.objects.filter(user=user, confirmed=confirmed)


def _digest(user: Any, code: str) -> str:
    """Sixteen letters, as many as the library keeps."""
    return salted_hmac(f"mtdata.web.recovery.{user.pk}", code, algorithm="sha256").hexdigest()[:16]
