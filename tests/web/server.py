"""The web page as it is, with the kinds of the tests beside its own; it tests nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from mtdata import logs
from mtdata.config import load
from mtdata.duties import KINDS
from mtdata.web.access import relay
from mtdata.web.serve import serve, server_of
from tests.jobs import kinds

if __name__ == "__main__":
    relay.EVEN_S = float(os.environ.get("EVEN_S", relay.EVEN_S))
    logs.begin(int(os.environ.get("VERBOSITY", "0")))
    server = server_of(load(Path(sys.argv[1]), {}), {**KINDS, **kinds.KINDS}, "127.0.0.1", 0)
    print(server.effective_port, flush=True)
    serve(server)
