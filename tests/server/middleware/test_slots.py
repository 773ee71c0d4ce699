"""Slots and body memory: nobody waits for those who only hold a place."""

from __future__ import annotations

import asyncio
import contextlib

import anyio
import pytest

from countlab.errors import CountlabError
from countlab.server.middleware import body_memory
from countlab.server.middleware import slots as slots_module
from countlab.server.middleware.body_memory import BodyMemory
from countlab.server.middleware.slots import Slots


async def started(slots: Slots, client: str, order: list[str]) -> asyncio.Task[None]:
    async def work() -> None:
        await slots.acquire(client)
        order.append(client)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    return task


def test_a_client_that_sends_one_request_does_not_wait_behind_one_that_sends_many() -> None:
    async def scenario() -> list[str]:
        slots, order = Slots(1, 64), list[str]()
        assert slots.try_acquire("many")
        tasks = [await started(slots, "many", order) for _ in range(5)]
        tasks.append(await started(slots, "one", order))
        for client in ("many", "one", *["many"] * 4):
            slots.release(client, used_s=1.0)
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return order

    assert asyncio.run(scenario()) == ["one", *["many"] * 5]


def test_slot_time_is_shared_evenly_however_long_each_request_takes() -> None:
    async def scenario() -> dict[str, float]:
        slots, order, used = Slots(1, 500), list[str](), {"slow": 0.0, "quick": 0.0}
        assert slots.try_acquire("slow")
        tasks, running = [], "slow"
        for _ in range(100):
            for client in used:
                tasks.append(await started(slots, client, order))
        for _ in range(100):
            duration = 1.0 if running == "slow" else 0.1
            used[running] += duration
            slots.release(running, used_s=duration)
            for _ in range(3):
                await asyncio.sleep(0)
            running = order[-1]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return used

    used = asyncio.run(scenario())
    assert 0.6 < used["quick"] / used["slow"] < 1.7, used


def test_full_queue_makes_room_for_a_client_that_waits_less() -> None:
    async def scenario() -> None:
        slots, order = Slots(1, 4), list[str]()
        assert slots.try_acquire("many")
        tasks = [await started(slots, "many", order) for _ in range(4)]
        assert slots.full
        assert slots.refuses("many")
        assert not slots.refuses("one")
        one = await started(slots, "one", order)
        assert slots.waiting == 4
        with pytest.raises(CountlabError, match="hands full"):
            await tasks[-1]  # its newest request gave way
        for client in ("many", "one", "many", "many"):
            slots.release(client, used_s=1.0)
            await asyncio.sleep(0)
        await asyncio.gather(one, *tasks[:3])
        assert order == ["one", "many", "many", "many"]

    asyncio.run(scenario())


def test_request_that_gave_its_slot_to_others_is_not_refused_in_a_full_queue() -> None:
    async def scenario() -> None:
        slots, order = Slots(1, 1), list[str]()
        assert slots.try_acquire("a")
        other = await started(slots, "b", order)
        slots.release("a", used_s=1.0)
        await slots_are(slots, running=1)
        returning = asyncio.create_task(slots.acquire("a", returns=True))
        await asyncio.sleep(0)
        slots.release("b")
        await returning
        await other
        assert (slots.running, slots.waiting) == (1, 0)

    asyncio.run(scenario())


async def slots_are(slots: Slots, *, running: int) -> None:
    await asyncio.sleep(0)
    assert slots.running == running


def test_clients_are_forgotten_when_there_are_many() -> None:
    slots = Slots(1, 1)
    for number in range(5000):
        assert slots.try_acquire(f"client {number}")
        slots.release(f"client {number}", used_s=0.1)
    assert len(slots._clients) <= 1001


