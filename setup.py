"""What MTData is made of and what it needs; the tools that check it stand in pyproject.toml."""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).resolve().parent


def version() -> str:
    """Read the version without importing the package, whose needs are not installed yet."""
    text = (HERE / "mtdata" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit("setup.py: mtdata/__init__.py states no __version__")
    return found.group(1)


def description() -> str:
    """The README without its pictures and links to files, which lead nowhere in a package index."""
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.exists() else ""
    text = re.sub(r"^(\|.*\|\n)*\|.*!\[[^\]]*\]\(.*\|\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    return re.sub(r"\[([^\]]+)\]\((?![a-z]+:)[^)]*\)", r"\1", text)


def documents() -> list[tuple[str, list[str]]]:
    """The pages and units that messages name, by the folder below the environment's own."""
    found = [
        path.relative_to(HERE)
        for top in ("docs", "systemd")
        for path in sorted((HERE / top).rglob("*"))
        if path.is_file() and not {"pictures", "site", "__pycache__"} & {*path.parts}
    ]
    folders = dict.fromkeys(path.parent for path in found)
    return [
        (f"share/mtdata/{folder}", [str(path) for path in found if path.parent == folder])
        for folder in folders
    ]


WRAPPERS = [  # what cron calls; each runs the `mtdata` beside it
    "martin.sh",
    "run_all_daily",
    "run_all_weekly",
    "stat.sh",
    "get_stats.sh",
    "create_csv.sh",
    "mtc",
    "legacy",
    "weblogs.sh",
]


# What is allowed.  What bin/mtdata and bin/test install of it is pinned in constraints.txt and
# constraints/: call bin/constraints whenever a need changes here.  .ci/edges tries the oldest
# versions that are allowed; an upper bound is for a library whose next major would break us.
CORE = [
    "requests>=2.32,<3",
    "certifi>=2024.7.4",  # what comes with requests; no upper bound, as of pyyaml
    "urllib3>=2.8,<3",  # bounds what it unpacks at a time, and the lines between chunks
    "pycryptodome>=4.3,<5",  # before it, what another key sealed "opens" as an empty text
    "cryptography>=45",  # before it, keys behind a passphrase in older forms are not read
    # no upper bound here and twice below: majors that come every few months and keep what we use
    "pyyaml>=6.0.2,<7",
    "pydantic>=2.11,<3",  # before it, a setting of ours is not known
    "boto3>=1.36,<2",  # before it, checksums that we do not ask for cannot be left out
    "rich>=13",  # as of cryptography
    "filelock>=4",  # as of cryptography
    "schedule>=1.2,<2",
    "sdnotify>=0.3,<1",
    "prometheus-client>=0.20,<1",  # the file of numbers for monitoring
    "Django>=5.2,<5.3",  # the records of jobs; nothing of the study collection imports it
    "msgspec>=0.20,<1",  # JSON of one entry; before it, none for Python 3.14
    "ijson>=3.4,<4",  # JSON row by row; its C parser comes in the wheel
    "zstandard>=0.23",  # before it, none for Python 3.13; no upper bound, as of cryptography
    "psutil>=6; sys_platform != 'linux'",  # the memory of a job; Linux tells it by /proc
]

WEB = [
    "waitress>=3,<4",
    "whitenoise>=6,<7",
    "django-ninja>=1.7,<2",
    "django-csp>=4,<5",
    "django-otp>=1.6,<2",  # the second factor of a log-in; before it, not tried with Django 5.2
]
MYSQL = ["PyMySQL>=1.2,<2"]  # before it, TLS that was asked for could quietly be left out
POSTGRES = ["psycopg[binary]>=3.2.13,<4"]  # jobs/records/silence.py: 3.2.3 tells of no silence
# RabbitMQ and SQS: boto3 is core, and pycurl is not needed, for the ear asks in a thread of its own
CELERY = ["celery>=5.7,<6"]
PARQUET = ["pyarrow>=18"]  # before it, none for Python 3.13; no upper bound, as of pyyaml
XLSX = ["XlsxWriter>=3.2,<4"]
TERMINAL = [  # made of the parser when somebody asks for it
    "shtab>=1.10,<2",  # before it, none for fish
    "argparse-manpage>=4.5",  # no upper bound, as of pyyaml
]
TOOLBOX = [  # no upper bounds, as of pyyaml
    *PARQUET,
    "duckdb>=2",  # before it, a question could switch on a log of its own
    "pyreadstat>=1.3.1",  # before it, it refused what polars gives
    "polars>=1.30",  # which pyreadstat takes tables as
]
NOTEBOOK = [  # what makes docs/notebook.ipynb anew; nobody else needs it
    *TOOLBOX,
    "nbclient>=0.10,<1",
    "nbconvert>=7.16,<8",
    "ipykernel>=6.29",  # no upper bound, as of cryptography
    "pandas>=2.2",
]
DOCS = [  # what bin/docs builds the site with; no upper bounds, as of pyyaml
    "sphinx>=8.1",
    "furo>=2024.8.6",  # before it, none for Sphinx 8
    "myst-parser>=4",  # as of furo
]
# what bin/mtdata installs, and all that the program can do: nothing to compile
SERVED = [*WEB, *MYSQL, *POSTGRES, *CELERY, *TOOLBOX, *XLSX, *TERMINAL]
DEMO = [  # what every `mtdata demo` needs: the page, and a local S3, of moto no more than that
    *WEB,
    "moto[s3]>=5.2,<6",
    "flask>=3,<4",
    "flask-cors>=6,<7",
]

