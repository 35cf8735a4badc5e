"""A messenger: `notebook:///file` gets the news as a line of JSON each."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mtdata.alerts.message import Message
from mtdata.alerts.messengers import MessengerAccess
from mtdata.core.errors import PostError, PostRefused


class Notebook:
    """Port Post."""

    def __init__(self, access: MessengerAccess) -> None:
        self._file = Path(unquote(urlsplit(access.url).path))

    def deliver(self, message: Message) -> str:
        """Port: Post.deliver; the same news may come twice, under the same `id`."""
        line = json.dumps({**message.news, "id": message.key})
        try:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except (PermissionError, IsADirectoryError) as error:  # not before somebody mends it
            raise PostRefused(f"the notebook is not to be written: {error.strerror}") from None
        except OSError as error:  # later it may be well: the news waits
            raise PostError(f"the notebook cannot be written: {error.strerror}") from None
        return ""
