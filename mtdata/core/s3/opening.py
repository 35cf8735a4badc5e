"""Opens boto3's client of a store; it asks none.

With keys in our config nothing of the environment, of files in a home or of a cloud's machine is
asked: a profile of somebody else must not stop us.  Authorities count as for sites (trust.py).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from mtdata.core.s3.access import S3Access
from mtdata.core.trust import authorities

if TYPE_CHECKING:
    from mtdata.core.s3.wire import StoreTransport

TRIES = 2
CONNECTIONS = 16
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

    core = Core()
    core.register_component("data_loader", _descriptions())
    if access.access_key:
        # each setting is what it is where no environment and no file says otherwise
        known = {name: facts[2] for name, facts in core.session_var_map.items()}
        known |= dict.fromkeys(FILES)
        settings = {name: ConstantProvider(value) for name, value in known.items()}
        core.register_component("config_store", ConfigValueStore(mapping=settings))
    return core