TEST = [
    *SERVED,
    *DEMO,
    *DOCS,
    "pytest>=9,<10",
    "pytest-randomly>=5,<6",
    "pytest-timeout>=2,<3",
    "pytest-xdist>=3.6,<4",  # four at a time: much of what the tests do is waiting
    "hypothesis>=6,<7",
    "mypy>=2,<3",
    "ruff>=0.17,<0.18",  # a minor release of ruff may add findings
    "import-linter>=2,<3",
    "aiosmtpd>=1.4,<2",
    "moto[server]>=5.2,<6",
    "playwright>=1.50,<2",
    "axe-playwright-python>=0.1.8,<0.2",
    "schemathesis>=4.32,<5",  # asks the API everything that its OpenAPI document allows
    "jsonschema>=4.18,<5",  # before it, another library of references
    "openapi-spec-validator>=0.8,<1",  # judges the API's document
    "uv>=0.9",  # brings the oldest versions allowed, for .ci/run; renews constraints, builds
    "packaging>=24",  # judges constraints by setup.py
    "psutil>=6",  # the memory of a job as macOS tells it
    "pandas>=2.2",  # bin/bench toolbox measures itself beside it
    "types-PyYAML>=6,<7",
    "types-requests>=2.32,<3",
]
RELEASE = [  # what bin/release looks at its files with
    "cyclonedx-bom>=7,<8",
    "twine>=6",  # no upper bound, as of cryptography
]

setup(
    # `mtdata` is somebody else's; mtdata/core/installing.py has the name as well
    name="mtdata-collect",
    version=version(),
    description="Moves data off servers that must not keep it, into a provably complete pool",
    long_description=description(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    author="The MTData maintainers",
    python_requires=">=3.11",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Environment :: No Input/Output (Daemon)",
        "Environment :: Web Environment",
        "Framework :: Django :: 5.2",
        "Intended Audience :: Science/Research",
        "Intended Audience :: System Administrators",
        "Operating System :: POSIX :: Linux",
        "Operating System :: MacOS",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Database",
        "Topic :: Scientific/Engineering",
        "Typing :: Typed",
    ],
    packages=find_packages(include=["mtdata", "mtdata.*"]),
    package_data={
        "mtdata": ["py.typed"],
        "mtdata.config.samples": ["*.sample", "scales/*.sample"],
        "mtdata.daemon": ["templates/*"],
        "mtdata.web": ["templates/**/*", "static/**/*"],
    },
    data_files=documents(),
    scripts=[f"bin/{name}" for name in WRAPPERS if (HERE / "bin" / name).exists()],
    install_requires=CORE,
    extras_require={
        "web": WEB,
        "mysql": MYSQL,
        "postgres": POSTGRES,
        "celery": CELERY,
        "parquet": PARQUET,
        "xlsx": XLSX,
        "toolbox": TOOLBOX,
        "terminal": TERMINAL,
        "notebook": NOTEBOOK,
        "served": SERVED,
        "demo": DEMO,
        "all": SERVED,
        "docs": [*SERVED, *DOCS],
        "test": TEST,
        "release": RELEASE,
    },
    entry_points={"console_scripts": ["mtdata = mtdata.__main__:main"]},
)
