"""One client of a store for all in this process who reach it alike; it asks none.

Nobody closes a client: another thread may be in the middle of an answer.  Who has done with it says
so, and connections that lie idle are closed with the last of them.
"""

from __future__ import annotations

import os
from threading import Lock

from mtdata.core.s3.access import S3Access
from mtdata.core.s3.opening import OpenedClient, open_client

MOST_IDLE = 16
"""So many clients are kept that nobody uses; to make one anew takes longer than to ask."""


class _Shared:
    def __init__(self, opened: OpenedClient) -> None:
        self.opened, self.users = opened, 0


class Clients:
    """The clients of this process."""

    def __init__(self) -> None:
        self._lock = Lock()  # boto3 makes clients in one thread only
        self._kept: dict[S3Access, _Shared] = {}

    def take(self, access: S3Access) -> OpenedClient:
        """A client, to be given back."""
        with self._lock:
            shared = self._kept.pop(access, None) or _Shared(open_client(access))
            self._kept[access] = shared  # the last that was used stands last
            shared.users += 1
            idle = [key for key, one in self._kept.items() if not one.users]
            for key in idle[:-MOST_IDLE]:
                del self._kept[key]
            return shared.opened

    def give_back(self, access: S3Access, opened: OpenedClient) -> None:
        """Note that one user of the client is done with it."""
        with self._lock:
            shared = self._kept.get(access)
            if shared is None or shared.opened is not opened:
                return  # it was renewed meanwhile, and goes with its last user
            shared.users -= 1
            if not shared.users:
                opened.wire.rest()
                if not access.access_key:  # the machine may have other keys by the next time
                    del self._kept[access]

    def renew(self, access: S3Access, opened: OpenedClient) -> None:
        """Have the next client made anew, since the keys of this one have expired."""
        with self._lock:
            shared = self._kept.get(access)
            if shared is not None and shared.opened is opened:
                del self._kept[access]

    def forget(self) -> None:
        """Have none: a forked child may neither use the connections of its parent nor its lock."""
        self._lock, self._kept = Lock(), {}


CLIENTS = Clients()
os.register_at_fork(after_in_child=CLIENTS.forget)
