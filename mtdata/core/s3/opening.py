"""Opens boto3's client of a store, one for all in this process who reach it alike; it asks none.

With keys in our config nothing of the environment, of files in a home or of a cloud's machine is
asked: a profile of somebody else must not stop us.  Authorities count as for sites (trust.py).

Nobody closes a client: another thread may be in the middle of an answer.  Who has done with it says
so, and connections that lie idle are closed with the last of them.
"""

from __future__ import annotations

import os
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from mtdata.core.s3.access import S3Access
from mtdata.core.trust import authorities

if TYPE_CHECKING:
    from mtdata.core.s3.wire import StoreTransport

TRIES = 2
CONNECTIONS = 16
MOST_IDLE = 16
"""So many clients are kept that nobody uses; to make one anew takes longer than to ask."""
HOME = "us-east-1"
"""The region of a bucket that names none."""
FILES = ("config_file", "credentials_file")


@cache
def _descriptions() -> Any:
    """What boto3 reads of S3's interface, once a process: that is most of a client's start."""
    from botocore.loaders import Loader  # type: ignore[import-untyped]

    own = [Loader.BUILTIN_DATA_PATH]  # and not what lies in ~/.aws/models
    return Loader(extra_search_paths=own, include_default_search_paths=False)


class OpenedClient(NamedTuple):
    """boto3's client of a store, and the wire that it asks by."""

    client: Any
    wire: StoreTransport


def open_client(access: S3Access) -> OpenedClient:
    """A client; call it in one thread at a time, what it gives serves many."""
    from boto3.session import Session  # type: ignore[import-untyped]
    from botocore.config import Config  # type: ignore[import-untyped]

    from mtdata.core.s3.wire import StoreTransport

    session = Session(
        botocore_session=(core := _core(access)),
        aws_access_key_id=access.access_key or None,
        aws_secret_access_key=access.secret_key or None,
        region_name=access.region or None,
    )
    config = Config(
        connect_timeout=access.connect_timeout_s,
        read_timeout=access.timeout_s,
        retries={"mode": "standard", "total_max_attempts": TRIES},
        max_pool_connections=CONNECTIONS,
        signature_version="s3v4",
        user_agent=access.agent,
        proxies={},  # as for the site: a proxy of somebody's shell is not asked
        # our config alone says where data go
        ignore_configured_endpoint_urls=not access.machine_endpoint,
        request_checksum_calculation="when_required",  # ours is SHA-256, and our own
        response_checksum_validation="when_required",
        s3={"addressing_style": access.addressing or ("path" if access.endpoint else "auto")},
    )
    region = access.region or session.region_name or HOME
    client = session.client(
        "s3", endpoint_url=access.endpoint or None, region_name=region, config=config
    )
    trusted = authorities(access.ca or core.get_config_variable("ca_bundle") or "")
    limits = (access.connect_timeout_s, access.timeout_s)
    wire = StoreTransport(verify=trusted, timeout=limits, max_pool_connections=CONNECTIONS)
    wire.take(client)
    return OpenedClient(client, wire)


def _core(access: S3Access) -> Any:
    from botocore.configprovider import (  # type: ignore[import-untyped]
        ConfigValueStore,
        ConstantProvider,
    )
    from botocore.session import Session as Core  # type: ignore[import-untyped]

    core = Core(profile=access.profile or None)
    core.register_component("data_loader", _descriptions())
    if access.access_key:
        # each setting is what it is where no environment and no file says otherwise
        known = {name: facts[2] for name, facts in core.session_var_map.items()}
        known |= dict.fromkeys(FILES)
        settings = {name: ConstantProvider(value) for name, value in known.items()}
        core.register_component("config_store", ConfigValueStore(mapping=settings))
    return core


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
