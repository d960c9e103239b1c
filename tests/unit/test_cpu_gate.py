"""The gate for heavy work: never more at once than there are cores, people before jobs, and nobody is forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from shared.cpu import IN_A_ROW, CpuGate

Enter = Callable[[], AbstractContextManager[None]]


class Line:
    """Threads that come one after the other while the only core is taken; `order`: as they got it."""

    def __init__(self, gate: CpuGate) -> None:
        self.gate = gate
        self.order: list[str] = []
        self._threads: list[threading.Thread] = []

    def join(self, name: str, enter: Enter) -> None:
        """Returns once the thread waits."""
        before = self._waiting()
        thread = threading.Thread(target=self._work, args=(name, enter), daemon=True)
        self._threads.append(thread)
        thread.start()
        while self._waiting() == before:
            time.sleep(0.001)

    def _waiting(self) -> int:
        gate = self.gate
        return len(gate._interactive) + len(gate._continued) + len(gate._background)  # there is no other way to see it

    def _work(self, name: str, enter: Enter) -> None:
        with enter():
            self.order.append(name)

    def all_done(self) -> None:
        for thread in self._threads:
            thread.join(10)
            assert not thread.is_alive()


@contextmanager
def behind_a_closed_gate() -> Iterator[Line]:
    gate = CpuGate(1)
    line = Line(gate)
    with gate.background():
        yield line
    line.all_done()


def test_people_go_before_jobs_and_both_in_the_order_of_coming() -> None:
    with behind_a_closed_gate() as line:
        for name in ("job 1", "job 2"):
            line.join(name, line.gate.background)
        for name in ("anna", "bert", "carl"):
            line.join(name, line.gate.interactive)
    assert line.order == ["anna", "bert", "carl", "job 1", "job 2"]


def test_what_is_begun_goes_before_what_only_begins() -> None:
    with behind_a_closed_gate() as line:
        line.join("new job", line.gate.background)
        line.join("begun job", line.gate.continued)
        line.join("anna", line.gate.interactive)
    assert line.order == ["anna", "begun job", "new job"]


def test_a_job_has_its_turn_after_so_many_people() -> None:
    with behind_a_closed_gate() as line:
        line.join("job", line.gate.background)
        for number in range(IN_A_ROW + 3):
            line.join(f"person {number}", line.gate.interactive)
    assert line.order.index("job") == IN_A_ROW


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_never_more_at_once_than_cores_and_all_get_through(cores: int) -> None:
    gate, lock, inside, most, passed = CpuGate(cores), threading.Lock(), 0, 0, 0

    def work(enter: Enter) -> None:
        nonlocal inside, most, passed
        for _ in range(200):
            with enter():
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1
                    passed += 1

    threads = [
        threading.Thread(target=work, args=(enter,))
        for enter in (gate.interactive, gate.continued, gate.background) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert passed == 12 * 200
    assert most <= cores


def test_what_fails_inside_frees_its_core() -> None:
    gate = CpuGate(1)
    for enter in (gate.interactive, gate.background):
        with pytest.raises(ValueError, match="broken"), enter():
            raise ValueError("broken")
    with gate.interactive():
        pass


def test_who_is_inside_may_enter_again() -> None:
    gate = CpuGate(1)
    with gate.background(), gate.interactive(), gate.background():
        pass
    with gate.interactive():
        pass
