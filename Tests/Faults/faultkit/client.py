"""The gateway's protocol (docs/protocol.md) from a client's side."""

import asyncio
import json

from .websocket import BINARY, TEXT, ConnectionLost, WebSocket

#: No answer takes longer than this, in seconds, however slow the machine is.
PATIENCE = 60


#: What receives for clients that are still open.
_RECEIVING = set()


class Unexpected(Exception):
    """The gateway answered with an ERROR; `code` tells which."""

    def __init__(self, request, answer):
        super().__init__(f"{request.get('type')} {request.get('streamId', '')}: {answer.get('code')}: {answer.get('message')}")
        self.code = answer.get("code")
        self.answer = answer


class Client:
    """One connection. Questions are asked one after another, by one task; acknowledgements come whenever they do."""

    def __init__(self, socket):
        self.socket = socket
        self.answers = asyncio.Queue()
        self.on_ack = lambda offset, durable: None
        #: An ERROR that came without a question: an upload that failed.
        self.upload_error = None
        self.receiving = asyncio.create_task(self._receive())
        # Asyncio itself holds a task by a weak reference only.
        _RECEIVING.add(self.receiving)
        self.receiving.add_done_callback(_RECEIVING.discard)

    @classmethod
    async def open(cls, port, **options):
        async with asyncio.timeout(PATIENCE):
            return cls(await WebSocket.open(port, **options))

    async def _receive(self):
        try:
            while True:
                opcode, payload = await self.socket.receive()
                if opcode == BINARY:
                    self.answers.put_nowait(payload)
                    continue
                message = json.loads(payload)
                if message["type"] == "ACK":
                    self.on_ack(message["offset"], message["durableOffset"])
                elif message["type"] == "ERROR" and "requestId" not in message and message.get("code") != "bad_message":
                    # Every question below has a requestId, so this is about bytes that were sent.
                    self.upload_error = message
                elif message["type"] != "CONNECTED":
                    self.answers.put_nowait(message)
        except Exception as error:  # It is raised where the answer is waited for.
            self.answers.put_nowait(error)

    async def close(self):
        """Ends the connection without a word."""
        self.receiving.cancel()
        self.socket.abort()
        await asyncio.gather(self.receiving, return_exceptions=True)

    async def answer(self, patience=PATIENCE):
        """The next answer: a dictionary, or bytes."""
        async with asyncio.timeout(patience):
            answer = await self.answers.get()
        if isinstance(answer, Exception):
            self.answers.put_nowait(answer)
            raise answer
        return answer

    async def tell(self, **message):
        """Sends a control message."""
        await self.socket.send(TEXT, json.dumps(message).encode())

    async def ask(self, **message):
        """Asks, and returns the answer; raises Unexpected where it is an ERROR."""
        message.setdefault("requestId", 1)
        await self.tell(**message)
        answer = await self.answer()
        if isinstance(answer, dict) and answer["type"] == "ERROR":
            raise Unexpected(message, answer)
        return answer

    async def start(self, stream, **options):
        """START; the offset to go on from."""
        self.upload_error = None
        return (await self.ask(type="START", streamId=stream, **options))["offset"]

    async def append(self, data):
        """Sends bytes of the open upload."""
        await self.socket.send(BINARY, data)

    async def stop(self, stream, **options):
        """STOP; the facts about the sealed stream."""
        return await self.ask(type="STOP", streamId=stream, **options)

    async def get(self, stream, offset, length):
        """Bytes from `offset` on; empty at the end of the stream."""
        try:
            return await self.ask(type="GET", streamId=stream, offset=offset, length=length)
        except Unexpected as error:
            if error.code in ("not_yet", "end"):
                return b""
            raise

    async def read(self, stream, size):
        """The first `size` bytes, by requests that are sent ahead."""
        piece = 256 << 10
        offsets = list(range(0, size, piece))
        sent = 0
        parts = []
        for index, offset in enumerate(offsets):
            while sent < len(offsets) and sent < index + 8:
                length = min(piece, size - offsets[sent])
                await self.tell(type="GET", streamId=stream, offset=offsets[sent], length=length, requestId=sent)
                sent += 1
            answer = await self.answer()
            if isinstance(answer, dict):
                raise Unexpected({"type": "GET", "streamId": stream}, answer)
            parts.append(answer)
        return b"".join(parts)

    async def drop_answers(self):
        """Passes over the answers that are still to come."""
        await self.tell(type="PING", requestId="end")
        while True:
            answer = await self.answer()
            if isinstance(answer, dict) and answer.get("requestId") == "end":
                return

    async def info(self, stream):
        """The facts about a stream, or None where there is none."""
        try:
            return await self.ask(type="INFO", streamId=stream)
        except Unexpected as error:
            if error.code == "stream_not_found":
                return None
            raise

    async def list(self):
        """The facts about every stream, by id."""
        streams = {}
        after = {}
        while True:
            page = await self.ask(type="LIST", limit=500, **after)
            for info in page["streams"]:
                if info["streamId"] in streams:
                    raise AssertionError(f"LIST has {info['streamId']} twice")
                streams[info["streamId"]] = info
            if "next" not in page:
                return streams
            after = {"after": page["next"]}


__all__ = ["Client", "ConnectionLost", "Unexpected", "PATIENCE"]
