"""A client that looks at the TLS session under SMTP: which certificate, whether it was resumed."""
import socket
import ssl


def client_context(version=None, certificate=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    if certificate:
        context.load_cert_chain(certificate.certificate, certificate.private_key)
    return context


class TlsClient:
    """EHLO, STARTTLS, EHLO. `implicit`: TLS from the first octet."""

    def __init__(self, port, context, name=None, session=None, implicit=False, address="127.0.0.1"):
        self.plain = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(address, 0))
        if implicit:
            self._secure(context, name, session)
            self._reply()
        else:
            self.reader = self.plain.makefile("rb")
            self._reply()
            self.say("EHLO client.example")
            assert self.say("STARTTLS").startswith("220 ")
            self._secure(context, name, session)
        self.ehlo = self.say("EHLO client.example")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.secret.close()

    def _secure(self, context, name, session):
        self.secret = context.wrap_socket(self.plain, server_hostname=name, session=session)
        self.plain = self.secret
        self.reader = self.secret.makefile("rb")

    def say(self, line):
        """The whole reply."""
        self.plain.sendall(line.encode() + b"\r\n")
        return self._reply()

    def _reply(self):
        lines = []
        while not lines or lines[-1][3:4] == "-":
            lines.append(self.reader.readline().decode())
            assert lines[-1], "the connection was closed"
        return "".join(lines)

    @property
    def certificate(self):
        """DER."""
        return self.secret.getpeercert(binary_form=True)
