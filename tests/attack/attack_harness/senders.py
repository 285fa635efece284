"""Senders who must not notice an attack, as a program: senders.py FILE, with JSON in it: `port`, `every` (seconds) and
`senders`, each with `who`, `source`, `helo`, `mail_from`, `recipient` and `message`. Each begins a message at its time, whether
the one before has come to its end or not, over a connection of its own, one command at a time. What became of it is a line of
JSON on standard output: who, number, the time at which it began (CLOCK_MONOTONIC), the seconds from connect to the final reply,
the reply, and what each step took. SIGTERM: no more messages, and the end when all are done.
"""
import asyncio
import json
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from network import bound_socket, server_address  # noqa: E402

MESSAGE_SECONDS = 60
STEPS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "message")


async def read_reply(reader):
    while True:
        line = (await reader.readuntil(b"\n")).decode("latin-1").rstrip()
        if line[3:4] != "-":
            return line


async def deliver(port, sender, number, steps):
    """The first refusal, or the final reply. `steps`: when each reply came."""
    made = bound_socket(sender["source"])
    made.setblocking(False)
    await asyncio.get_running_loop().sock_connect(made, (server_address(sender["source"]), port))
    reader, writer = await asyncio.open_connection(sock=made)
    try:
        numbered = f"X-Number: {sender['who']}-{number}\r\n{sender['message']}.\r\n".encode("latin-1")
        reply = await read_reply(reader)
        steps.append(time.monotonic())
        for octets in (f"EHLO {sender['helo']}\r\n".encode(), f"MAIL FROM:<{sender['mail_from']}>\r\n".encode(),
                       f"RCPT TO:<{sender['recipient']}>\r\n".encode(), b"DATA\r\n", numbered):
            if reply[:1] not in "23":
                break
            writer.write(octets)
            reply = await read_reply(reader)
            steps.append(time.monotonic())
        return reply
    finally:
        writer.close()


async def report(port, sender, number):
    began = time.monotonic()
    steps = [began]
    try:
        reply = await asyncio.wait_for(deliver(port, sender, number, steps), MESSAGE_SECONDS)
    except (OSError, EOFError, asyncio.TimeoutError) as error:
        reply = f"lost: {error!r}"
    print(json.dumps({"who": sender["who"], "number": number, "began": began, "took": time.monotonic() - began, "reply": reply,
                      "steps": {name: round(to - since, 3) for name, since, to in zip(STEPS, steps, steps[1:])}}), flush=True)


async def run(settings):
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    begin, number, open_ones = loop.time(), 0, set()
    while not ended.is_set():
        for sender in settings["senders"]:
            task = loop.create_task(report(settings["port"], sender, number))
            open_ones.add(task)
            task.add_done_callback(open_ones.discard)
        number += 1
        try:
            await asyncio.wait_for(ended.wait(), max(0.001, begin + number * settings["every"] - loop.time()))
        except asyncio.TimeoutError:
            pass
    await asyncio.gather(*open_ones)


if __name__ == "__main__":
    asyncio.run(run(json.loads(pathlib.Path(sys.argv[1]).read_text())))
