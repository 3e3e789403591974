"""A mail server that takes everything and keeps nothing, in a process of its own: it must not be the brake.

`python -m treatments.demo.bench.sink` tells its port on the first line, and ends when its input does.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"
ABLE = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 33554432\r\n"
ANSWERS = {b"EHLO": ABLE, b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
END_OF_LINE, END_OF_MESSAGE = b"\r\n", b"\r\n.\r\n"


class Taking(asyncio.Protocol):
    """One connection. Commands may come several at a time (RFC 2920)."""

    def connection_made(self, transport):
        self.transport, self.rest, self.until = transport, b"", END_OF_LINE
        transport.write(b"220 sink\r\n")

    def data_received(self, data):
        self.rest += data
        answers = []
        while self.until in self.rest:
            taken, _end, self.rest = self.rest.partition(self.until)
            answers.append(self._answer(taken))
        self.transport.write(b"".join(answers))

    def _answer(self, taken: bytes) -> bytes:
        if self.until == END_OF_MESSAGE:
            self.until = END_OF_LINE
            return b"250 taken\r\n"
        word = taken[:4].upper()
        if word == b"DATA":
            self.until = END_OF_MESSAGE
        return ANSWERS.get(word, b"250 well\r\n")


@contextmanager
def mail_sink() -> Iterator[int]:
    """Its port."""
    command = [sys.executable, "-m", __name__]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate()


async def serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Taking, HOST, 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