def test_last_slot_is_kept_for_a_client_that_comes_back_at_once() -> None:
    """Otherwise each of its requests waits until one of the many has been worked on."""

    async def scenario() -> None:
        slots, order = Slots(3, 64), list[str]()
        for client in ("many", "many", "one"):
            assert slots.try_acquire(client)
        tasks = [await started(slots, "many", order) for _ in range(5)]
        slots.release("one", used_s=0.01)
        await slots_are(slots, running=2)
        tasks.append(await started(slots, "one", order))
        await asyncio.sleep(0)
        assert order == ["one"]
        slots.release("one", used_s=0.01)
        await asyncio.sleep(1.5 * slots_module._KEPT_S)
        assert order == ["one", "many"], "nobody came: it is not kept for long"
        for _ in range(5):
            slots.release("many")
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_last_slot_is_kept_from_several_that_hold_the_others() -> None:
    async def scenario() -> None:
        slots, order = Slots(3, 64), list[str]()
        for client in ("many", "much", "one"):
            assert slots.try_acquire(client)
        tasks = [await started(slots, client, order) for client in ("many", "much")]
        slots.release("one", used_s=0.01)
        tasks.append(await started(slots, "one", order))
        await asyncio.sleep(0)
        assert order == ["one"]
        for client in ("one", "many", "much"):
            slots.release(client)
            await asyncio.sleep(0)
        await asyncio.sleep(1.5 * slots_module._KEPT_S)
        await asyncio.gather(*tasks)

    asyncio.run(scenario())


def test_a_waiting_client_that_holds_none_is_not_kept_waiting() -> None:
    async def scenario() -> None:
        slots, order = Slots(3, 64), list[str]()
        for client in ("many", "many", "one"):
            assert slots.try_acquire(client)
        task = await started(slots, "new", order)
        slots.release("one", used_s=0.01)
        await asyncio.sleep(0)
        assert order == ["new"]
        await task

    asyncio.run(scenario())


def test_client_alone_gets_all_slots_at_once() -> None:
    async def scenario() -> None:
        slots = Slots(3, 64)
        for _ in range(3):
            assert slots.try_acquire("many")
        task = await started(slots, "many", [])
        slots.release("many")
        await slots_are(slots, running=3)
        await task

    asyncio.run(scenario())


def test_stalled_body_gives_way_to_one_that_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_memory, "_STALLED_S", 0.0)

    async def scenario() -> None:
        memory = BodyMemory(100, largest=50)
        with memory.share("a") as stalled, memory.share("b") as complete:
            stalled.arriving = anyio.CancelScope()
            stalled.grow(50)
            complete.grow(25)
            await asyncio.sleep(0.01)
            with memory.share("c") as newcomer:
                newcomer.grow(30)
                assert stalled.arriving.cancel_called
                assert memory.bytes == 55

    asyncio.run(scenario())


def test_complete_bodies_never_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_memory, "_STALLED_S", 0.0)
    memory = BodyMemory(100, largest=50)
    with memory.share("a") as first, memory.share("b") as second, memory.share("c") as third:
        first.grow(50)
        second.grow(25)
        with pytest.raises(CountlabError, match="hands full"):
            third.grow(13)


def test_one_client_alone_gets_half_of_the_memory_for_bodies() -> None:
    memory = BodyMemory(100, largest=20)
    with memory.share("a") as first, memory.share("a") as second, memory.share("b") as other:
        first.grow(50)
        with pytest.raises(CountlabError, match="hands full"):
            second.grow(1)
        other.grow(25)
    assert memory.bytes == 0


def test_several_greedy_clients_leave_room_for_another() -> None:
    memory = BodyMemory(1000, largest=100)
    with contextlib.ExitStack() as stack:
        for client in "abcdef":
            with contextlib.suppress(CountlabError):
                while True:
                    stack.enter_context(memory.share(client)).grow(1)
        memory.check_announced("g", 5)
        stack.enter_context(memory.share("g")).grow(5)
        assert memory.bytes < 1000


def test_body_that_finds_no_room_is_refused_by_what_it_announces() -> None:
    memory = BodyMemory(100, largest=40)
    with memory.share("a") as first, memory.share("a"):
        first.grow(30)
        memory.check_announced("a", 20)
        with pytest.raises(CountlabError, match="hands full"):
            memory.check_announced("a", 21)
        memory.check_announced("b", 35)
        assert memory.bytes == 30, "an announcement holds nothing"


def test_what_is_stalled_does_not_count_against_an_announced_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_memory, "_STALLED_S", -1.0)

    async def scenario() -> None:
        memory = BodyMemory(100, largest=50)
        with memory.share("a") as stalled:
            stalled.arriving = anyio.CancelScope()
            stalled.grow(50)
            memory.check_announced("a", 50)

    asyncio.run(scenario())
