"""The kinds that work on the pools of studies; what they do stands in `job_parts.py`."""

from __future__ import annotations

from collections.abc import Callable

from mtdata.config import Settings
from mtdata.core.pool_files import RECOVERED
from mtdata.jobs.kind import Kind, Kinds, Parameter, Parameters, Work
from mtdata.study.model.scale import NAME

_PARTS = (
    "mtdata.study.operations.job_parts",  # with all that opens a pool
    "Crypto.Cipher.PKCS1_v1_5",  # and what trying a key loads late, a seventh of a second
    "Crypto.PublicKey.RSA",
)


def _ready_server(settings: Settings, word: str) -> str:
    settings.chosen(word)
    return word


def _server(settings: Settings, word: str) -> str:
    if word != ".":
        settings.site(word)
    return word


def _scale(settings: Settings, word: str) -> str:
    if word != "." and not NAME.fullmatch(word):
        raise ValueError("it can be no name of a scale")
    return word


def _ready_servers(settings: Settings) -> list[str]:
    return [".", *(site.name for site in settings.sites if site.ready)]


def _servers(settings: Settings) -> list[str]:
    return [".", *(site.name for site in settings.sites)]


SERVER = Parameter("server", _server, "a site, or .", choices=_servers)
SCALE = Parameter(
    "scale",
    _scale,
    "a scale, deleteable, static, all or .",
    default=".",
    examples=(".", "all", "deleteable", "static"),
)


def base_by_server(kind: str) -> Callable[[Parameters], str]:
    """The names of jobs of a kind: it, and the site they are for."""
    return lambda parameters: f"{kind}_{parameters['server']}".rstrip("._")


def _sites(work: Work) -> list[str]:
    return [site.name for site in work.settings.chosen(work.parameters["server"])]


def _export(work: Work) -> None:
    from mtdata.study.operations.job_parts import export

    export(work)


def _sheets(work: Work) -> list[str]:
    from mtdata.study.operations.job_parts import sheets

    return sheets(work)


def _decode(work: Work) -> None:
    from mtdata.study.operations.job_parts import decode

    decode(work)


EXPORT = Kind(
    name="study.export",
    parameters=(
        Parameter("server", _ready_server, "a READY site, or .", choices=_ready_servers),
        SCALE,
    ),
    split=_sites,
    run=_export,
    brings=_PARTS,
    base=base_by_server("study.export"),
    key=lambda parameters: f"study:{parameters['server']}",
    title="Round",
    about="Collect what a study site has, and delete there what is safe here",
)
DECODE = Kind(
    name="study.decode",
    parameters=(SERVER, SCALE),
    split=_sheets,
    run=_decode,
    brings=_PARTS,
    base=base_by_server("study.decode"),
    key=lambda parameters: f"decode:{parameters['server']}",
    max_runners=64,
    title="Sheets anew",
    about=f"Make a study's sheets again from its raw files, into {RECOVERED}",
)
KINDS: Kinds = {kind.name: kind for kind in (EXPORT, DECODE)}
