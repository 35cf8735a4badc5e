"""Django made ready for the web page, from the config of the program; it serves nothing yet."""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from mtdata.config import Settings
from mtdata.core.disk import make_folder
from mtdata.core.errors import ConfigError
from mtdata.duties import DUTIES
from mtdata.jobs.duty import Duties
from mtdata.jobs.kind import Kinds
from mtdata.jobs.link_words import LEAST_SECRET, secret_file
from mtdata.jobs.records import setting as records
from mtdata.jobs.records.ready import prepare
from mtdata.web.body_limits import MOST_BODY

DAY_S = 86_400
SESSION_S = DAY_S // 2
APPS = (
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.humanize",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "csp",
    "ninja",
    "mtdata.web",
)
MIDDLEWARE = (
    "mtdata.web.middleware.Guarding",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "mtdata.web.middleware.Naming",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "mtdata.web.access.identity.IdentityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mtdata.web.access.lockout.LockoutMiddleware",
)
POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "connect-src": [SELF],
    "font-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}
VALIDATORS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("UserAttributeSimilarityValidator", {}),
    ("MinimumLengthValidator", {"min_length": 12}),
    ("CommonPasswordValidator", {}),
    ("NumericPasswordValidator", {}),
)


def prepare_web(
    settings: Settings, kinds: Kinds, secret: str | None = None, duties: Duties = DUTIES
) -> None:
    """Make Django ready with everything that pages need; first of all, and once in a process."""
    secret = secret or secrets.token_urlsafe(50)
    prepare(
        *APPS,
        SECRET_KEY=secret,
        MTDATA=settings,
        MTDATA_KINDS=kinds,
        MTDATA_DUTIES=duties,
        ALLOWED_HOSTS=list(settings.programme.allowed_hosts),
        ROOT_URLCONF="mtdata.web.urls",
        MIDDLEWARE=list(MIDDLEWARE),
        TEMPLATES=[_templates()],
        STATIC_URL="/static/",
        STORAGES={"staticfiles": {"BACKEND": "mtdata.web.shell.Assets"}},
        WHITENOISE_USE_FINDERS=True,
        LOGIN_URL="login",
        LOGIN_REDIRECT_URL="overview",
        LOGOUT_REDIRECT_URL="login",
        MESSAGE_STORAGE="django.contrib.messages.storage.session.SessionStorage",
        DATA_UPLOAD_MAX_MEMORY_SIZE=MOST_BODY,
        FILE_UPLOAD_HANDLERS=["mtdata.web.uploads.reading.SkippedFile"],
        LANGUAGE_CODE="en",
        DATETIME_FORMAT="Y-m-d H:i:s",
        USE_L10N=False,
        SECURE_HSTS_SECONDS=int(settings.programme.hsts_s),
        **_cookies(secret),
        **_safety(),
    )


def _cookies(secret: str) -> dict[str, Any]:
    """Named after what signs them: browsers keep cookies by host, and two instances may share one.

    Several web services of one instance have the same secret, and so the same names.
    """
    mark = hmac.new(secret.encode(), b"mtdata.web.cookies", sha256).hexdigest()[:12]
    return {
        "SESSION_COOKIE_AGE": SESSION_S,
        "SESSION_COOKIE_NAME": f"mtdata_session_{mark}",
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_NAME": f"mtdata_csrf_{mark}",
    }


def _safety() -> dict[str, Any]:
    place = "django.contrib.auth.password_validation"
    return {
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{place}.{name}", "OPTIONS": options} for name, options in VALIDATORS
        ],
        "AUTHENTICATION_BACKENDS": [
            "mtdata.web.access.lockout.ThrottleBackend",
            "mtdata.web.access.guests.PasswordBackend",
            "mtdata.web.access.guests.GuestBackend",
        ],
        "OTP_TOTP_ISSUER": "MTData",
        "CSRF_FAILURE_VIEW": "mtdata.web.faults.csrf_failure",
        "SECURE_REFERRER_POLICY": "same-origin",
        "X_FRAME_OPTIONS": "DENY",
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": POLICY},
    }


def _templates() -> dict[str, Any]:
    around = [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "mtdata.web.shell.around",
    ]
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": around},
    }


def open_web(settings: Settings, kinds: Kinds, duties: Duties = DUTIES) -> None:
    """Make Django and the tables ready.  RecordsError when the tables are missing or older."""
    prepare_web(settings, kinds, secret_of(settings), duties)
    records.open_migrated(settings.database)
    _make_groups()


def _make_groups() -> None:
    from django.contrib.auth.models import Group

    from mtdata.jobs.records.asking import asking
    from mtdata.web.access.roles import Role

    with asking():
        for role in Role:
            if role is not Role.ANYONE:
                Group.objects.get_or_create(name=role.group)


def secret_of(settings: Settings) -> str:
    """What signs links and sessions: SECRET_KEY of programme.config, else a file of our own.

    ConfigError for a file that is no secret.
    """
    given = settings.programme.secret_key
    if given is not None:
        return given.get_secret_value()
    path = secret_file(settings.home)
    try:
        return _kept_secret(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read or made: {error.strerror}") from error


def _kept_secret(path: Path) -> str:
    make_folder(path.parent)
    try:
        found = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, records.FILE_MODE)
    except FileExistsError:
        word = path.read_text("ascii").strip()
        if len(word) < LEAST_SECRET:
            raise ConfigError(
                f"{path}: it is cut short; remove it (all sessions and links end by that)"
            ) from None
        return word
    with os.fdopen(found, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(50) + "\n")
    return path.read_text("ascii").strip()
