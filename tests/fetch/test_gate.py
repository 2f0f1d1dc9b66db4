"""The gate: one request per host at a time, and a rest between two (PROTOCOL P32)."""

import asyncio
from datetime import timedelta
from itertools import pairwise
from time import monotonic

import pytest

from aggregator.fetch import HostGate

GAP = timedelta(milliseconds=60)


async def visit(gate: HostGate, host: str, times: list[tuple[float, float]], stay: float = 0.02) -> None:
    async with gate.turn(host):
        started = monotonic()
        await asyncio.sleep(stay)
        times.append((started, monotonic()))


async def test_p32_one_at_a_time_with_a_gap() -> None:
    gate, times = HostGate(GAP), list[tuple[float, float]]()
    await asyncio.gather(*(visit(gate, "a.example", times) for _ in range(4)))
    assert len(times) == 4
    for (_, ended), (started, _) in pairwise(times):
        assert started - ended >= GAP.total_seconds()


async def test_hosts_do_not_wait_for_each_other() -> None:
    gate = HostGate(timedelta(hours=1))
    async with gate.turn("127.0.0.1"), asyncio.timeout(5), gate.turn("127.0.0.2"):
        pass


async def test_names_of_one_host_in_any_case_are_one_host() -> None:
    gate, times = HostGate(GAP), list[tuple[float, float]]()
    await asyncio.gather(visit(gate, "A.example", times), visit(gate, "a.EXAMPLE", times))
    assert times[1][0] - times[0][1] >= GAP.total_seconds()


async def test_no_gap_still_means_one_at_a_time() -> None:
    gate, times = HostGate(timedelta()), list[tuple[float, float]]()
    await asyncio.gather(*(visit(gate, "a.example", times) for _ in range(3)))
    assert all(following[0] >= previous[1] for previous, following in pairwise(times))


async def test_turns_come_in_the_order_of_asking() -> None:
    gate, order = HostGate(timedelta()), list[int]()

    async def ask(number: int) -> None:
        async with gate.turn("a.example"):
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*(ask(number) for number in range(10)))
    assert order == list(range(10))


async def test_a_failed_turn_ends_like_any_other() -> None:
    gate, times = HostGate(GAP), list[tuple[float, float]]()
    failed_at: list[float] = []

    async def fail() -> None:
        async with gate.turn("a.example"):
            failed_at.append(monotonic())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await visit(gate, "a.example", times)
    assert times[0][0] - failed_at[0] >= GAP.total_seconds()


async def test_giving_up_the_wait_leaves_the_queue_working() -> None:
    gate, times = HostGate(timedelta()), list[tuple[float, float]]()
    async with gate.turn("a.example"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await visit(gate, "a.example", times)
        waiting = asyncio.create_task(visit(gate, "a.example", times))
        await asyncio.sleep(0)
    await asyncio.wait_for(waiting, 5)
    assert len(times) == 1


async def test_a_gap_may_change_while_hosts_rest() -> None:
    gate, times = HostGate(timedelta(hours=1)), list[tuple[float, float]]()
    await visit(gate, "a.example", times)
    gate.gap = timedelta()
    await asyncio.wait_for(visit(gate, "a.example", times), 5)
    assert len(times) == 2


async def test_idle_hosts_are_forgotten() -> None:
    gate, times = HostGate(timedelta()), list[tuple[float, float]]()
    for number in range(1000):
        await visit(gate, f"{number}.example", times, stay=0)
    assert gate.remembered <= 1


async def test_resting_hosts_are_remembered() -> None:
    gate = HostGate(timedelta(hours=1))
    for number in range(3):
        async with gate.turn(f"{number}.example"):
            pass
    assert gate.remembered == 3
