"""Who may do what: roles are groups of users; it asks nobody to log in."""

from __future__ import annotations

from enum import IntEnum
from typing import Any


class Role(IntEnum):
    """Each may do what the ones below it may."""

    ANYONE = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3

    @property
    def group(self) -> str:
        """The name of the group whose users have it."""
        return self.name.lower()


def role_of(user: Any) -> Role:
    """The highest role of a user; ANYONE for one who is not logged in or is in no group.

    For one who came with a token never beyond its scope, nor for anybody beyond `most`
    (`identity`); both stand on the user from there on.
    """
    if not user.is_authenticated or not user.is_active:
        return Role.ANYONE
    most = getattr(user, "scope", Role.ADMIN), getattr(user, "most", Role.ADMIN)
    return min(_of_groups(user), *most)


def is_guest(user: Any) -> bool:
    """Whether it is a user by the word of somebody else's service, who gets at its jobs alone."""
    return getattr(user, "guest", None) is not None


def _of_groups(user: Any) -> Role:
    if is_guest(user):  # whatever groups somebody puts them in
        return Role.OPERATOR
    names = set(user.groups.values_list("name", flat=True))
    return max((role for role in Role if role.group in names), default=Role.ANYONE)
