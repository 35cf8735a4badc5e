"""The kind of job that makes the report of a site anew; what it does is the command's own code."""

from __future__ import annotations

from mtdata.config import Settings
from mtdata.core.errors import JobError
from mtdata.core.step import Step
from mtdata.jobs.kind import Kind, Kinds, Parameter, Parameters, Work
from mtdata.study.operations.jobs import SERVER, base_by_server

REPORT = "toolbox.report"
_YES, _NO = "yes", "no"


def _yes_or_no(settings: Settings, word: str) -> str:
    if word not in (_YES, _NO):
        raise ValueError("it is neither yes nor no")
    return word


def _sites(work: Work) -> list[str]:
    from mtdata.study.operations.opening import has_pool  # with all that opens a pool

    word = work.parameters["server"]
    sites = work.settings.sites if word == "." else (work.settings.site(word),)
    begun = [site.name for site in sites if has_pool(site) or site.path.is_dir()]
    if not begun:
        raise JobError("there is no pool yet; `mtdata export` makes it")
    return begun


def _report(work: Work) -> None:
    from mtdata.study.operations.job_parts import FencedDisk
    from mtdata.toolbox.report.making import report_clients, report_scales  # with the database
    from mtdata.toolbox.report.notes import headline
    from mtdata.toolbox.report.writing import report_folder

    site, with_tests = work.settings.site(work.part), work.parameters["tests"] == _YES

    def watch(step: Step) -> None:
        work.progress(step.ever, step=str(step))

    with report_folder(site, disk=FencedDisk(site.path, work)) as folder:
        command = f"mtdata jobs add {REPORT} server={site.name}"
        scales = report_scales(site, folder, command, with_tests=with_tests, watch=watch)
        report_clients(site, folder, command, with_tests=with_tests)
        for one in folder.written:
            place, digest = str(one.path), one.digest
            work.add_artifact(one.name, place, rows=one.rows, size=one.size, sha256=digest)
    work.say("INFO", f"{site.name}: {headline(scales.report)}")
    if faults := scales.report.faults:
        raise JobError("; ".join(faults))


def _words_of_order(parameters: Parameters) -> list[str]:
    server = str(parameters.get("server", "."))
    tests = ["with accounts of tests"] if parameters.get("tests") == _YES else []
    return ["every site" if server == "." else server, *tests]


KIND = Kind(
    name=REPORT,
    parameters=(
        SERVER._replace(default="."),
        Parameter(
            "tests",
            _yes_or_no,
            "yes or no: whether accounts of tests count",
            default=_NO,
            choices=lambda settings: [_NO, _YES],
        ),
    ),
    split=_sites,
    run=_report,
    base=base_by_server("report"),
    key=lambda parameters: f"report:{parameters['server']}",
    title="Report",
    told=_words_of_order,
    about="Hold a study's schedule, log and entries against each other: is anything missing?",
    unit="site",
)
KINDS: Kinds = {KIND.name: KIND}
