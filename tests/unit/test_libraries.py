"""What is used of libraries beyond what they promise stands in one file each, and is there.

A release that does without it is told here, before it is met by a round, a page or a runner.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[2] / "mtdata"
INSIDE: dict[str, dict[str, tuple[str, ...]]] = {
    "cli/parser.py": {
        "argparse.ArgumentParser": ("_actions", "_check_value", "_positionals"),
        "argparse._SubParsersAction": ("choices",),
    },
    "core/http.py": {
        "http.client.HTTPResponse": ("_read_status", "_safe_read", "fp", "will_close"),
        "urllib3.connection.HTTPConnection": ("response_class",),
        "urllib3.connectionpool.HTTPConnectionPool": ("ConnectionCls",),
        "urllib3.poolmanager.PoolManager": ("pool_classes_by_scheme",),
    },
    "core/inside_urllib3.py": {
        "urllib3.connectionpool.HTTPConnectionPool": ("_get_conn", "_put_conn"),
        "urllib3.response.HTTPResponse": ("_original_response",),
    },
    "core/s3/inside_botocore.py": {"botocore.httpsession.URLLib3Session": ("_manager",)},
    "jobs/celery/inside_celery.py": {
        "celery.app.amqp.AMQP": ("Producer",),
        "kombu.connection.Connection": ("collect",),
        "amqp.connection.Connection": ("on_blocked", "collect"),
    },
    "jobs/records/inside_django.py": {
        "django.db.models.query.QuerySet": ("_raw_delete",),
        "django.db.utils.ConnectionHandler": ("_connections", "settings", "configure_settings"),
        "django.db.backends.base.base.BaseDatabaseWrapper": ("wrap_database_errors", "connection"),
    },
    "web/connections.py": {
        "waitress.channel.HTTPChannel": (
            "_flush_some",
            "_flush_outbufs_below_high_watermark",
            "_fileno",
            "handle_close",
            "outbuf_lock",
            "outbufs",
            "parser_class",
            "requests_lock",
            "task_class",
            "total_outbufs_len",
            "write_soon",
        ),
        "waitress.server.TcpWSGIServer": (
            "active_channels",
            "add_task",
            "channel_class",
            "handle_accept",
            "maintenance",
            "pull_trigger",
        ),
    },
    "web/downloads/pouring.py": {
        "waitress.buffers.ReadOnlyFileBasedBuffer": ("prepare", "get", "skip", "close"),
        "waitress.task.ThreadedTaskDispatcher": ("add_task", "set_thread_count", "queue_logger"),
        "waitress.task.WSGITask": ("build_response_header", "get_environment", "chunked_response"),
    },
    "web/uploads/incoming.py": {
        "waitress.parser.HTTPRequestParser": (
            "body_rcv",
            "chunked",
            "completed",
            "expect_continue",
            "headers_finished",
        ),
    },
    "web/uploads/spool.py": {"waitress.buffers.FileBasedBuffer": ("append", "getfile", "remain")},
}
"""By file what it builds on: the privates of a library, and what of a class no page of it tells."""
PROMISED = {"_meta", "_exit", "_asdict", "_make", "_replace", "_fields"}
"""Django's models, the system and named tuples have these in their documentation."""


def is_of_python(kind: type) -> bool:
    """Whether it has a text, and is not built in."""
    return getattr(sys.modules[kind.__module__], "__file__", None) is not None


def missing(place: str, names: tuple[str, ...]) -> list[str]:
    """Which of these names neither a class nor the text of it and its bases has."""
    module, _, name = place.rpartition(".")
    kind = getattr(import_module(module), name, None)
    if kind is None:
        return list(names)
    texts = [inspect.getsource(one) for one in kind.__mro__ if is_of_python(one)]
    return [
        word for word in names if not hasattr(kind, word) and not any(word in of for of in texts)
    ]


@pytest.mark.parametrize(
    ("file", "place"), [(file, place) for file, used in INSIDE.items() for place in used]
)
def test_the_library_has_what_we_use_beyond_its_promise(file: str, place: str) -> None:
    gone = missing(place, INSIDE[file][place])
    library = place.partition(".")[0]
    of = "Python" if library in ("http", "argparse") else f"{library} {version(library)}"
    assert not gone, f"the library has changed: {of}: {place} has no {gone}; see mtdata/{file}"


def test_what_a_library_does_without_is_seen() -> None:
    assert missing("http.client.HTTPResponse", ("_read_status", "_of_no_release")) == [
        "_of_no_release"
    ]
    assert missing("http.client.NoSuchClass", ("fp",)) == ["fp"]


def privates(tree: ast.Module) -> Iterator[ast.Attribute]:
    """Private attributes of others: not of self, of the class, or of what super() is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_"):
            of = node.value
            is_own = isinstance(of, ast.Name) and of.id in ("self", "cls")
            is_above = isinstance(of, ast.Call) and getattr(of.func, "id", "") == "super"
            if not (is_own or is_above or node.attr.startswith("__") or node.attr in PROMISED):
                yield node


def test_nobody_else_uses_what_a_library_does_not_promise() -> None:
    trees = {file: ast.parse(file.read_text("utf-8")) for file in HOUSE.rglob("*.py")}
    own = {
        name
        for tree in trees.values()
        for node in ast.walk(tree)
        for name in (
            [node.name]
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
            else [node.attr]
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            else [node.id]
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            else []
        )
    }
    found = [
        f"mtdata/{file.relative_to(HOUSE)}:{node.lineno}: {ast.unparse(node)}"
        for file, tree in trees.items()
        if file.relative_to(HOUSE).as_posix() not in INSIDE
        for node in privates(tree)
        if node.attr not in own
    ]
    assert not found, "a private of a library outside of its one file:\n" + "\n".join(found)
