"""Who may log in: entered here with a role; passwords are Django's business."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from mtdata.errors import UsageError
from mtdata.records.asking import asking, whole
from mtdata.web.roles import Role


def may_be(name: str) -> None:
    """UsageError when nobody can have that name."""
    try:
        User._meta.get_field("username").clean(name, None)
    except ValidationError as error:
        raise UsageError(f"{name[:64]!a} is no name: {' '.join(error.messages)}") from error


def put(name: str, password: str, role: str) -> bool:
    """Enter a user, or give the one of that name this password and role; whether it is new."""

    def move() -> bool:
        user = User.objects.filter(username=name).first()
        is_new = user is None
        user = user or User(username=name)
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise UsageError(f"that password is refused: {' '.join(error.messages)}") from error
        user.set_password(password)
        user.is_active = True
        user.is_staff = user.is_superuser = role == Role.ADMIN.group
        user.save()
        user.groups.set(Group.objects.filter(name=role))
        return is_new

    return whole(move)


def found(name: str) -> User:
    """Who has that name and may log in.  UsageError when there is nobody."""
    may_be(name)
    with asking():
        user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise UsageError(f"nobody who may log in is called {name}; call `mtdata user add`")
    return user
