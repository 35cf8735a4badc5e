"""Lines as servers write them, with the hit that each becomes; and rules to read them by."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mtdata.weblogs.reader import Hits, LogReader, Rules

NEWEST = datetime(2024, 6, 1, tzinfo=UTC)
SITE = "https://www.example.org"
ALL = frozenset({"enable_static", "enable_bots", "enable_http_errors", "enable_http_redirects"})
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
ALWAYS = {"rec": 1, "apiv": 1, "idsite": 7, "dp": 1, "queuedtracking": 0, "bots": 1}


def rules(**how: Any) -> Rules:
    """Rules of site 7 in 2024, with what is given."""
    return Rules(**({"idsite": 7, "main_url": SITE, "newest": NEWEST} | how))


def read(block: bytes, **how: Any) -> Hits:
    """What becomes of a file of one block."""
    reader = LogReader(rules(**how))
    reader.detect(block)
    return reader.read(block, 1)


def requests(hits: Hits) -> list[dict[str, Any]]:
    """The hits without what all of them have."""
    read: list[dict[str, Any]] = []
    for request in hits.requests:
        told = json.loads(request.decode("ascii"))
        assert ALWAYS.items() <= told.items()
        read.append({name: value for name, value in told.items() if name not in ALWAYS})
    return read


def combined(
    target: str = "/",
    *,
    status: object = 200,
    agent: str = FIREFOX,
    ip: str = "192.0.2.7",
    date: str = "04/May/2024:13:55:36 +0200",
    referrer: str = "-",
    user: str = "-",
    request: str | None = None,
) -> bytes:
    """A line of the combined format."""
    asked = f"GET {target} HTTP/1.1" if request is None else request
    line = f'{ip} - {user} [{date}] "{asked}" {status} 512 "{referrer}" "{agent}"\n'
    return line.encode()


class Sample(NamedTuple):
    """A file of one format with one hit, behind its directives."""

    format: str
    file: str
    hit: dict[str, Any]


def hit(path: str = "/a.html", /, **more: Any) -> dict[str, Any]:
    """A hit of the usual client and moment."""
    url = path if "://" in path else SITE + path
    told = {"cip": "192.0.2.7", "cdt": "2024-05-04 11:55:36", "url": url, "ua": FIREFOX}
    return {name: value for name, value in (told | more).items() if value is not None}


AT, AT_UTC = "[04/May/2024:13:55:36 +0200]", "2024-05-04 11:55:36"
CLOUDFRONT = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) "
    "cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type "
    "x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for\n"
)
IIS = (
    "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n"
    "#Date: 2024-05-04 00:00:01\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query "
    "s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status "
    "sc-bytes time-taken\r\n"
)
ALB_TAIL = (
    "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:1:targetgroup/t/7 "
    '"Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:c" 1 '
    '2024-05-04T11:55:36.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"\n'
)
S3_HEAD = (
    "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be {bucket} "
    + AT
    + " 192.0.2.7 "
    "arn:aws:iam::1:user/x 3E57427F3EXAMPLE REST.GET.OBJECT photos/a.html "
)
S3_TAIL = (
    " - s9lzHYrFp76ZVxRcpX9+5cjAnEH2ROuNkd2BHfIa6UkFVdtjf5mKR3/eTPFvsiP/XV/VLi31234= SigV4 "
    "ECDHE-RSA-AES128-GCM-SHA256 AuthHeader bucket.s3.us-west-1.amazonaws.com TLSv1.2 - -\n"
)

SAMPLES = [
    Sample(
        "common",
        f'192.0.2.7 - frank {AT} "GET /a.html HTTP/1.1" 200 512\n',
        hit(ua="", uid="frank", bw_bytes=512),
    ),
    Sample(
        "common_vhost",
        f'www.example.com:80 192.0.2.7 - - {AT} "GET /a.html HTTP/1.1" 200 -\n',
        hit("https://www.example.com/a.html", ua=""),
    ),
    Sample("combined", combined("/a.html").decode(), hit(bw_bytes=512)),
    Sample(  # nginx's "main", with what was forwarded behind
        "combined",
        combined("/a.html?x=1&y=2", referrer="https://www.google.com/?q=\u00e9")
        .decode()
        .replace("\n", ' "203.0.113.9" 0.004\n'),
        hit("/a.html?x=1&y=2", urlref="https://www.google.com/?q=%C3%A9", bw_bytes=512),
    ),
    Sample(
        "combined_vhost",
        "blog.example.com:8080 " + combined("/a.html", ip="2001:db8::7").decode(),
        hit("https://blog.example.com:8080/a.html", cip="2001:db8::7", bw_bytes=512),
    ),
    Sample(
        "icecast2",
        combined("/live.ogg").decode().replace("\n", " 3600\n"),
        hit("/live.ogg", download=f"{SITE}/live.ogg", bw_bytes=512),
    ),
    Sample(
        "gandi",
        "www.example.com " + combined("/a.html").decode().replace(' "GET', ' (2 s) "GET'),
        hit("https://www.example.com/a.html", pf_srv=2000, bw_bytes=512),
    ),
    Sample(
        "s3",
        S3_HEAD.format(bucket="photos.example.net")
        + f'"GET /a.html?versionId=x HTTP/1.1" 200 - 113 113 7 6 "-" "{FIREFOX}"{S3_TAIL}',
        hit("https://photos.example.net/a.html?versionId=x", pf_srv=7, bw_bytes=113),
    ),
    Sample(
        "s3",
        S3_HEAD.format(bucket="bucket1")
        + f'"GET /bucket1/a.html HTTP/1.1" 200 - - 113 - - "-" "{FIREFOX}"{S3_TAIL}',
        hit("/bucket1/a.html"),
    ),
    Sample(
        "elb",
        "2024-05-04T11:55:36.943958Z my-lb 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 "
        f'200 200 0 29 "GET http://www.example.com:80/a.html HTTP/1.1" "{FIREFOX}" - -\n',
        hit("http://www.example.com/a.html", pf_srv=1, bw_bytes=29),
    ),
    Sample(
        "elb",
        "h2 2024-05-04T11:55:36.186641Z app/my-lb/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:80 "
        "0.086 0.048 0.037 200 200 0 57 "
        f'"GET https://www.example.com:443/a.html?y=1 HTTP/2.0" "{FIREFOX}" {ALB_TAIL}',
        hit("https://www.example.com/a.html?y=1", pf_srv=48, bw_bytes=57),
    ),
    Sample(  # no target: a fixed answer of the balancer's, to a client with IPv6
        "elb",
        "https 2024-05-04T11:55:36.186641Z app/my-lb/50dc6c495c0c9188 [2001:db8::7]:2817 - "
        f'-1 -1 -1 200 - 0 57 "GET https://www.example.com:8443/ HTTP/1.1" "{FIREFOX}" {ALB_TAIL}',
        hit("https://www.example.com:8443/", cip="2001:db8::7", bw_bytes=57),
    ),
    Sample(
        "elb",
        "http 2024-05-04T11:55:36Z app/my-lb/50dc6c495c0c9188 2001:db8::7:2817 - "
        f'-1 -1 -1 200 - 0 57 "GET http://www.example.com:80/ HTTP/1.1" "{FIREFOX}" {ALB_TAIL}',
        hit("http://www.example.com/", cip="2001:db8::7", bw_bytes=57),
    ),
    Sample(
        "haproxy",
        "May  4 13:55:36 localhost haproxy[14389]: 192.0.2.7:33317 [04/May/2024:11:55:36.655] "
        "http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "
        '"GET /a.html?say="x" HTTP/1.1"\n',
        hit("/a.html?say=%22x%22", ua="", pf_srv=109, bw_bytes=2750),
    ),
    Sample(
        "nginx_json",
        '{"ip": "192.0.2.7","host": "www.example.com","path": "/a.html?x=1","status": "200",'
        f'"referrer": "-","user_agent": "{FIREFOX}","length": 99,"generation_time_milli": 0.005,'
        '"date": "2024-05-04T13:55:36+02:00"}\n',
        hit("https://www.example.com/a.html?x=1", pf_srv=5, bw_bytes=99),
    ),
    Sample(  # nginx's own names, and its way to write a byte
        "nginx_json",
        '{"remote_addr":"192.0.2.7","request":"GET /a\\xC3\\xA9 HTTP/1.1","status":200,'
        '"body_bytes_sent":99,"http_referer":"","http_user_agent":"caf\\u00e9 \\ud83d\\ude00",'
        '"request_time":"0.012","time_local":"04/May/2024:13:55:36 +0200"}\n',
        hit("/a%C3%A9", ua="caf\u00e9 \U0001f600", pf_srv=12, bw_bytes=99),
    ),
    Sample(
        "traefik_json",
        '{"ClientAddr":"192.0.2.7:1234","ClientHost":"192.0.2.7","ClientUsername":"-",'
        '"DownstreamContentSize":123,"DownstreamStatus":200,"Duration":12345678,'
        '"RequestHost":"www.example.com","RequestMethod":"GET","RequestPath":"/a.html",'
        f'"level":"info","msg":"","request_User-Agent":"{FIREFOX}",'
        '"time":"2024-05-04T11:55:36Z"}\n',
        hit("https://www.example.com/a.html", pf_srv=12, bw_bytes=123),
    ),
    Sample(
        "caddy_json",
        '{"level":"info","ts":1714823736.5241024,"logger":"http.log.access","msg":"handled",'
        '"request":{"remote_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET",'
        f'"host":"www.example.com","uri":"/a.html","headers":{{"User-Agent":["{FIREFOX}"]}}}},'
        '"user_id":"","duration":0.0029,"size":10900,"status":200,"resp_headers":{}}\n',
        hit("https://www.example.com/a.html", pf_srv=2, bw_bytes=10900),
    ),
    Sample(
        "amazon_cloudfront",
        CLOUDFRONT
        + "2024-05-04\t11:55:36\tFRA2\t182\t192.0.2.7\tGET\td111111abcdef8.cloudfront.net\t"
        "/my%2520file.html\t200\thttps://www.google.com/\tMozilla/4.0%2520(compatible;%2520MSIE%2520"
        "5.0b1)\ta=b%2520c\t-\tHit\tMRVM\twww.example.com\thttps\t-\t0.001\t-\n",
        hit(
            "https://www.example.com/my%20file.html?a=b%20c",
            ua="Mozilla/4.0 (compatible; MSIE 5.0b1)",
            urlref="https://www.google.com/",
            pf_srv=1,
            bw_bytes=182,
        ),
    ),
    Sample(
        "iis",
        IIS + "2024-05-04 11:55:36 10.0.0.1 GET /a.aspx id=1 443 CORP\\anna 192.0.2.7 "
        "Mozilla/5.0+(Windows) https://www.google.com/?q=a+b 200 0 0 512 15\r\n",
        hit(
            "/a.aspx?id=1",
            ua="Mozilla/5.0 (Windows)",
            uid="CORP\\anna",
            urlref="https://www.google.com/?q=a+b",
            pf_srv=15,
            bw_bytes=512,
        ),
    ),
    Sample(  # the day stands in a directive alone, and a value in quotes
        "w3c_extended",
        "#Version: 1.0\n#Date: 2024-05-04 00:00:00\n#Fields: time c-ip cs-method cs-uri-stem "
        'sc-status cs(User-Agent) time-taken\n11:55:36 192.0.2.7 GET /a.html 200 "My agent" 0.25\n',
        hit(ua="My agent", pf_srv=250),
    ),
    Sample(
        "incapsula_w3c",
        "#Software: Incapsula LOGS API\n#Version: 1.1\n#Fields: date time cs-vid cs-clapp c-ip "
        "cs(User-Agent) cs-uri cs-uri-query sc-status cs-bytes\n"
        '"2024-05-04" "11:55:36" "1" "Firefox" "192.0.2.7" "My agent" "/a.html" "x=1" "200" ""\n',
        hit("/a.html?x=1", ua="My agent"),
    ),
    Sample(
        "shoutcast",
        "192.0.2.7 192.0.2.7 2024-05-04 11:55:36 /stream?title=X 200 NSPlayer/10.0 12345 60 1000\n",
        hit("/stream?title=X", ua="NSPlayer/10.0", bw_bytes=12345),
    ),
]
"""A new format is a line in the table, and one here."""
