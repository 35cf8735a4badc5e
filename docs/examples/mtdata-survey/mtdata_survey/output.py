"""A kind of output: `digested:///folder` has NAME.sha256 beside each file, for sha256sum."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from mtdata.core.errors import ConfigError
from mtdata.core.output import OutputAccess, Staged
from mtdata.core.output.folder import FolderOutput


class DigestedOutput(FolderOutput):
    """Port Output: a folder, with digests."""

    def __init__(self, access: OutputAccess) -> None:
        url = urlsplit(access.place)
        if url.netloc or not url.path.strip("/"):
            raise ConfigError(f"{access.named}: allowed is digested:/// and the path of a folder")
        super().__init__(Path(unquote(url.path)), access.state, access.named)
        self.place = access.place  # by this the page finds again what was put here

    def publish(self, staged: Staged) -> str:
        """Port: Output.publish; the digest follows, whole as well."""
        super().publish(staged)
        line = f"{staged.facts.sha256}  {staged.name.rpartition('/')[2]}\n".encode()
        super().publish(self.stage_pieces(f"{staged.name}.sha256", [line], "digest"))
        return f"{self.place}/{staged.name}"

    def remove(self, name: str) -> None:
        """Port: Output.remove."""
        super().remove(f"{name}.sha256")
        super().remove(name)
