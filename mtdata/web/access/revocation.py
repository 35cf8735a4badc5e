"""What ends with an account, for good: tokens and sessions; whatever changes the account.

A session of who is shut out would open again with the account, and a token does not know the
password that it was made under.  So both are removed, and not only turned away.
"""

from __future__ import annotations

import logging
from typing import Any

from django.db.models.signals import post_save, pre_save

log = logging.getLogger(__name__)
USER = "auth.User"


def listen() -> None:
    """End tokens and sessions from now on when an account is shut or its password changed."""
    pre_save.connect(_look, sender=USER, dispatch_uid="mtdata.web.access.revocation")
    post_save.connect(_see_to, sender=USER, dispatch_uid="mtdata.web.access.revocation")


def _look(sender: Any, instance: Any, update_fields: Any = None, **more: Any) -> None:
    """What is kept before; a password that is only hashed anew comes as a field alone."""
    instance.before = None
    if instance.pk and (update_fields is None or "is_active" in update_fields):
        kept = sender.objects.filter(pk=instance.pk)
        instance.before = kept.values("password", "is_active").first()


def _see_to(sender: Any, instance: Any, **more: Any) -> None:
    before, instance.before = getattr(instance, "before", None), None
    if not before:
        return
    is_shut = before["is_active"] and not instance.is_active
    if is_shut or before["password"] != instance.password:
        revoke(instance, keeps_tokens=not is_shut and getattr(instance, "keeps_tokens", False))


def revoke(user: Any, *, keeps_tokens: bool = False) -> None:
    """End what this user has."""
    from django.contrib.auth import SESSION_KEY
    from django.contrib.sessions.models import Session

    from mtdata.web.models import Token

    mine = str(user.pk)
    over = [
        one.pk for one in Session.objects.iterator() if one.get_decoded().get(SESSION_KEY) == mine
    ]
    for session in over:
        Session.objects.filter(pk=session).delete()
    count = 0 if keeps_tokens else Token.objects.filter(user=user).delete()[0]
    log.info("%s: %d sessions and %d tokens have ended", user.get_username(), len(over), count)
