"""Mail, web hooks and the heartbeat as the config has them; it sends nothing by itself."""

from __future__ import annotations

from mtdata.alerts.dispatch import ESCALATION, MAIL, Post
from mtdata.alerts.hooks import HookPost, Manner, ping
from mtdata.alerts.mail import MailAccess, MailPost
from mtdata.alerts.mail_tokens import TokenSource
from mtdata.config import Settings
from mtdata.config.log import MailConfig


def posts_of(settings: Settings) -> dict[str, Post]:
    """The destinations, by the names under which messages wait for them."""
    manner = _manner(settings)
    keys = [one.get_secret_value() for one in settings.log.webhook_secrets]
    posts: dict[str, Post] = {
        f"hook {number}": HookPost(number, url.get_secret_value(), manner=manner, secrets=keys)
        for number, url in enumerate(settings.log.webhooks, 1)
    }
    if mail := settings.log.mail:
        access = _mail_access(mail, settings.log.ca)
        posts[MAIL] = MailPost(access, mail.to)
        if mail.escalate_to:
            posts[ESCALATION] = MailPost(access, mail.escalate_to)
    return posts


def heart_beat(settings: Settings, site: str, sign: str) -> None:
    """Tell the heartbeat service, where there is one; PostError when it cannot be told."""
    if url := settings.log.heartbeat_url:
        ping(url.get_secret_value(), site, sign, manner=_manner(settings))


def _manner(settings: Settings) -> Manner:
    return Manner(settings.log.ca, settings.log.agent)


def _mail_access(mail: MailConfig, ca: str) -> MailAccess:
    return MailAccess(
        host=mail.host,
        port=mail.at_port,
        tls=mail.tls,
        sender=mail.sender,
        user=mail.user,
        password=mail.password.get_secret_value(),
        timeout_s=mail.timeout_s,
        ca=ca,
        helo=mail.helo,
        tokens=TokenSource(mail.token_file, mail.token_command),
    )
