"""`python -m mtdata`: hands over to the command line; worker processes import nothing here."""


def main() -> int:
    """Run the command line and return its exit code."""
    from mtdata.cli import streams  # late: workers need not load it

    streams.open_all()  # before anything else opens a file
    from mtdata.cli.main import run

    try:
        code = run()
    except SystemExit as ended:  # --help and --version
        code = int(ended.code or 0)
    return streams.closed(code)


if __name__ == "__main__":
    raise SystemExit(main())
