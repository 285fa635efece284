"""A crowd of clients that keep their connections and send one message after another. It runs as a program of its own, so that
the test's process has its time for the sink: load_client.py PORT SOURCE CONNECTIONS MESSAGES SENDER RECIPIENT...

Every second connection sends its commands one at a time, so that a transaction of it takes five round trips; the others
pipeline. What became of each message goes to standard output, as JSON: number -> the codes of all replies, the final reply.
A connection that is lost, and a reply that is none, end the program with an error.
"""
import asyncio
import json
import sys


async def read_reply(reader):
    while True:
        line = (await reader.readuntil(b"\r\n")).decode()
        if line[3] == " ":
            return line.rstrip()


async def send_message(reader, writer, number, sender, recipients, pipelined):
    commands = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{recipient}>" for recipient in recipients), "DATA"]
    codes = []
    for group in [commands] if pipelined else [[command] for command in commands]:
        writer.write("".join(command + "\r\n" for command in group).encode())
        codes += [(await read_reply(reader))[:3] for _ in group]
    assert codes[-1] == "354", codes
    writer.write(f"From: <{sender}>\r\nSubject: message-{number}\r\n\r\nHello.\r\n.\r\n".encode())
    return codes, await read_reply(reader)


async def run_connection(port, source, numbers, sender, recipients, pipelined, outcomes):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    assert (await read_reply(reader)).startswith("220 ")
    writer.write(b"EHLO client.example\r\n")
    assert (await read_reply(reader)).startswith("250 ")
    for number in numbers:
        outcomes[number] = await send_message(reader, writer, number, sender, recipients, pipelined)
    writer.write(b"QUIT\r\n")
    assert (await read_reply(reader)).startswith("221 ")
    writer.close()


async def run(port, source, connections, messages, sender, *recipients):
    outcomes = {}
    await asyncio.gather(*(run_connection(int(port), source, range(first, int(messages), int(connections)), sender,
                                          recipients, first % 2 == 0, outcomes) for first in range(int(connections))))
    return outcomes


if __name__ == "__main__":
    json.dump(asyncio.run(run(*sys.argv[1:])), sys.stdout)
