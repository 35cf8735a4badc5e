"""What `mtdata check` looks at beyond the sites: accounts of CAKE, daily reports, who is told."""

from __future__ import annotations

from mtdata.alerts import notify
from mtdata.cake.daily_reports import plan_of
from mtdata.config import Settings
from mtdata.config.export import CakeConfig
from mtdata.core.checks import Finding, of_program
from mtdata.core.clock import SystemClock
from mtdata.core.disclosure import host_told
from mtdata.core.errors import BusyError, MTDataError, PostError


def check_account(settings: Settings, account: CakeConfig) -> list[Finding]:
    """Ask an account of export.config once, and put a probe into its output; at most a minute."""
    return [_check_instance(settings, account), _check_output(account)]


def _check_instance(settings: Settings, account: CakeConfig) -> Finding:
    from mtdata.cake import check  # a round of a site knows nothing of reports

    what = "ADMIN_DOMAIN"
    try:
        told = check.ask(settings.home, account)
    except BusyError:
        busy = f"{account.admin_domain}: it is asked by others at this moment, so it was not tried"
        return Finding(account.name, what, "odd", busy)
    except MTDataError as error:
        return Finding(account.name, what, "bad", str(error), error.exit_code)
    return Finding(account.name, what, "good", told)


def _check_output(account: CakeConfig) -> Finding:
    from mtdata.cake import check

    try:
        told = check.put(account)
    except MTDataError as error:
        return Finding(account.name, "OUTPUT", "bad", str(error), error.exit_code)
    return Finding(account.name, "OUTPUT", "good", told)


def check_news(settings: Settings, *, send: bool) -> list[Finding]:
    """Whom the config tells, or with `send` what became of a test to each of them."""
    terms = settings.log
    if send:
        found = [_check_post(one) for one in notify.try_out(settings)]
        return found or [of_program("MAIL", "bad", "neither MAIL nor WEBHOOKS is configured", 78)]
    if terms.mail is None and not terms.webhooks:
        return [of_program("MAIL", "odd", "nobody is told: MAIL in log.config, or WEBHOOKS")]
    found = []
    if mail := terms.mail:
        whom = f"{len(mail.to)} addresses, {len(mail.escalate_to)} for what lasts"
        where = f"{host_told(mail.host)}:{mail.at_port}, TLS {mail.tls}"
        told = f"{where}, to {whom}; --mail sends a test"
        found.append(of_program("MAIL", "good" if mail.tls != "none" else "odd", told))
    if terms.webhooks:
        found.append(of_program("WEBHOOKS", "good", f"{len(terms.webhooks)}; --mail sends a test"))
    return found


def check_reports(settings: Settings) -> list[Finding]:
    """When the next daily reports of an account are due, asking nobody."""
    now = SystemClock().now()
    found = []
    for account in settings.export.cake:
        if plan := plan_of(account):
            local = plan.next_at(now).astimezone(account.timezone).isoformat(timespec="minutes")
            found.append(of_program(f"CAKE {account.name}", "good", f"daily reports: next {local}"))
    return found


def _check_post(one: notify.DeliveryTrial) -> Finding:
    if one.fault:
        return of_program(one.destination, "bad", str(one.fault), one.fault.exit_code)
    if one.odd:
        return of_program(one.destination, "bad", one.odd, PostError.exit_code)
    return of_program(one.destination, "good", "took the test")
