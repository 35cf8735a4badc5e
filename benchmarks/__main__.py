"""`bin/bench study`: measures every figure (or those named) and tells which targets are met."""

from __future__ import annotations


def main() -> int:
    """Run the command line; worker processes import this file, but nothing more."""
    from benchmarks.command import run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
