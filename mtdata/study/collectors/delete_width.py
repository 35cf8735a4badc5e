"""How many connections ask one site for deletes at once: a few at first, more where it bears them.

A few cannot be what makes a site slow, so what they see is what is usual; with more of them an
answer may take half as long again.  It knows no clock and no connection.
"""

from __future__ import annotations

from statistics import median

FEW = 4
SLOWER, UNSEEN_S = 1.5, 0.002
"""From where on an answer is slower than usual: so many times, and at least so much, later."""
LOOK = 2  # answers a connection until it is decided anew: half of them came at that width
MOST_CALM = 32
PATIENCE_S = 30.0
"""So long in all a site that is too busy is waited for; what is left goes out in a later round."""


class DeleteWidth:
    """`now` connections, never more than `most`.  For one site and one round.

    Doubled while answers do not slow down; halved when they do, and when the site is too busy
    (429, 503).  Each halving doubles how long all must be calm before it is doubled again.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.now = min(FEW, most)
        self._usual_s = 0.0
        self._took: list[float] = []
        self._calm, self._wanted = 0, 1
        self._patience_s = PATIENCE_S
        self._hears = False  # whether it did anything since it was too busy

    def answered(self, took_s: float) -> None:
        """Take the time of one delete that was done; those of one width are judged together."""
        self._hears = True
        self._took.append(took_s)
        if len(self._took) < LOOK * self.now:
            return
        typical_s = median(self._took)
        self._took.clear()
        if self.now <= FEW:
            self._usual_s = typical_s
        if typical_s > max(SLOWER * self._usual_s, self._usual_s + UNSEEN_S):
            self._halve(FEW)
            return
        self._calm += 1
        if self._calm >= self._wanted and self.now < self._most:
            self.now, self._calm = min(2 * self.now, self._most), 0

    def may_wait(self, wait_s: float) -> bool:
        """Whether a site that is too busy is worth such a wait; not if it never does anything."""
        return self._hears and wait_s <= self._patience_s

    def waits(self, wait_s: float) -> None:
        """Ask with half as many after that wait: the site was too busy for some."""
        self._patience_s -= wait_s
        self._hears = False
        self._halve(1)

    def takes_no_more(self, there: int) -> bool:
        """Stay with the connections that are there, if it is their number that the site refuses.

        It is not where there are but a few.
        """
        if self.now <= FEW or not there:
            return False
        self._most = self.now = min(self.now - 1, max(FEW, there))
        return True

    def _halve(self, least: int) -> None:
        self.now = max(least, self.now // 2)
        self._took.clear()
        self._calm, self._wanted = 0, min(2 * self._wanted, MOST_CALM)
