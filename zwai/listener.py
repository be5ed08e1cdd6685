"""The socket that the service listens on: bound before all else, and closed without losing who is at the door."""

import asyncio
import ctypes
import socket
import struct
import sys

from zwai.settings import BadSetting

SO_ATTACH_FILTER = 26
# Time for handshakes that have begun to end, and for accepting them.
DOOR_S = 0.05
# A program for the kernel's packet filter: keep a segment unless it opens a connection (SYN, in byte 13 of TCP).
LOAD_BYTE, JUMP_IF_SET, RETURN = 0x30, 0x45, 0x06
NO_NEW_CONNECTIONS = [(LOAD_BYTE, 0, 0, 13), (JUMP_IF_SET, 0, 1, 0x02), (RETURN, 0, 0, 0), (RETURN, 0, 0, 0xFFFF)]


def bound(host: str, port: int) -> socket.socket:
    """A socket that holds the address without listening yet. Raises BadSetting."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # or a restart waits for old connections
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        sentence = f"cannot listen on {host}, port {port}: {error.strerror}; set ZWAI_PORT or ZWAI_HOST."
        raise BadSetting(sentence) from error
    return listener


async def shut_door(listener: socket.socket) -> None:
    """Let nobody new knock, and accept who did: closing a listening socket resets what it has not accepted yet.

    A proxy whose first knock was ignored knocks again after a second, is refused then, and moves on.
    """
    if sys.platform == "linux":
        program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in NO_NEW_CONNECTIONS))
        header = struct.pack("HP", len(NO_NEW_CONNECTIONS), ctypes.addressof(program))
        listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, header)
        await asyncio.sleep(DOOR_S)
