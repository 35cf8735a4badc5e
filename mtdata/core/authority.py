"""Whether a server can be known by a file of certificates; it never shows what stands there."""

from __future__ import annotations

import ssl


def why_unusable(path: str) -> str:
    """What is wrong with it, behind "the file"; '' when it holds a certificate at least."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return "holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    return ""
