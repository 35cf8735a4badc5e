"""What grows with what, at three sizes: one line each; a new one is a file and a line."""

from __future__ import annotations

from functools import partial

from benchmarks.figures import Benchmark
from benchmarks.scale import days, duties, many_jobs, many_runners, rings

_JOBS = (
    ("claim", "CPU of a claim", 2.0),
    ("list", "CPU of the newest page of the list of jobs", 2.0),
    ("list_kind", "CPU of the newest page of a kind", 12.0),
    ("list_last", "CPU of the last page that has a number", 2.0),
    ("page", "CPU of `GET /jobs/` at the web page", 2.0),
    ("name", "CPU of the name of one more job where every number is given", 3.0),
    ("prune", "CPU of a piece of `jobs prune --dry-run`", 2.0),
    ("list_words", "CPU of a search for words in a name that no job has", 150.0),
    ("states", "CPU of the count of jobs by state", 150.0),
    ("bytes", "bytes of the records a job", 1.2),
)
SCALE: tuple[Benchmark, ...] = (
    Benchmark("study", "CPU of a row of a round", 1.2, False, "", duties.study),
    Benchmark("study_days", "CPU of an idle round", 3.0, False, "", days.idle_rounds),
    Benchmark("cake", "CPU of a click of a day's report", 1.2, False, "", duties.cake),
    Benchmark("weblogs", "CPU of a line of a log", 1.2, False, "", duties.weblogs),
    Benchmark("programme", "CPU of a row of an import", 1.2, False, "", duties.programme),
    Benchmark("toolbox", "CPU of an entry of `quality all`", 1.2, False, "", duties.toolbox),
    *(
        Benchmark(f"jobs_{name}", told, most, False, "", partial(many_jobs.growth, name))
        for name, told, most in _JOBS
    ),
    Benchmark(
        "queue_depth", "CPU of a job by the jobs that wait", 3.0, False, "", many_runners.depth
    ),
    Benchmark(
        "runners", "claims a second by 50 runners ÷ by 5", 0.7, True, "", many_runners.claims
    ),
    Benchmark("rings", "rings that wait at the broker", 1.0, False, "", rings.waiting),
)
