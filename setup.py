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
    readme = HERE / "README.md"
    return readme.read_text(encoding="utf-8") if readme.exists() else ""


# bin/env.sh installs anew whenever this file changes.  .ci/edges tries the oldest versions that are
# allowed; an upper bound is for a library whose next major would break us.
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
]

WEB = [
    "waitress>=3,<4",
    "whitenoise>=6,<7",
    "django-ninja>=1.7,<2",
    "django-csp>=4,<5",
    "django-otp>=1.6,<2",  # the second factor of a log-in; before it, not tried with Django 5.2
]
MYSQL = ["PyMySQL>=1.2,<2"]  # before it, TLS that was asked for could quietly be left out
POSTGRES = ["psycopg[binary]>=3.2.3,<4"]  # before it, none for Python 3.13
CELERY = ["celery>=5.7,<6"]
SQS = CELERY  # boto3 is core, and pycurl is not needed: the ear asks in a thread of its own
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
NOTEBOOK = [  # what makes docs/notebook.ipynb anew; in no other extra, for nobody else needs it
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
# what bin/mtdata installs: nothing to compile
SERVED = [*WEB, *MYSQL, *POSTGRES, *CELERY, *TOOLBOX, *XLSX, *TERMINAL]
DEMO = [  # what bin/mtdata installs on top for `demo cake`: a local S3, of moto no more than that
    *SERVED,
    "moto[s3]>=5.2,<6",
    "flask>=3,<4",
    "flask-cors>=6,<7",
]
ALL = SERVED  # what later duties need beyond the core: each brings its own extra

TEST = [
    *ALL,
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
    "uv>=0.9",  # brings the oldest versions allowed, for .ci/run
    "pandas>=2.2",  # bin/bench toolbox measures itself beside it
    "types-PyYAML>=6,<7",
    "types-requests>=2.32,<3",
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
    install_requires=CORE,
    extras_require={
        "web": WEB,
        "mysql": MYSQL,
        "postgres": POSTGRES,
        "celery": CELERY,
        "sqs": SQS,
        "parquet": PARQUET,
        "xlsx": XLSX,
        "toolbox": TOOLBOX,
        "terminal": TERMINAL,
        "notebook": NOTEBOOK,
        "served": SERVED,
        "demo": DEMO,
        "all": ALL,
        "docs": [*SERVED, *DOCS],
        "test": TEST,
    },
    entry_points={"console_scripts": ["mtdata = mtdata.__main__:main"]},
)
