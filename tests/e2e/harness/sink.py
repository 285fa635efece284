"""The mail system behind Gatepost, as the tests need it: keeps what it is given, and refuses or goes away when told.

It is a plain SMTP server (RFC 5321) in a thread. Postfix's smtp-sink stands beside it where nothing must be refused.
"""
import asyncio
import dataclasses
import threading

from .process import free_port


@dataclasses.dataclass
class Message:
    reverse_path: str
    recipients: list
    octets: bytes  # as received, dots unstuffed, CRLF line ends
    tls: dict = None  # of its connection: the version, and what the client's certificate says; None in the clear
    parameters: str = ""  # of MAIL
    recipient_parameters: list = dataclasses.field(default_factory=list)  # what follows the path of each RCPT


USUAL_EXTENSIONS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "SMTPUTF8")
CLOSES = None  # for Sink.fail
LINE_OCTETS = 16 * 1024 * 1024  # longer than any line of the tests


class Sink:
    def __init__(self):
        self.port = free_port()
        self.messages = []
        self.refuse_recipient = {}  # address -> reply line
        self.refuse_mail = None     # reply line to MAIL FROM
        self.refuse_message = None  # reply line after the final dot
        self.drop_after_data = False  # closes after the final dot and neither keeps nor answers
        self.late = {}  # ("RCPT" or "message", address) -> seconds that the reply takes
        self._all_answered = asyncio.Event()
        self.fail = {}  # verb, "greeting" or "content" -> reply line instead of its own, or CLOSES; 421 closes too
        self.verbs = []  # of all commands
        self.tls = None             # an ssl.SSLContext: STARTTLS is offered
        self.starttls_reply = None  # reply to STARTTLS instead of 220, without a handshake
        self.behind_starttls = b""  # octets in the clear behind that 220
        self.extensions = None      # EHLO keywords instead of the usual ones
        self.extensions_in_tls = ()  # EHLO keywords of sessions under TLS alone
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = None
        self._sessions = set()
        self.come_back()

    def reset(self):
        self.messages.clear()
        self.refuse_recipient.clear()
        self.refuse_mail = self.refuse_message = None
        self.drop_after_data = False
        self.late.clear()
        self._all_answered = asyncio.Event()
        self.fail.clear()
        self.verbs.clear()
        self.tls = self.starttls_reply = None
        self.behind_starttls, self.extensions_in_tls, self.extensions = b"", (), None
        self.come_back()

    def come_back(self):
        if self._server is None:
            self._server = self._run(asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=LINE_OCTETS))

    def go_away(self):
        """Closes the listener and every connection."""
        if self._server is not None:
            self._run(self._close())
            self._server = None

    def stop(self):
        self.go_away()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def answer_all(self):
        """What is late is answered now, and nothing is late any more."""
        self.late.clear()
        self._loop.call_soon_threadsafe(self._all_answered.set)

    def only_message(self):
        assert len(self.messages) == 1, [(m.reverse_path, m.recipients) for m in self.messages]
        return self.messages[0]

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _close(self):
        self._server.close()
        for task in list(self._sessions):
            task.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._sessions.add(task)
        try:
            await self._session(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):  # TLS fails by OSError
            pass
        finally:
            self._sessions.discard(task)
            writer.close()

    async def _be_late(self, step, addresses):
        seconds = max((self.late.get((step, address), 0) for address in addresses), default=0)
        if seconds:
            try:
                await asyncio.wait_for(self._all_answered.wait(), seconds)
            except asyncio.TimeoutError:
                pass

    async def _session(self, reader, writer):
        def reply(text):
            writer.write(text.encode() + b"\r\n")

        if "greeting" in self.fail:
            reply(self.fail["greeting"] or "")
            return
        reply("220 sink.example ESMTP")
        message = Message("", [], b"")
        secured = None
        while True:
            await writer.drain()
            line = (await reader.readuntil(b"\n")).decode("utf-8", "replace").rstrip("\r\n")
            verb = line.split(" ")[0].split(":")[0].upper()
            self.verbs.append(verb)
            if verb in self.fail:
                if self.fail[verb] is CLOSES:
                    return
                reply(self.fail[verb])
                if self.fail[verb].startswith("421"):
                    await writer.drain()
                    return
            elif verb == "EHLO":
                offers = list(USUAL_EXTENSIONS if self.extensions is None else self.extensions)
                offers += self.extensions_in_tls if secured else ["STARTTLS"] if self.tls else []
                reply("\r\n".join(["250-sink.example", *(f"250-{offer}" for offer in offers),
                                   "250 ENHANCEDSTATUSCODES"]))
            elif verb == "STARTTLS" and self.tls and not secured:
                writer.write((self.starttls_reply or "220 2.0.0 go on").encode() + b"\r\n" + self.behind_starttls)
                await writer.drain()
                if self.starttls_reply is None:
                    await writer.start_tls(self.tls)
                    line = writer.get_extra_info("ssl_object")
                    secured = {"version": line.version(), "peer": line.getpeercert()}
            elif verb == "MAIL":
                message = Message(_path(line), [], b"", secured, line.partition(">")[2])
                reply(self.refuse_mail or "250 2.1.0 sender taken")
            elif verb == "RCPT":
                await self._be_late("RCPT", [_path(line)])
                refusal = self.refuse_recipient.get(_path(line))
                if refusal is None:
                    message.recipients.append(_path(line))
                    message.recipient_parameters.append(line.partition(">")[2])
                reply(refusal or "250 2.1.5 recipient taken")
            elif verb == "DATA" and not message.recipients:
                reply("554 5.5.1 no valid recipients")
            elif verb == "DATA":
                reply("354 go on")
                await writer.drain()
                if "content" in self.fail:
                    await reader.readuntil(b"\n")
                    return
                message.octets = await _read_data(reader)
                if self.drop_after_data:
                    return
                await self._be_late("message", message.recipients)
                if self.refuse_message is None:
                    self.messages.append(message)
                reply(self.refuse_message or "250 2.0.0 kept")
                message = Message("", [], b"")
            elif verb == "QUIT":
                reply("221 2.0.0 bye")
                await writer.drain()
                return
            elif verb in ("RSET", "NOOP", "XFORWARD", "HELO"):
                reply("250 2.0.0 fine")
            else:
                reply("500 5.5.1 what?")


def _path(line):
    return line.partition("<")[2].partition(">")[0]


async def _read_data(reader):
    lines = []
    while True:
        line = await reader.readuntil(b"\n")
        if line == b".\r\n":
            return b"".join(lines)
        lines.append(line[1:] if line.startswith(b".") else line)
