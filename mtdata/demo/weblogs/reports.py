"""The reporting API of the stand-in for Matomo: who may ask, and the answers; it counts nothing."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from mtdata.demo.weblogs.accounts import MatomoAccounts
from mtdata.demo.weblogs.archives import MatomoArchives
from mtdata.demo.weblogs.php import php_int
from mtdata.demo.weblogs.settings import MatomoSettings, MatomoToken, MatomoWebsite
from mtdata.demo.weblogs.tracking import PLAIN_JSON
from mtdata.demo.wire import HTML, Call, WireAnswer, compact, whole

NOBODY = MatomoToken()
WRONG_TOKEN = (
    "Unable to authenticate with the provided token. It is either invalid, expired or is required "
    "to be sent as a POST parameter."
)
LOCKED_OUT = (
    "Too many failed logins. You are currently not allowed to log in because too many login "
    "attempts failed from your IP address. Please try again later."
)
VISITS_FIGURES = (
    "nb_uniq_visitors nb_users nb_visits nb_actions bounce_count sum_visit_length max_actions"
).split()
ACTION_FIGURES = "nb_pageviews nb_downloads nb_outlinks nb_searches".split()


class ApiRefused(Exception):
    """What is answered instead: an HTTP status, and a message."""

    def __init__(self, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.status = status


class _AccessRefused(ApiRefused):
    """Whose words are HTML where the format stands in no URL: nothing of the API ran yet."""


Parameters = Mapping[str, str]


class MatomoReports:
    """Answers /index.php?module=API, by GET or form; JSON alone, and periods of a day."""

    def __init__(
        self,
        settings: MatomoSettings,
        accounts: MatomoAccounts,
        archives: MatomoArchives,
    ) -> None:
        self._settings, self._accounts, self._archives = settings, accounts, archives
        self._methods: dict[str, Callable[[Parameters, MatomoToken], Any]] = {
            "API.getMatomoVersion": self._version,
            "SitesManager.getSiteFromId": self._site,
            "SitesManager.getSiteUrlsFromId": self._site_urls,
            "SitesManager.getExcludedIpsGlobal": self._excluded_ips,
            "SitesManager.getExcludedUserAgentsGlobal": self._excluded_user_agents,
            "SitesManager.getExcludedQueryParametersGlobal": self._excluded_parameters,
            "VisitsSummary.get": self._visits,
            "Actions.get": self._actions,
        }

    def answer(self, call: Call) -> WireAnswer:
        """Carry a call out."""
        params = call_parameters(call)
        if self._settings.maintenance_mode:
            return whole(b"<html><body><h1>Maintenance in progress</h1></body></html>", HTML, 503)
        if params.get("module") != "API":
            return whole(b"<html><head><title>Sign in - Matomo</title></head></html>", HTML)
        try:
            return self._served(params, self._token(call, params))
        except _AccessRefused as refused:
            if "format" in dict(parse_qsl(call.query)):
                return _refusal(refused)
            page = f"<html><body><h3>{html.escape(str(refused))}</h3></body></html>"
            return whole(page.encode(), HTML, refused.status)
        except ApiRefused as refused:
            return _refusal(refused)

    def _token(self, call: Call, params: Parameters) -> MatomoToken:
        """Who asks; a token that stands in the URL is not sent securely."""
        if not self._settings.database_up:
            raise _AccessRefused("SQLSTATE[HY000] [2002] Connection refused", 500)
        token = params.get("token_auth", "")
        if not token:
            return NOBODY
        if self._accounts.locked:
            raise _AccessRefused(LOCKED_OUT, 500)
        known = self._accounts.find(token, secure="token_auth" not in dict(parse_qsl(call.query)))
        if known is None:
            self._accounts.fail()
            raise _AccessRefused(WRONG_TOKEN, 401)
        return known

    def _served(self, params: Parameters, token: MatomoToken) -> WireAnswer:
        method = params.get("method", "")
        if method == "CoreAdminHome.runCronArchiving":
            if not token.super_user:
                raise _no_access("superuser")
            return whole(self._archives.run().log.encode(), PLAIN_JSON)
        if method not in self._methods:
            raise ApiRefused(f"The method '{method}' does not exist or is not available.", 400)
        if params.get("format", "").lower() != "json":
            raise ApiRefused("This stand-in speaks format=json alone.")
        return whole(compact(self._methods[method](params, token)), PLAIN_JSON)

    # Methods

    def _version(self, params: Parameters, token: MatomoToken) -> Any:
        if not (token.super_user or token.rights):
            raise _no_access("view")
        return {"value": self._settings.version}

    def _website(self, params: Parameters, token: MatomoToken) -> MatomoWebsite:
        if not params.get("idSite"):
            raise ApiRefused("Please specify a value for 'idSite'.")
        idsite = php_int(params["idSite"]) or 0
        if not token.may_view(idsite):
            raise _no_access("view", idsite)
        website = self._settings.websites.get(idsite)
        if website is None:
            unexpected = "An unexpected website was found in the request: website id was set to"
            raise ApiRefused(f"{unexpected} '{idsite}' .")
        return website

    def _site(self, params: Parameters, token: MatomoToken) -> Any:
        website = self._website(params, token)
        return {
            "idsite": website.idsite,
            "name": website.name,
            "main_url": website.main_url,
            "ts_created": f"{website.ts_created:%Y-%m-%d %H:%M:%S}",
            "ecommerce": 0,
            "sitesearch": int(website.sitesearch),
            "sitesearch_keyword_parameters": website.sitesearch_keyword_parameters,
            "sitesearch_category_parameters": "",
            "timezone": website.timezone,
            "currency": "USD",
            "exclude_unknown_urls": int(website.exclude_unknown_urls),
            "excluded_ips": website.excluded_ips,
            "excluded_parameters": website.excluded_parameters,
            "excluded_user_agents": website.excluded_user_agents,
            "excluded_referrers": "",
            "group": "",
            "type": "website",
            "keep_url_fragment": 0,
            "timezone_name": website.timezone,
            "currency_name": "US Dollar",
        }

    def _site_urls(self, params: Parameters, token: MatomoToken) -> Any:
        website = self._website(params, token)
        return [website.main_url, *website.alias_urls]

    def _excluded_ips(self, params: Parameters, token: MatomoToken) -> Any:
        return _global_list(token, self._settings.excluded_ips)

    def _excluded_user_agents(self, params: Parameters, token: MatomoToken) -> Any:
        return _global_list(token, self._settings.excluded_user_agents)

    def _excluded_parameters(self, params: Parameters, token: MatomoToken) -> Any:
        return _global_list(token, self._settings.excluded_parameters)

    def _report(self, params: Parameters, token: MatomoToken) -> dict[str, int]:
        website = self._website(params, token)
        if params.get("period") != "day":
            raise ApiRefused("This stand-in knows period=day alone.")
        return self._archives.report(website.idsite, self._day(params, website))

    def _day(self, params: Parameters, website: MatomoWebsite) -> date:
        text, today = params.get("date", ""), self._archives.today(website.idsite)
        if text in ("today", "yesterday"):
            return today - timedelta(days=text == "yesterday")
        try:
            return datetime.strptime(text, "%Y-%m-%d").date()
        except ValueError:
            form = "'YYYY-MM-DD', 'today' or 'yesterday'"
            raise ApiRefused(f"Date format must be: {form} ({text}).") from None

    def _visits(self, params: Parameters, token: MatomoToken) -> Any:
        report = self._report(params, token)
        visits = report["nb_visits"]
        return {name: report[name] for name in VISITS_FIGURES} | {
            "bounce_rate": f"{round(100 * report['bounce_count'] / visits) if visits else 0}%",
            "nb_actions_per_visit": round(report["nb_actions"] / visits, 1) if visits else 0,
            "avg_time_on_site": round(report["sum_visit_length"] / visits) if visits else 0,
        }

    def _actions(self, params: Parameters, token: MatomoToken) -> Any:
        report = self._report(params, token)
        return {name: report[name] for name in ACTION_FIGURES}


def call_parameters(call: Call) -> dict[str, str]:
    """The parameters of a call, the URL's before the form's, as Matomo adds them up."""
    form = parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(form) | dict(parse_qsl(call.query, keep_blank_values=True))


def _global_list(token: MatomoToken, listed: str) -> Any:
    if not token.is_admin:
        raise _no_access("admin")
    return {"value": listed or False}


def _no_access(needed: str, idsite: int | None = None) -> ApiRefused:
    where = "at least one website" if idsite is None else f"the website id = {idsite}"
    message = f"You can't access this resource as it requires '{needed}' access for {where}."
    return ApiRefused(message, 401)


def _refusal(refused: ApiRefused) -> WireAnswer:
    body = compact({"result": "error", "message": str(refused)})
    return whole(body, PLAIN_JSON, refused.status)
