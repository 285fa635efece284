"""A client that sends octets as they are given, and knows no SMTP but where a reply ends."""
import re
import socket

REPLY_SECONDS = 30


class RawClient:
    def __init__(self, port, source="127.0.0.1", greeted=True, first=b""):
        """first: octets that come before the greeting, as a proxy's do."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=REPLY_SECONDS, source_address=(source, 0))
        self._reader = self.socket.makefile("rb")
        self.send(first)
        if greeted:
            assert self.reply().startswith("220 ")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._reader.close()
        self.socket.close()

    def secure(self, context):
        """The TLS handshake, where the reply to STARTTLS was 220."""
        self._reader.close()
        self.socket = context.wrap_socket(self.socket)
        self._reader = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """One reply, its lines with LF between them; empty where the connection is closed."""
        lines = []
        while True:
            line = self._reader.readline().decode("ascii")
            lines.append(line.rstrip("\r\n"))
            if line[3:4] != "-":
                return "\n".join(lines)

    def say(self, line):
        self.send(line if isinstance(line, bytes) else line.encode() + b"\r\n")
        return self.reply()

    def codes(self, octets, count):
        """Sends octets, and gives the codes of the next replies."""
        self.send(octets)
        return [self.reply()[:3] for _ in range(count)]

    def envelope(self, sender, recipient="inbox@ours.example", parameters=""):
        """EHLO to RCPT; gives what EHLO offers: keyword -> its parameters."""
        hello = self.say("EHLO client.example")
        assert self.say(f"MAIL FROM:<{sender}>{parameters}").startswith("250 ")
        assert self.say(f"RCPT TO:<{recipient}>").startswith("250 ")
        return {keyword: words for keyword, words in re.findall(r"^250[- ](\S+) ?(.*)$", hello, re.M)}

    def deliver(self, message, sender, recipient="inbox@ours.example"):
        """One message by DATA; gives the reply that decided."""
        for line in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
            reply = self.say(line)
            if reply[0] in "45":
                return reply
        self.send(message + b".\r\n")
        return self.reply()


def bdat(octets, last=False):
    return b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets
