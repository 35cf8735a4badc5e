"""The commands of the web page: serve it, and let somebody in; loaded when they are called."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import Any

from mtdata.cli.sites import Result, recorded, settings_of, with_records
from mtdata.cli.tables import note, say
from mtdata.cli.words import filled
from mtdata.core.errors import UsageError
from mtdata.duties import KINDS
from mtdata.web.needs import need_web

WEB = """examples:
  mtdata web                       http://127.0.0.1:8080/, for this machine alone
  mtdata web --port 0              at a free port; it says which
  mtdata web --host 0.0.0.0        beyond this machine; put a web server with TLS in front of it

Where systemd opened a socket for it (systemd/mtdata-web.socket), it listens there instead.

Nobody can log in before `mtdata user add NAME --admin`.  ALLOWED_HOSTS in programme.config names
the hosts by which it may be asked for.
"""
USER = """examples:
  mtdata user add anna                     may look (a viewer)
  mtdata user add boris --operator         may order, stop, and download too
  mtdata user add carla --admin            may do everything
  mtdata user add anna --operator < FILE   the first line of standard input is the password

Called again for a name that is there, it gives that user a new password and that role; what there
was under the old one, sessions and tokens, ends.  One name may be typed in several forms (NFKC).
"""
GONE = """examples:
  mtdata user remove anna          may not log in any more; sessions and tokens end for good

The last admin is not removed.  `mtdata user add anna` lets the same user in again.
"""
KEYS = """examples:
  mtdata user tokens anna                which tokens there are, by number
  mtdata user tokens anna --remove 7     that one opens nothing from now on
"""
KEY = """examples:
  mtdata user token prom --scope viewer            for a monitoring that reads /metrics
  mtdata user token anna --scope operator --days 30 > FILE

The token is printed this once, alone on its line; only its digest is kept.  It may do what both its
scope and the user's role allow.  The user sees it at /account/ and removes it there, or you do by
`mtdata user tokens NAME --remove N`.  It ends with the account, and when the password is reset.
"""
FACTOR = """examples:
  mtdata user factor anna            whether a code is asked for beside the password
  mtdata user factor anna --remove   for who lost the app and the recovery codes

People set it up at /account/, and a new password leaves it as it is.  ADMINS_NEED_CODE in
programme.config wants one of every admin.
"""
MOST_PASSWORD, MOST_DAYS = 1024, 3650


def add_commands(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Enter this room's commands."""
    web = commands.add_parser("web", parents=[shared], help="the web page and its API", epilog=WEB)
    web.add_argument("--host", type=filled, default="127.0.0.1")
    web.add_argument("--port", type=int, default=8080)
    web.set_defaults(run=_web)
    user = commands.add_parser("user", parents=[shared], help="who may log in", epilog=USER)
    orders = user.add_subparsers(dest="order", metavar="ORDER", required=True)
    add = orders.add_parser("add", parents=[shared], help="let somebody in", epilog=USER)
    add.add_argument("name", metavar="NAME")
    role = add.add_mutually_exclusive_group()
    role.add_argument("--operator", dest="role", action="store_const", const="operator")
    role.add_argument("--admin", dest="role", action="store_const", const="admin")
    add.set_defaults(run=_add_user, role="viewer")
    token = orders.add_parser("token", parents=[shared], help="a key to the API", epilog=KEY)
    token.add_argument("name", metavar="NAME")
    token.add_argument("--scope", choices=["viewer", "operator", "admin"], required=True)
    token.add_argument("--days", type=int, default=365, help="so long it opens something")
    token.set_defaults(run=_add_token)
    keys = orders.add_parser("tokens", parents=[shared], help="keys of somebody", epilog=KEYS)
    keys.add_argument("name", metavar="NAME")
    keys.add_argument("--remove", type=int, metavar="N", help="by its number")
    keys.set_defaults(run=_tokens)
    gone = orders.add_parser("remove", parents=[shared], help="shut somebody out", epilog=GONE)
    gone.add_argument("name", metavar="NAME")
    gone.set_defaults(run=_remove_user)
    factor = orders.add_parser(
        "factor", parents=[shared], help="the code beside a password", epilog=FACTOR
    )
    factor.add_argument("name", metavar="NAME")
    factor.add_argument("--remove", action="store_true", help="the password alone opens again")
    factor.set_defaults(run=_factor)
    everyone = orders.add_parser("list", parents=[shared], help="who there is")
    everyone.set_defaults(run=_list_users)


