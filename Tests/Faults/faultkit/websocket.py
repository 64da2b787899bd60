"""A WebSocket client (RFC 6455) over asyncio: as much of one as the tests need, and independent of the one under test."""

import asyncio
import base64
import hashlib
import os
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class ConnectionLost(Exception):
    """The peer is gone, or the connection is. `partial` has what had come of a binary message, `code` of its Close."""

    def __init__(self, why, partial=b"", code=None):
        super().__init__(why)
        self.partial = partial
        self.code = code


class Refused(Exception):
    """The upgrade was answered with something else than 101."""

    def __init__(self, status, head):
        super().__init__(f"the upgrade was refused: {head.splitlines()[0] if head else 'nothing came'}")
        self.status = status


def masked(payload, key):
    """The payload, masked or unmasked."""
    count = len(payload)
    if count == 0:
        return b""
    mask = (key * (count // 4 + 1))[:count]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(mask, "little")).to_bytes(count, "little")


def frame(opcode, payload, final=True):
    """One masked frame."""
    key = os.urandom(4)
    first = (0x80 if final else 0) | opcode
    count = len(payload)
    if count < 126:
        head = struct.pack("!BB", first, 0x80 | count)
    elif count < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, count)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, count)
    return head + key + masked(payload, key)


class WebSocket:
    """One open connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port, path="/audio", host="127.0.0.1", receive_buffer=None):
        """Connects and upgrades; raises ConnectionLost or Refused."""
        try:
            if receive_buffer is None:
                reader, writer = await asyncio.open_connection(host, port)
            else:
                import socket

                plain = socket.socket()
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
                plain.setblocking(False)
                await asyncio.get_running_loop().sock_connect(plain, (host, port))
                reader, writer = await asyncio.open_connection(sock=plain, limit=receive_buffer)
            key = base64.b64encode(os.urandom(16))
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key.decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (OSError, asyncio.IncompleteReadError) as error:
            raise ConnectionLost(f"no connection: {error}") from error
        status = int(head.split(" ", 2)[1])
        if status != 101:
            writer.close()
            raise Refused(status, head)
        fields = {}
        for line in head.splitlines()[1:]:
            name, _, value = line.partition(":")
            fields[name.strip().lower()] = value.strip()
        expected = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        if fields.get("sec-websocket-accept") != expected:
            raise AssertionError("Sec-WebSocket-Accept is wrong")
        return cls(reader, writer)

    async def send(self, opcode, payload):
        """Sends one message, waiting for room in the socket's buffer."""
        try:
            self.writer.write(frame(opcode, payload))
            await self.writer.drain()
        except (OSError, RuntimeError) as error:
            raise ConnectionLost(f"sending failed: {error}") from error

    async def receive(self):
        """The next text or binary message. Pings are answered; Close and a bare end raise ConnectionLost."""
        while True:
            opcode, payload = await self._frame()
            if opcode in (TEXT, BINARY):
                return opcode, payload
            if opcode == PING:
                await self.send(PONG, payload)
            elif opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else None
                self.writer.write(frame(CLOSE, payload))
                self.writer.close()
                raise ConnectionLost(f"closed: {code} {payload[2:].decode(errors='replace')}", code=code)

    async def _frame(self):
        try:
            first, second = await self.reader.readexactly(2)
            if first & 0x70 or second & 0x80 or not first & 0x80:
                raise AssertionError(f"the gateway sent a frame that it never sends: {first:02x} {second:02x}")
            count = second & 0x7F
            if count == 126:
                count = struct.unpack("!H", await self.reader.readexactly(2))[0]
            elif count == 127:
                count = struct.unpack("!Q", await self.reader.readexactly(8))[0]
        except (OSError, asyncio.IncompleteReadError) as error:
            raise ConnectionLost(f"the connection ended: {error}") from error
        opcode = first & 0x0F
        try:
            return opcode, await self.reader.readexactly(count)
        except asyncio.IncompleteReadError as error:
            partial = error.partial if opcode == BINARY else b""
            raise ConnectionLost("the connection ended inside a message", partial) from error
        except OSError as error:
            raise ConnectionLost(f"the connection ended inside a message: {error}") from error

    def abort(self):
        """Lets go of the connection at once, without a Close."""
        self.writer.transport.abort()
