"""One attacker, as a program: flood.py FILE, with JSON in it (see Flood in attackers.py). It opens connections, says
`opening` on each, then `payload` again and again, as fast as it is taken or every `pause` seconds, and begins anew where it
is cut off. %N% becomes a number. SIGTERM ends it; then it writes as JSON what it has sent and what was answered.
"""
import asyncio
import collections
import json
import os
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from network import bound_socket, server_address  # noqa: E402

CHUNK = 64 * 1024  # payloads are written in about so many octets at a time
CONNECT_SECONDS = 30


class Flood:
    def __init__(self, settings):
        self.port = settings["port"]
        self.sources = settings["sources"]
        self.connections = settings["connections"]
        self.opening = settings["opening"].encode("latin-1")
        self.payload = settings["payload"].encode("latin-1")
        self.pause = settings["pause"]
        self.again = settings["again"]
        self.limit = settings["limit"]
        self.number = settings["first_number"]
        self.sent = self.opened = self.failed = self.cut = self.open = self.most_open = 0
        self.codes = collections.Counter()
        repeated = max(1, CHUNK // max(1, len(self.payload))) if self.pause == 0 else 1
        self.in_chunk = min(repeated, self.limit) if self.limit else repeated
        self.fixed = self.payload * self.in_chunk if b"%N%" not in self.payload else None

    def chunk(self):
        if self.fixed is not None:
            return self.fixed
        parts = []
        for _ in range(self.in_chunk):
            self.number += 1
            parts.append(self.payload.replace(b"%N%", b"%d" % self.number))
        return b"".join(parts)

    async def keep_one(self, index):
        """One connection after the other, from a source of its own."""
        source = self.sources[index % len(self.sources)]
        loop = asyncio.get_running_loop()
        while True:
            made = bound_socket(source)
            made.setblocking(False)
            try:
                await asyncio.wait_for(loop.sock_connect(made, (server_address(source), self.port)), CONNECT_SECONDS)
                _, connection = await loop.create_connection(lambda: Connection(self), sock=made)
                await connection.ended
            except (OSError, asyncio.TimeoutError):
                self.failed += 1
                made.close()
            await asyncio.sleep(self.again)

    async def run(self):
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.finish)
        tasks = []
        for index in range(self.connections):
            tasks.append(loop.create_task(self.keep_one(index)))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    def finish(self):
        json.dump({"sent": self.sent, "opened": self.opened, "failed": self.failed, "cut": self.cut,
                   "most_open": self.most_open, "codes": self.codes}, sys.stdout)
        sys.stdout.flush()
        os._exit(0)  # the kernel closes the connections faster


class Connection(asyncio.Protocol):
    def __init__(self, flood):
        self._flood = flood
        self._may_write = self._greeted = False
        self._left = flood.limit  # payloads; 0: without end
        self._rest = b""
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        flood = self._flood
        flood.opened += 1
        flood.open += 1
        flood.most_open = max(flood.most_open, flood.open)
        self._transport = transport
        transport.set_write_buffer_limits(CHUNK)

    def data_received(self, data):
        codes = self._flood.codes
        text = self._rest + data
        end = text.rfind(b"\n") + 1
        self._rest = text[end:]
        for line in text[:end].split(b"\r\n")[:-1]:
            if line[3:4] == b" ":
                codes[line[:3].decode("latin-1")] += 1
        if not self._greeted:
            self._greeted = True
            self._write(self._flood.opening)
            self._may_write = True
            self._go_on()

    def pause_writing(self):
        self._may_write = False

    def resume_writing(self):
        if not self._may_write:
            self._may_write = True
            self._go_on()

    def connection_lost(self, _):
        self._flood.sent -= self._unsent()
        self._may_write = False
        self._flood.open -= 1
        self._flood.cut += 1
        if not self.ended.done():
            self.ended.set_result(None)

    def _unsent(self):
        return self._transport.get_write_buffer_size()

    def _write(self, octets):
        self._flood.sent += len(octets)
        self._transport.write(octets)

    def _go_on(self):
        flood = self._flood
        if not self._may_write or not flood.payload or self._transport.is_closing():
            return
        self._write(flood.chunk())
        if self._left:
            self._left = max(0, self._left - flood.in_chunk)
            if self._left == 0:
                return
        loop = asyncio.get_running_loop()
        loop.call_later(flood.pause, self._go_on) if flood.pause else loop.call_soon(self._go_on)


if __name__ == "__main__":
    asyncio.run(Flood(json.loads(pathlib.Path(sys.argv[1]).read_text())).run())
