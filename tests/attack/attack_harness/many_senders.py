"""A big sender, as a program: many_senders.py FILE, with JSON in it: `port`, `sources` (addresses), `connections`, `rate` (messages a second,
over all connections), `letters` (each `mail_from`, `recipients` and `message`, by name) and `order`, the names of the letters to send. All connections
are opened first, each from the next of the addresses; then each message goes at its time over the next connection, MAIL, RCPT and DATA
in one write. On standard output, as JSON: the seconds from a message's time to its final reply, by name and sorted; how often which code
came; and the first reply that was a refusal.
"""
import asyncio
import collections
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from network import bound_socket, server_address  # noqa: E402

WAIT_SECONDS = 30        # for one message
OPENINGS_A_SECOND = 250  # of connections


class Letter:
    def __init__(self, mail_from, recipients, message):
        commands = [f"MAIL FROM:<{mail_from}>", *(f"RCPT TO:<{one}>" for one in recipients), "DATA"]
        self.envelope = "".join(f"{one}\r\n" for one in commands).encode()
        self.replies = len(commands)
        self.content = f"{message}.\r\n".encode("latin-1")


class Senders:
    def __init__(self, settings):
        self.settings = settings
        self.letters = {name: Letter(**letter) for name, letter in settings["letters"].items()}
        self.codes, self.refusal, self.took = collections.Counter(), None, collections.defaultdict(list)

    async def reply(self, reader):
        """Whether it is positive."""
        while True:
            line = await reader.readuntil(b"\n")
            if line[3:4] != b"-":
                break
        self.codes[line[:3].decode("latin-1")] += 1
        if line[:1] in b"23":
            return True
        self.refusal = self.refusal or line.decode("latin-1").rstrip()
        return False

    async def open(self, source):
        made = bound_socket(source)
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, (server_address(source), self.settings["port"]))
        reader, writer = await asyncio.open_connection(sock=made)
        await self.reply(reader)
        writer.write(b"EHLO mail.costly.example\r\n")
        await self.reply(reader)
        return reader, writer, asyncio.Lock()

    async def send(self, connection, name, due):
        reader, writer, one_at_a_time = connection
        letter = self.letters[name]
        async with one_at_a_time:
            writer.write(letter.envelope)
            positive = [await self.reply(reader) for _ in range(letter.replies)]
            if all(positive):
                writer.write(letter.content)
                await self.reply(reader)
        self.took[name].append(asyncio.get_running_loop().time() - due)

    async def run(self):
        settings, loop = self.settings, asyncio.get_running_loop()
        openings = []
        for index in range(settings["connections"]):
            source = settings["sources"][index % len(settings["sources"])]
            openings.append(loop.create_task(self.open(source)))
            await asyncio.sleep(1 / OPENINGS_A_SECOND)
        connections = await asyncio.gather(*openings)
        begin, tasks = loop.time(), []
        for number, name in enumerate(settings["order"]):
            due = begin + number / settings["rate"]
            await asyncio.sleep(max(0, due - loop.time()))
            sending = self.send(connections[number % len(connections)], name, due)
            tasks.append(loop.create_task(asyncio.wait_for(sending, WAIT_SECONDS)))
        lost = [repr(one) for one in await asyncio.gather(*tasks, return_exceptions=True) if one is not None]
        for _, writer, _ in connections:
            writer.close()
        return {"took": {name: sorted(took) for name, took in self.took.items()}, "codes": self.codes, "refusal": self.refusal,
                "lost": lost[:3], "opened": len(connections), "seconds": loop.time() - begin}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Senders(json.loads(pathlib.Path(sys.argv[1]).read_text())).run())))
