"""Who may log in, with which role: entered and changed here; passwords are Django's business.

A role is a group, and nothing else gives one.  Somebody who may administer is always left.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from mtdata.config.address import read_address
from mtdata.core.errors import UsageError
from mtdata.jobs.records.asking import asking, whole
from mtdata.web.access.roles import Role, is_guest
from mtdata.web.models import Guest


def folded(name: str) -> str:
    """The name as it is kept, in the one form that every form of ours makes of it (NFKC)."""
    return str(User.normalize_username(name))


def may_be(name: str) -> None:
    """UsageError when nobody can have that name."""
    try:
        User._meta.get_field("username").clean(folded(name), None)
    except ValidationError as error:
        raise UsageError(f"{name[:64]!a} is no name: {' '.join(error.messages)}") from error


def put(name: str, password: str, role: str, *, new: bool = False) -> bool:
    """Enter a user, or give the one of that name this password and role; whether it is new.

    With `new` one who is there is refused.  UsageError for a name or password that will not do.
    """

    def move() -> tuple[Any, bool]:
        user = User.objects.select_for_update().filter(username=folded(name)).first()
        if user is not None and user.username != folded(name):
            raise UsageError(
                f"the database of the records cannot tell {folded(name)} from "
                f"{user.get_username()}, who is there already: choose another name"
            )
        is_new = user is None
        if user is not None and new:
            raise UsageError(f"{folded(name)} is there already")
        user = user or User(username=folded(name))
        if not is_new and role != Role.ADMIN.group:
            keep_an_admin([user])
        _set_password(user, password)
        user.is_active = True
        user.save()
        user.groups.set(Group.objects.filter(name=role))
        return user, is_new

    return whole(move, patient=False, stands=lambda made: _has_password(made[0]))[1]


def _has_password(user: Any) -> bool:
    """Whether it was kept: no other is hashed to the same word."""
    return User.objects.filter(pk=user.pk, password=user.password).exists()


def enter_without_password(name: str, role: str) -> Any:
    """Somebody whom another web server lets in; there is no password of theirs to know.

    Who came twice at once is entered once; None where the database takes another's name for this.
    """

    def move() -> Any:
        user = User(username=name)
        user.set_unusable_password()
        user.save()
        user.groups.set(Group.objects.filter(name=role))
        return user

    try:
        return whole(move, patient=False)
    except IntegrityError:  # the same person came twice at once
        return user_by(username=name)


def _set_password(user: Any, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UsageError(f"that password is refused: {' '.join(error.messages)}") from error
    user.set_password(password)


def give_password(user: Any, password: str) -> None:
    """Reset it: what there was under the old one ends."""
    _set_password(user, password)
    keep_password(user)


def keep_password(user: Any, known: str | None = None) -> None:
    """Keep the one that this user has been given, and nothing else of what was read of them.

    `known` is how it was kept when its owner told the old one: UsageError where that is so no
    longer, or the account was shut meanwhile.
    """

    def move() -> None:
        kept = User.objects.select_for_update().get(pk=user.pk)
        if known is not None and not (kept.is_active and kept.password == known):
            raise UsageError("the account was changed by somebody else just now; log in again")
        kept.password, kept.keeps_tokens = user.password, getattr(user, "keeps_tokens", False)
        kept.save()

    whole(move, patient=False)


def give_role(user: Any, role: str) -> None:
    """Give a user that role and no other."""

    def move() -> None:
        if role != Role.ADMIN.group:
            keep_an_admin([user])
        user.groups.set(Group.objects.filter(name=role))

    whole(move, patient=False)


def shut(user: Any) -> None:
    """They may not log in any more; tokens and sessions end for good."""

    def move() -> None:
        keep_an_admin([user])
        _keep_open(user, is_open=False)

    whole(move, patient=False)


def let_in(user: Any) -> None:
    """They may log in again; what has ended stays ended."""
    whole(lambda: _keep_open(user, is_open=True), patient=False)


def _keep_open(user: Any, *, is_open: bool) -> None:
    """Keep that alone: what was read of them may have been changed meanwhile; in a transaction."""
    kept = User.objects.select_for_update().get(pk=user.pk)
    kept.is_active = user.is_active = is_open
    kept.save()


def keep_an_admin(leaving: Iterable[Any]) -> None:
    """UsageError where without these users nobody could administer; in a transaction."""
    # no join: not every database locks rows of one
    in_group = User.groups.through.objects.filter(group__name=Role.ADMIN.group).values("user")
    able = User.objects.select_for_update().filter(is_active=True, pk__in=in_group)
    able = able.exclude(pk__in=Guest.objects.values("user"))
    admins = {user.pk for user in able.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)}
    gone = {user.pk for user in leaving}
    if admins & gone and not admins - gone:
        raise UsageError("nobody else could administer: make another admin first")


def login_user(name: str) -> User:
    """Who has that name and may log in.  UsageError when there is nobody."""
    may_be(name)
    user = _called(name)
    if user is None or not user.is_active:
        raise UsageError(f"nobody who may log in is called {folded(name)}; call `mtdata user add`")
    return user


def user_named(name: str) -> User:
    """Who has that name, a guest's too, and whether they may log in or not.

    UsageError where there is none.
    """
    user = _called(name)
    if user is None:
        raise UsageError(f"nobody is called {folded(name)[:64]!a}")
    return user


def _called(name: str) -> Any:
    """A name from before it was folded is found as well."""
    return user_by(username=folded(name)) or user_by(username=name)


def user_by(**known: Any) -> Any:
    """The user of whom this is known, a guest or not; None when there is none.

    One whose name a database only takes for the same, as MariaDB does José for jose, is another.
    """
    with asking():
        found = User.objects.select_related("guest").filter(**known).first()
    name = known.get("username")
    return None if found is not None and name not in (None, found.username) else found


def with_role(user: Any) -> str:
    """The role of a user in words, whether they may log in or not."""
    if is_guest(user):
        return "guest"
    names = {group.name for group in user.groups.all()}
    return next((role.group for role in reversed(Role) if role.group in names), "none")


def everyone() -> list[dict[str, Any]]:
    """Name, role and whether they may log in, by name."""
    with asking():
        of_name = User.objects.select_related("guest").prefetch_related("groups")
        return [
            {"name": user.get_username(), "role": with_role(user), "active": user.is_active}
            for user in of_name.order_by("username")
        ]


def mailbox_of(typed: str) -> str:
    """The mailbox of a mail address; '' for what is none."""
    try:
        return read_address(typed).mailbox
    except ValueError:
        return ""
