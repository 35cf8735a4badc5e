"""Which user agents are programs that crawl or watch, and not people; it only looks at the text.

Matomo knows many more by its own list; what we keep is sent with `bots=1`, so that it stores what
this room took for a person.  curl, wget, libraries and an empty user agent are no bots to Matomo,
nor to us.
"""

from __future__ import annotations

import re

BOT = re.compile(
    r"""(?<!cu)bots?(?:[^a-z]|$)        # googlebot, bingbot/2.0, GPTBot; a CUBOT is a telephone
    | crawl | spider(?!man) | slurp | scrap(?:er|y)
    | archiver | ia_archive | fetcher | (?:link|url|site|feed|html|w3c_|css)[ _-]?(?:check|valid)
    | facebookexternalhit | facebookcatalog | meta-external | embedly | quora.link | outbrain
    | whatsapp/ | skypeuripreview | vkshare | bitlybot | redditbot | mastodon/
    | mediapartners-google | google-(?:read-aloud|site-verification|inspectiontool|extended)
    | adsbot | apis-google | feedfetcher | googleother | bingpreview | google\ favicon
    | baidu(?:spider|image) | sogou | yandex(?:images|metrika|direct|media|webmaster|favicons)
    | ahrefs | semrush | mj12 | majestic | sistrix | seokicks | netcraft | censys | zgrab | masscan
    | expanse | nmap | nikto | sqlmap | internetmeasurement
    | chatgpt-user | oai-search | claude-(?:web|user) | anthropic | perplexity | bytedance | ccbot
    | cohere-ai | diffbot
    | uptimerobot | pingdom | statusc | gtmetrix | lighthouse | site24x7 | nagios | check_http
    | zabbix | newrelicpinger | elb-healthchecker | googlehc | kube-probe | datadog | monitis
    | freshping | hetrixtools | catchpoint | panopta | montastic | monitor
    | nutch | heritrix | yahoo!\ | teoma | ask\ jeeves | exabot | gigablast | larbin | voyager/
    | feedly | feedburner | bloglovin | inoreader | newsblur | tiny\ tiny\ rss | universalfeedparser
    """,
    re.VERBOSE,
)


def is_bot(user_agent: str) -> bool:
    """Does the user agent name a crawler, a preview, a scanner or a monitor?"""
    return BOT.search(user_agent.lower()) is not None
