"""From a YAML file to plain mappings, lists and text; never knows a key, never quotes a value.

Scalars stay the text that was written: YAML would turn the password 0123 into 83, the time 13:30
into 810 and the user `no` into False.  Only an empty value is None.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import yaml

from mtdata.config.values import is_name
from mtdata.core.border import Border

_YAML_TEXT = Border(yaml.YAMLError)
_YAML = "tag:yaml.org,2002:"
_TEXT = _YAML + "str"
_GUESSED = {_YAML + kind for kind in ("bool", "int", "float", "timestamp", "value")}
_QUOTED = re.compile(r""""[^"]*"|'(?!<[a-z ]+>')[^']*'""")


def read_plain(file: Path) -> bytes:
    """The whole file; OSError, also for a pipe or a device: they could keep us waiting for ever.

    Links may lead to it.
    """
    number = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    with open(number, "rb") as opened:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        return opened.read()


def bare(word: str) -> str:
    """A word less the one line end that a file or a command has left behind it."""
    return word[:-2] if word.endswith("\r\n") else word.removesuffix("\n")


def read_yaml(file: Path, faults: list[str], known: Collection[str], *, deep: bool = False) -> Any:
    """Return what the file holds, None when it is empty; whatever is wrong goes to `faults`.

    `known` are the keys that may be named in a fault.  `deep` finds keys that stand twice at any
    depth, and names them: of a file that holds no password.
    """
    try:
        text = read_plain(file).decode("utf-8-sig")
        with _YAML_TEXT:
            try:
                return _constructed(file, text, faults, known, deep=deep)
            except RecursionError:
                faults.append(f"{file}: not valid YAML: nested too deeply")
    except OSError as error:
        faults.append(f"{file}: cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        faults.append(f"{file}: line {line}: only UTF-8 text is allowed; found other bytes")
    except yaml.YAMLError as error:
        faults.append(f"{file}: {_line_and_column(error)}: not valid YAML: {_problem(error)}")
    return None


def _constructed(
    file: Path, text: str, faults: list[str], known: Collection[str], *, deep: bool
) -> Any:
    try:
        loader = yaml.SafeLoader(text)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        faults.append(f"{file}: line {line}, column {column}: a control character is not allowed")
        return None
    root = loader.get_single_node()
    if root is None:
        return None
    faults.extend(f"{file}: {twin}" for twin in _twins(root, known, deep=deep))
    _keep_text(root)
    return loader.construct_document(root)


def _keep_text(root: yaml.Node) -> None:
    for node in _nodes(root):
        if isinstance(node, yaml.ScalarNode) and node.tag in _GUESSED:
            node.tag = _TEXT
        elif isinstance(node, yaml.MappingNode):
            for key, _ in node.value:
                if key.tag == _YAML + "null":
                    key.tag = _TEXT


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Every node once, though anchors may make the tree a graph."""
    seen: set[int] = set()
    todo = [root]
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            todo.extend(part for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            todo.extend(node.value)


def _twins(root: yaml.Node, known: Collection[str], *, deep: bool) -> Iterator[str]:
    """Keys that stand twice, among the sites and within each; YAML would drop the first quietly.

    Not looked for any deeper unless asked: an unquoted password can read as a mapping.
    """
    if deep:
        for node in _nodes(root):
            if isinstance(node, yaml.MappingNode):
                keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
                yield from _twins_in(node, keys)
        return
    below: list[yaml.Node] = []
    if isinstance(root, yaml.MappingNode):
        below = [value for _, value in root.value]
    elif isinstance(root, yaml.SequenceNode):
        below = root.value
    for node in [root, *below]:
        if isinstance(node, yaml.MappingNode):
            yield from _twins_in(node, known)


def _twins_in(node: yaml.MappingNode, known: Collection[str]) -> Iterator[str]:
    first: dict[str, int] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line = key.start_mark.line + 1
        if key.value in first:
            word = _label(key.value, value, known)
            yield f"line {line}: {word}a key is allowed once; found also in line {first[key.value]}"
        first.setdefault(key.value, line)


def _label(word: str, value: yaml.Node, known: Collection[str]) -> str:
    """The key and a colon: one that is known, or the name of a section with such keys; else ''."""
    below = value.value if isinstance(value, yaml.MappingNode) else []
    is_section = any(key.value in known for key, _ in below if isinstance(key, yaml.ScalarNode))
    return f"{word}: " if word in known or (is_section and is_name(word)) else ""


def _line_and_column(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"


def _problem(error: yaml.YAMLError) -> str:
    """What the parser says, without what it quotes: that can be a piece of a password."""
    said = _QUOTED.sub("(not shown)", str(getattr(error, "problem", None) or "unreadable"))
    said = "unreadable" if "codec" in said else said.partition(": ")[0]
    return f"{said}; a value with special characters must stand in quotes"
