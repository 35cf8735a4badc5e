"""What every destination of news must do (port Post); the fake and the real ones inherit it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from mtdata.alerts.dispatch import Post
from mtdata.alerts.message import Message, trial
from mtdata.core.errors import PostError, PostRefused

AT = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)
SECRET = "hunter2-secret"


def a_message(subject: str = "so") -> Message:
    """A message like any other."""
    one = trial("mail", "host", AT)
    return Message(one.destination, "opened", one.key, AT, subject, "what\n", one.news)


@dataclass
class Staged:
    """A destination; `keys` are what arrived there, `be` makes it well, down or refusing."""

    post: Post
    keys: Callable[[], list[str]]
    be: Callable[[str], None]


class PostContract:
    """Tests for one kind of destination, given by the fixture `staged`."""

    def test_a_message_that_was_taken_is_there_once(self, staged: Staged) -> None:
        one = a_message()
        assert staged.post.deliver(one) == ""
        assert staged.keys() == [one.key]

    def test_the_same_message_comes_again_under_the_same_name(self, staged: Staged) -> None:
        one = a_message()
        staged.post.deliver(one)
        staged.post.deliver(one)
        assert staged.keys() == [one.key, one.key]

    @pytest.mark.parametrize(("mood", "kind"), [("down", PostError), ("refusing", PostRefused)])
    def test_what_is_not_taken_is_an_error_that_says_whether_to_try_again(
        self, staged: Staged, mood: str, kind: type[PostError]
    ) -> None:
        staged.be(mood)
        with pytest.raises(PostError) as caught:
            staged.post.deliver(a_message())
        assert type(caught.value) is kind
        assert SECRET not in "".join(traceback.format_exception(caught.value))
        assert SECRET not in repr(staged.post)
        staged.be("well")
        staged.post.deliver(a_message())
        assert len(staged.keys()) == 1
