"""The SBOM of a release: what was in the environment that it was tried in, and what it is of."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from release.calls import Failed, call

NAME = "mtdata-collect"


def write_bill(env: Path, wheel_sha256: str, bill: Path) -> None:
    """Have cyclonedx-py look into that environment; the wheel is what all of it is for."""
    call(
        Path(sys.executable).with_name("cyclonedx-py"), "environment", "--output-reproducible",
        "--of", "JSON", "--sv", "1.6", "-o", bill, env / "bin" / "python",
    )  # fmt: skip
    told = about_the_release(json.loads(bill.read_text("utf-8")), wheel_sha256)
    bill.write_text(f"{json.dumps(told, indent=2, sort_keys=True)}\n", "utf-8")


def about_the_release(told: dict[str, Any], wheel_sha256: str) -> dict[str, Any]:
    """The same with this program as its subject, not as one library of many."""
    ours = [one for one in told["components"] if one["name"] == NAME]
    if len(ours) != 1:
        raise Failed(f"the SBOM has {NAME} {len(ours)} times", 65)
    subject = {key: value for key, value in ours[0].items() if key != "externalReferences"}
    subject |= {"type": "application", "hashes": [{"alg": "SHA-256", "content": wheel_sha256}]}
    rest = [one for one in told["components"] if one["name"] != NAME]
    return {**told, "metadata": {**told.get("metadata", {}), "component": subject},
            "components": rest}  # fmt: skip
