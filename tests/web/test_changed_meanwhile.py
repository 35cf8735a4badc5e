"""An account that two change at once: what one was told is done stays done."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.jobs.place import Place

CHILD = """
import json, sys
from pathlib import Path
from mtdata.config import load
from mtdata.duties import KINDS
from mtdata.web.setting import open_web
from django.contrib.auth.hashers import PBKDF2PasswordHasher
PBKDF2PasswordHasher.iterations = 2
open_web(load(Path(sys.argv[1]), {}), KINDS)
from mtdata.core.errors import UsageError
from mtdata.web.access import administration, users
from mtdata.web.pages.account import PasswordForm
FIRST, OTHER, OF_ADMIN = "an invented word 7", "another invented word 8", "a word of an admin 9"
def of(name):
    return users.user_named(name)
def stands(name):
    user = of(name)
    words = [word for word in (FIRST, OTHER, OF_ADMIN) if user.check_password(word)]
    return [user.is_active, user.email, *words]
def shut(name):
    users.shut(of(name))
def reset(name):
    users.give_password(of(name), OF_ADMIN)
def own(user):
    given = {"old_password": FIRST, "new_password1": OTHER, "new_password2": OTHER}
    form = PasswordForm(user, given)
    assert form.is_valid(), form.errors
    return form.save
def by_admin(user):
    return lambda: users.give_password(user, OTHER)
def by_form(user):
    form = administration.ResetForm(user, {"password1": OTHER, "password2": OTHER})
    assert form.is_valid(), form.errors
    return form.save
def let_in(user):
    return lambda: users.let_in(user)
found = {}
for act, change in (
    (own, shut), (own, reset), (by_admin, shut), (by_form, shut), (let_in, reset)
):
    name = f"{act.__name__}-{change.__name__}"
    users.put(name, FIRST, "operator")
    keep = act(of(name))  # as a page has read it
    change(name)
    try:
        keep()
        refused = False
    except UsageError:
        refused = True
    found[name] = [refused, *stands(name)]
print(json.dumps(found))
"""


def test_what_one_changes_is_not_undone_by_what_another_had_read(tmp_path: Path) -> None:
    place = Place(tmp_path, "sqlite:///state/programme.sqlite3")
    words = [sys.executable, "-P", "-c", CHILD, str(place.folder / "config")]
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    other, of_admin, first = "another invented word 8", "a word of an admin 9", "an invented word 7"
    assert json.loads(done.stdout) == {
        "own-shut": [True, False, "", first],
        "own-reset": [True, True, "", of_admin],
        "by_admin-shut": [False, False, "", other],
        "by_form-shut": [False, False, "", other],
        "let_in-reset": [False, True, "", of_admin],
    }
