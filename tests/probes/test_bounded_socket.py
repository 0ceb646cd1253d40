"""A socket's exchange ends in time and in size: for EWS, and for the LDAP library."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from pytest_flowscape.probes.bounded_socket import BoundedSocket, TooLarge
from pytest_flowscape.probes.network import Deadline

MOST = 1024 * 1024
LONG = 30.0


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    near, far = socket.socketpair()
    with near, far:
        yield near, far


Ends = tuple[socket.socket, socket.socket]


def test_the_time_holds_for_the_exchange_and_not_for_each_byte(ends: Ends) -> None:
    near, far = ends
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(0.05):
            far.send(b"x")

    def read() -> None:
        while bounded.recv(10):
            pass

    dripping = threading.Thread(target=drip, daemon=True)
    bounded = BoundedSocket(near, Deadline(0.3), MOST)
    started = time.monotonic()
    dripping.start()
    try:
        with pytest.raises(TimeoutError):
            read()
    finally:
        ended.set()
        dripping.join()
    assert bounded.late
    assert 0.25 < time.monotonic() - started < 5


def test_who_does_not_read_is_not_waited_for(ends: Ends) -> None:
    bounded = BoundedSocket(ends[0], Deadline(0.2), MOST)
    with pytest.raises(TimeoutError):
        bounded.sendall(b"x" * 50_000_000)


def test_what_was_sent_is_whole(ends: Ends) -> None:
    near, far = ends
    data = bytes(range(256)) * 20_000
    received = bytearray()

    def read() -> None:
        while len(received) < len(data):
            received.extend(far.recv(1000))

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    BoundedSocket(near, Deadline(LONG), MOST).sendall(data)
    reading.join(LONG)
    assert received == data


def test_more_than_may_come_in_one_exchange_is_not_read(ends: Ends) -> None:
    near, far = ends
    bounded = BoundedSocket(near, Deadline(LONG), 10)
    far.send(b"x" * 10)
    assert bounded.recv(100) == b"x" * 10
    bounded.until(Deadline(LONG))  # the next exchange may bring as much
    far.send(b"x" * 6)
    assert bounded.recv(100) == b"x" * 6
    far.send(b"x" * 5)
    with pytest.raises(TooLarge, match="larger than 0 MB"):
        bounded.recv(100)


def test_each_request_has_its_own_time_and_size(ends: Ends) -> None:
    near, far = ends
    bounded = BoundedSocket(near, Deadline(0), 10)
    bounded.each(LONG)
    for _ in range(3):
        bounded.sendall(b"?")
        far.send(b"x" * 10)
        assert bounded.recv(100) == b"x" * 10
    bounded.until(Deadline(0))
    with pytest.raises(TimeoutError):
        bounded.sendall(b"?")


def test_whether_something_has_come(ends: Ends) -> None:
    near, far = ends
    bounded = BoundedSocket(near, Deadline(LONG), MOST)
    assert not bounded.readable
    far.send(b"x")
    assert bounded.readable
    assert not bounded.readable
    far.close()
    assert bounded.readable
