"""Random programs under seeded schedules, and stopped at their points; see `tests.robustness.schedule_campaigns`.

A few here; ``python -m tests.robustness.fuzz interleavings --count 10000`` and ``… stops --count 50`` do them all.
"""

from __future__ import annotations

import pytest

from tests.robustness import schedule_campaigns
from tests.robustness.schedule_campaigns import SEEDS, Interleavings, Stops


@pytest.mark.parametrize("program", range(5))
def test_interleavings(program):
    campaign = Interleavings()
    for number in range(program * SEEDS, (program + 1) * SEEDS):
        campaign.check(campaign.make(number), number)


@pytest.mark.parametrize("program", range(3))
def test_requests_that_are_stopped(program):
    campaign = Stops("s/seeded:1/mstd:2", "5")
    campaign.check(campaign.make(program), program)
    assert campaign.totals["runs that were stopped"] > 50


def test_a_request_that_goes_on_is_noticed(monkeypatch):
    monkeypatch.setitem(schedule_campaigns.STOPS, "cancelled", (lambda _: None, "CancelledError: Cancelled"))
    campaign = Stops("s", "5")
    with pytest.raises(AssertionError, match="program 0, dataflow, s, cancelled at 1"):
        campaign.check(campaign.make(0), 0)


def test_another_order_of_effects_is_noticed(monkeypatch):
    campaign, seen = Interleavings(), schedule_campaigns.reference(0)
    effects = tuple(reversed(seen.effects))
    other = schedule_campaigns.Seen(seen.results, effects, seen.reported, seen.points)
    monkeypatch.setattr(schedule_campaigns, "reference", lambda _: other)
    with pytest.raises(AssertionError, match="program 0, dataflow, seeded:3"):
        campaign.check(campaign.make(3), 3)
