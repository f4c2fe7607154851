"""The queue wakes at once, loses nothing, and finds its way back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dramatiq
import pytest
import redis

from infrastructure.broker import WakingBroker, broker_url
from interfaces.jobs import answers

SECONDS_MAX = 15.0


@contextmanager
def running(url: str, heard: Callable[[], None]) -> Iterator[WakingBroker]:
    broker = WakingBroker(broker_url(url), middleware=())
    answers.register(broker, wake_chores=heard)
    worker = dramatiq.Worker(broker, worker_threads=2, worker_timeout=100)
    worker.start()
    try:
        yield broker
    finally:
        worker.stop()
        broker.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_message_wakes_at_once_after_a_long_silence(redis_url: str) -> None:
    heard = threading.Event()
    with running(redis_url, heard.set) as broker:
        time.sleep(1.5)
        began = time.monotonic()
        broker.ask("do_chores", "default")
        assert heard.wait(SECONDS_MAX)
        # The stock consumer sleeps up to a second by now; a busy machine may take a while too.
        assert time.monotonic() - began < 0.9


def test_every_message_is_heard_once(redis_url: str) -> None:
    count = 0
    lock = threading.Lock()

    def heard() -> None:
        nonlocal count
        with lock:
            count += 1

    with running(redis_url, heard) as broker:
        for _ in range(50):
            broker.ask("do_chores", "default")
        until(lambda: count >= 50)
        broker.join("default", timeout=10_000)
        assert count == 50


def test_what_a_dead_worker_took_comes_back(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infrastructure.broker.HEARTBEAT_MS", 300)
    dead = WakingBroker(broker_url(redis_url), middleware=())
    answers.register(dead, wake_chores=lambda: None)
    dead.ask("do_chores", "default")
    assert next(iter(dead.consume("default", prefetch=1, timeout=100))) is not None
    heard = threading.Event()
    with running(redis_url, heard.set):
        assert heard.wait(SECONDS_MAX)
    dead.close()


def test_a_lost_connection_is_made_anew(redis_url: str) -> None:
    heard = threading.Event()
    with running(redis_url, heard.set) as broker:
        with redis.Redis.from_url(broker_url(redis_url)) as line:
            mine = {
                each["id"]
                for each in line.client_list()
                if each["db"] == str(line.connection_pool.connection_kwargs["db"])
            } - {str(line.client_id())}
            for each in mine:
                line.client_kill_filter(_id=each)
        broker.ask("do_chores", "default")
        assert heard.wait(SECONDS_MAX)


@pytest.mark.parametrize(
    ("url", "beside"),
    [
        ("redis://localhost:6379", "redis://localhost:6379/1"),
        ("redis://:p%40ss@host:1/3", "redis://:p%40ss@host:1/4"),
        ("redis://host?db=2", "redis://host/3"),
        ("rediss://host/0?ssl_cert_reqs=none", "rediss://host/1?ssl_cert_reqs=none"),
        ("unix:///run/valkey.sock", "unix:///run/valkey.sock?db=1"),
        ("unix:///run/valkey.sock?db=4", "unix:///run/valkey.sock?db=5"),
    ],
)
def test_the_queue_has_a_database_of_its_own(url: str, beside: str) -> None:
    assert broker_url(url) == beside
