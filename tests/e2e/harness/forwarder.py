"""Stands between Gatepost and a DNS server: loses and delays what passes, over UDP and TCP on one port."""
import asyncio
import random
import threading

from .process import free_port


class _Relay(asyncio.DatagramProtocol):
    """Datagrams of one client on their way back."""

    def __init__(self, forwarder, client):
        self._forwarder, self._client = forwarder, client

    def datagram_received(self, data, address):
        self._forwarder.pass_on(self._forwarder.front.sendto, data, self._client)


class _Front(asyncio.DatagramProtocol):
    def __init__(self, forwarder):
        self._forwarder = forwarder

    def datagram_received(self, data, address):
        asyncio.ensure_future(self._forwarder.ask(data, address))


class Forwarder:
    """`loss`: the share of datagrams that are lost, each way. `delay`: seconds, each way for datagrams and once for a
    connection. The losses are the same in each run."""

    def __init__(self, upstream_port, loss=0.0, delay=0.0, seed=1):
        self.port = free_port()
        self.loss, self.delay = loss, delay
        self.datagrams = self.lost = self.connections = 0
        self.front = None
        self._upstream = ("127.0.0.1", upstream_port)
        self._random = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        if not started.wait(5):
            raise TimeoutError("the forwarder did not start")

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def pass_on(self, send, data, address):
        self.datagrams += 1
        if self._random.random() < self.loss:
            self.lost += 1
        else:
            self._loop.call_later(self.delay, send, data, address)

    async def ask(self, data, client):
        transport, _ = await self._loop.create_datagram_endpoint(lambda: _Relay(self, client), remote_addr=self._upstream)
        self.pass_on(lambda octets, _: transport.sendto(octets), data, None)
        self._loop.call_later(10, transport.close)

    async def _connect(self, reader, writer):
        self.connections += 1
        await asyncio.sleep(self.delay)
        up_reader, up_writer = await asyncio.open_connection(*self._upstream)
        await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer), return_exceptions=True)

    @staticmethod
    async def _pump(reader, writer):
        while octets := await reader.read(65536):
            writer.write(octets)
            await writer.drain()
        writer.close()

    def _run(self, started):
        asyncio.set_event_loop(self._loop)
        self.front, _ = self._loop.run_until_complete(
            self._loop.create_datagram_endpoint(lambda: _Front(self), local_addr=("127.0.0.1", self.port)))
        server = self._loop.run_until_complete(asyncio.start_server(self._connect, "127.0.0.1", self.port))
        self._loop.call_soon(started.set)
        self._loop.run_forever()
        server.close()
        self.front.close()
