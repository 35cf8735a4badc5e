"""`python -m mtdata`: hands over to the command line; worker processes import nothing here."""


def main() -> int:
    """Run the command line and return its exit code."""
    from mtdata.cli.main import run  # late: workers need not load it

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
