"""Who is let in, with a clock of its own."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.admission import Admission, Ticket


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Service:
    """Answers `rate` requests a second, one after the other, of those that were let in."""

    def __init__(self, rate: float, standing: float = 0.5, always: int = 2) -> None:
        self.clock = Clock()
        self.admission = Admission(standing, 1024, always, self.clock)
        self.seconds, self.free = 1 / rate, 0.0
        self.inside: deque[tuple[Ticket, float, float]] = deque()
        self.latencies: list[float] = []
        self.refused: list[float] = []

    def ask(self, at: float, deadline: float, length: int = 500) -> None:
        self.run(at)
        ticket = Ticket(length)
        wait = self.admission.refusal(ticket, deadline)
        if wait is not None:
            self.refused.append(at)
            return
        self.admission.enter(ticket)
        self.free = max(self.free, at) + self.seconds
        self.inside.append((ticket, at, self.free))

    def run(self, until: float) -> None:
        while self.inside and self.inside[0][2] <= until:
            ticket, came, ends = self.inside.popleft()
            self.clock.now = ends
            self.latencies.append(ends - came)
            self.admission.leave(ticket, True)
        self.clock.now = until

    def press(self, rate: float, seconds: float, deadline: float, start: float = 0.0) -> None:
        for number in range(int(rate * seconds)):
            self.ask(start + number / rate, deadline)
        self.run(start + seconds)


def test_below_the_capacity_nobody_is_refused() -> None:
    service = Service(rate=400)
    service.press(380, 30, deadline=2)
    assert not service.refused and len(service.latencies) > 11_300


def test_ten_times_the_capacity_keeps_the_service_busy_and_deadlines_kept() -> None:
    service = Service(rate=400)
    service.press(4000, 30, deadline=2)
    assert len(service.latencies) > 0.98 * 400 * 30
    assert max(service.latencies) < 2
    late = service.latencies[len(service.latencies) // 2 :]
    assert max(late) < 0.6, "a queue that stands is kept at ISOGLOT_QUEUE_SECONDS"


def test_a_burst_may_wait_for_half_the_deadline() -> None:
    service = Service(rate=400)
    service.press(200, 5, deadline=30)
    for _ in range(1000):
        service.ask(5.0, deadline=30)
    assert not service.refused
    service.run(9)
    assert service.admission.count == 0 and service.admission.weight == 0


def test_clients_that_ask_again_when_they_are_answered_are_no_overload() -> None:
    service = Service(rate=25)
    for _ in range(32):
        service.ask(0, deadline=20)
    while service.clock.now < 60:
        service.ask(service.inside[0][2], deadline=20)
    assert not service.refused and service.admission.count == 32


def test_never_more_than_the_most() -> None:
    admission = Admission(0.5, 3, 2, Clock())
    for _ in range(3):
        assert admission.refusal(Ticket(10), 30) is None
        admission.enter(Ticket(10))
    assert admission.refusal(Ticket(10), 30) is not None


def test_after_the_overload_all_are_let_in_again() -> None:
    service = Service(rate=400)
    service.press(4000, 10, deadline=2)
    refused = len(service.refused)
    service.press(300, 10, deadline=2, start=12)
    assert len(service.refused) == refused


def test_a_short_deadline_is_refused_where_a_long_one_waits() -> None:
    service = Service(rate=100)
    service.press(90, 5, deadline=2)
    for _ in range(40):
        service.ask(5.0, deadline=30)
    before = len(service.refused)
    service.ask(5.0, deadline=0.2)
    assert len(service.refused) == before + 1
    service.ask(5.0, deadline=5)
    assert len(service.refused) == before + 1


def test_one_that_takes_longer_than_it_has_is_let_in_when_nothing_is_in_flight() -> None:
    service = Service(rate=1)
    service.press(1, 10, deadline=30)
    service.run(30)
    service.ask(30, deadline=0.1)
    assert not service.refused, "else a measure that was wrong once would be believed for ever"


def test_speed_is_learned_anew() -> None:
    service = Service(rate=400)
    service.press(4000, 10, deadline=2)
    service.seconds = 1 / 50
    service.press(4000, 20, deadline=2, start=10)
    assert max(service.latencies[-400:]) < 1.1
    assert len(service.latencies) > 0.95 * (400 * 10 + 50 * 20)


def test_what_failed_is_no_speed() -> None:
    clock = Clock()
    admission = Admission(0.5, 100, 1, clock)
    for number in range(50):
        ticket = Ticket(10_000)
        admission.enter(ticket)
        clock.now += 0.1
        admission.leave(ticket, is_done=number < 25)
    assert admission.count == 0
    waiting = [Ticket(10_000) for _ in range(10)]
    for ticket in waiting:
        admission.enter(ticket)
    assert admission.wait() > 1.5, "half of the tries were done: a request takes twice as long"


def test_a_request_that_is_over_is_not_counted() -> None:
    admission, ticket = Admission(0.5, 100, 1, Clock()), Ticket(None)
    admission.leave(ticket, is_done=False)
    admission.enter(ticket)
    assert admission.count == 0
    with pytest.raises(AttributeError):
        ticket.length = 3  # type: ignore[attr-defined]


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 500), st.integers(2, 20), st.integers(1, 10))
def test_whatever_the_load_deadlines_hold_and_the_service_is_busy(rate: int, times: int, deadline: int) -> None:
    service = Service(rate)
    service.press(times * rate, 4, deadline)
    assert max(service.latencies) <= deadline
    assert len(service.latencies) >= 0.9 * (4 * rate) - 2
