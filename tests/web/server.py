"""The web page as it is, with the kinds of the tests beside its own; it tests nothing.

Its words are CONFIG PASSWORD ROLE...: before it serves it lets somebody in for each role, who is
called as it is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from mtdata import logs
from mtdata.config import load
from mtdata.duties import KINDS
from mtdata.web.access import relay
from mtdata.web.serve import serve, server_of
from tests.jobs import kinds
from tests.web.light_hashes import lighten

if __name__ == "__main__":
    relay.EVEN_S = float(os.environ.get("EVEN_S", relay.EVEN_S))
    logs.begin(int(os.environ.get("VERBOSITY", "0")))
    lighten()
    config, password, *roles = sys.argv[1:]
    server = server_of(load(Path(config), {}), {**KINDS, **kinds.KINDS}, "127.0.0.1", 0)
    from mtdata.web import routes  # its models want Django to be ready
    from mtdata.web.access import users
    from tests.web.receiving import ROUTE

    routes.ROUTES = (*routes.ROUTES, ROUTE)

    for role in roles:
        users.put(role, password, role, new=True)
    print(server.effective_port, flush=True)
    serve(server)
