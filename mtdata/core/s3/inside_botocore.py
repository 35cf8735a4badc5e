"""What we use of botocore that it does not promise, all of it here; it asks for nothing.

`tests/unit/test_libraries.py` says when botocore has changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]


class PooledSession(URLLib3Session):  # type: ignore[misc]
    """botocore's session over connections of ours."""

    def __init__(self, pools: Mapping[str, Any], **how: Any) -> None:
        """`pools` are classes of urllib3, by scheme; `how` is botocore's."""
        super().__init__(**how)
        self._manager.pool_classes_by_scheme = pools
