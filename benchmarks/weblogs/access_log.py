"""A log to be measured with: combined lines of a busy site, by chance that is the same each time.

Of 100 lines 60 are pages, 20 parts of pages, and 5 each bots, errors, redirects and downloads.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

SITE = "https://www.example.org"
BEGIN = datetime(2024, 5, 4, tzinfo=UTC)
CLIENTS, AGENTS, PAGES, GAP_S = 20_000, 300, 2_000, 0.8
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/{}.0.{}.{} Safari/537.36"
)
BOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
)


def lines(count: int, seed: int = 1) -> Iterator[bytes]:
    """So many lines, each with its end."""
    rng = Random(seed)
    clients = [".".join(str(rng.randrange(1, 255)) for _ in range(4)) for _ in range(CLIENTS)]
    agents = [
        CHROME.format(rng.randrange(80, 130), rng.randrange(9999), rng.randrange(200))
        for _ in range(AGENTS)
    ]
    moment = BEGIN
    for _ in range(count):
        moment += timedelta(seconds=rng.random() * GAP_S)
        path, status, is_bot = _asked(rng)
        agent = rng.choice(BOTS if is_bot else agents)
        referrer = rng.choice(("-", "https://www.google.com/", SITE + _page(rng)))
        yield (
            f"{rng.choice(clients)} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "
            f'"GET {path} HTTP/1.1" {status} {rng.randrange(200, 90_000)} "{referrer}" "{agent}"\n'
        ).encode("ascii")


def _page(rng: Random) -> str:
    return f"/articles/{rng.randrange(PAGES)}/{rng.choice(('intro', 'more', 'all'))}.html"


def _asked(rng: Random) -> tuple[str, int, bool]:
    """The target, the status, and whether a bot asked."""
    kind, page = rng.random(), _page(rng)
    if rng.random() < 0.3:
        page += f"?campaign={rng.randrange(10**6)}&page={rng.randrange(50)}"
    if kind < 0.6:
        return page, 200, False
    if kind < 0.8:
        name = rng.choice(("png", "css", "js", "gif"))
        return f"/static/{rng.randrange(500)}.{name}", 200, False
    if kind < 0.85:
        return page, 200, True
    if kind < 0.9:
        return f"/missing/{rng.randrange(10**5)}", 404, False
    if kind < 0.95:
        return f"/old/{rng.randrange(3_000)}", 301, False
    return f"/files/report-{rng.randrange(300)}.pdf", 200, False
