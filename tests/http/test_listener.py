"""What happens to connections while the service stops listening."""

import asyncio
import socket
import sys

import pytest

from zwai.listener import bound, shut_door


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's packet filter is Linux's")
async def test_who_has_connected_is_served_and_who_comes_late_is_refused() -> None:
    listener = bound("127.0.0.1", 0)
    listener.listen(8)
    address = listener.getsockname()
    early = socket.create_connection(address, timeout=5)
    await shut_door(listener)

    late = socket.socket()
    late.settimeout(0.2)
    with pytest.raises(TimeoutError):
        late.connect(address)
    late.close()

    accepted, _ = listener.accept()
    listener.close()
    early.sendall(b"hello")
    assert accepted.recv(5) == b"hello"
    early.close()
    accepted.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's packet filter is Linux's")
async def test_who_knocks_while_the_door_shuts_is_refused_on_the_next_try() -> None:
    listener = bound("127.0.0.1", 0)
    listener.listen(8)
    address = listener.getsockname()
    await shut_door(listener)
    knocking = asyncio.create_task(asyncio.open_connection(*address))
    await asyncio.sleep(0.1)
    listener.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.wait_for(knocking, 5)