def _web(options: argparse.Namespace) -> Result:
    need_web()
    from mtdata.core.systemd import Notifier, take_sockets
    from mtdata.web.serve import serve, server_of

    if not 0 <= options.port <= 65535:
        raise UsageError("--port takes a number from 0 to 65535")
    settings = with_records(recorded(options))
    sockets, systemd = take_sockets(), Notifier()
    server = server_of(
        settings, KINDS, options.host, options.port, sockets=sockets, beat=systemd.alive
    )
    place = server.effective_host if sockets else options.host.strip("[]")
    host = f"[{place}]" if ":" in place else place
    url = f"http://{host}:{server.effective_port}{settings.programme.path_prefix}/"
    note(f"mtdata: {url}")
    systemd.status(f"listens at {url}")
    serve(server, systemd)
    return 0, {"exit": 0}


def _open(options: argparse.Namespace) -> None:
    """Make the models of users ready."""
    need_web()
    from mtdata.web.setting import open_web

    open_web(with_records(settings_of(options)), KINDS)


def _add_user(options: argparse.Namespace) -> Result:
    _open(options)
    from mtdata.web.access import users

    users.may_be(options.name)
    is_new = users.put(options.name, _password(), options.role)
    name = users.folded(options.name)
    if not options.json:
        say(f"{name} {'is' if is_new else 'is still there, now'} {options.role}")
    return 0, {"name": name, "role": options.role, "new": is_new}


def _add_token(options: argparse.Namespace) -> Result:
    if not 1 <= options.days <= MOST_DAYS:
        raise UsageError(f"--days takes a whole number from 1 to {MOST_DAYS}")
    _open(options)
    from mtdata.web.access import tokens, users
    from mtdata.web.access.roles import Role, role_of

    user = users.login_user(options.name)
    scope = Role[options.scope.upper()]
    name = user.get_username()
    if role_of(user) < scope:
        raise UsageError(f"{name} is {role_of(user).group}; the scope goes beyond that")
    word = tokens.make(user, "by the command line", scope, options.days)
    if not options.json:
        say(word)
    return 0, {"name": name, "scope": options.scope, "token": word}


def _tokens(options: argparse.Namespace) -> Result:
    _open(options)
    from mtdata.web.access import tokens, users

    user = users.user_named(options.name)
    if options.remove is not None:
        if not tokens.remove(user, options.remove):
            raise UsageError(f"{user.get_username()} has no token {options.remove}")
        if not options.json:
            say(f"token {options.remove} of {user.get_username()} opens nothing any more")
        return 0, {"name": user.get_username(), "removed": options.remove}
    shown = [_token_line(one) for one in tokens.tokens_of(user)]
    if not options.json:
        for one in shown:
            say(" ".join(str(one[word] or "-") for word in COLUMNS))
    return 0, {"name": user.get_username(), "tokens": shown}


COLUMNS = ("number", "scope", "name", "made_at", "ends_at", "used_at")


def _token_line(token: Any) -> dict[str, Any]:
    words = {"number": token.pk, "name": token.name, "scope": token.scope}
    for word in ("made_at", "ends_at", "used_at"):
        moment = getattr(token, word)
        words[word] = moment.isoformat(timespec="seconds") if moment else None
    return words


def _remove_user(options: argparse.Namespace) -> Result:
    _open(options)
    from mtdata.web.access import users

    user = users.user_named(options.name)
    users.shut(user)
    if not options.json:
        say(f"{user.get_username()} may not log in any more")
    return 0, {"name": user.get_username(), "active": False}


def _factor(options: argparse.Namespace) -> Result:
    _open(options)
    from mtdata.web.access import second_factor, users

    user = users.user_named(options.name)
    name, had = user.get_username(), second_factor.is_on(user)
    if options.remove and not second_factor.remove(user):
        raise UsageError(f"no code is asked for of {name}; nothing was changed")
    is_on = had and not options.remove
    if not options.json:
        say(f"{name} logs in {'with a code' if is_on else 'by the password alone'}")
    left = second_factor.recovery_codes_left(user)
    return 0, {"name": name, "factor": is_on, "recovery_codes": left}


def _list_users(options: argparse.Namespace) -> Result:
    _open(options)
    from mtdata.web.access import users

    shown = users.everyone()
    if not options.json:
        for one in shown:
            say(f"{one['name']} {one['role']} {'active' if one['active'] else 'shut'}")
    return 0, {"users": shown}


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline(MOST_PASSWORD).rstrip("\n")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise UsageError("the two differ; nothing was changed")
    return first
