"""By whose word a server is known, for all that speak TLS; it opens no connection.

First what the config names for that place (CA), then REQUESTS_CA_BUNDLE, then the store of the
machine, where an administrator puts the authority of a university, and last what comes with us.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

import certifi

from mtdata import __version__
from mtdata.core.errors import ConfigError

AGENT = f"mtdata/{__version__}"
"""What we call ourselves where the config says nothing else."""
MEND = (
    "if it is of an authority of your own, put that into this machine's store, or name a file "
    "with it: CA in {}"
)
_STORES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS, BSD
)


def authorities(own: str = "") -> str:
    """The file, or folder, of the authorities that count; ConfigError where it is not there.

    `own` is what the config names.
    """
    for key, path in (("CA", own), ("REQUESTS_CA_BUNDLE", os.environ.get("REQUESTS_CA_BUNDLE"))):
        if path and not os.path.exists(path):
            raise ConfigError(f"{key}: {path} does not exist")
        if path:
            return path
    return _of_the_machine() or certifi.where()


def tls_context(own: str = "") -> ssl.SSLContext:
    """What a server is known by; ConfigError where there is nothing to know it by.

    Without `own` SSL_CERT_FILE counts beside REQUESTS_CA_BUNDLE, which has always been so here.
    """
    known = authorities(own)
    file, folder = (None, known) if os.path.isdir(known) else (known, None)
    try:
        context = ssl.create_default_context(cafile=file, capath=folder)
        if not own:
            context.load_default_certs()
        return context
    except OSError:  # SSLError among them
        raise ConfigError(f"{known} cannot be read, or holds no certificate (PEM)") from None


def why_unusable(path: str) -> str:
    """What is wrong with certificates, behind "the file"; '' when it holds one at least."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return ""


def _of_the_machine() -> str:
    stores = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *_STORES)
    return next((store for store in stores if store and _holds_something(store)), "")


def _holds_something(store: str) -> bool:
    try:
        return Path(store).stat().st_size > 0
    except OSError:
        return False
