"""Messages as octets, and what stands in them when they come out behind Gatepost."""
import re


def compose(author, to="inbox@ours.example", subject="a test", body="Hello.\r\n", fields=()):
    """A message with CRLF line ends. author: the From field's body, or None for a message without one."""
    lines = [*fields]
    if author is not None:
        lines.append(f"From: {author}")
    lines += [f"To: <{to}>", f"Subject: {subject}", "Date: Tue, 24 Nov 2026 10:00:00 +0000",
              f"Message-ID: <{abs(hash((author, subject, body)))}@client.example>"]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1")


def fields_of(octets):
    """The header fields in order: (name in lower case, unfolded body)."""
    header = octets.partition(b"\r\n\r\n")[0].decode("latin-1")
    unfolded = re.sub(r"\r\n(?=[ \t])", "", header)
    return [(name.lower(), body.strip()) for name, _, body in
            (line.partition(":") for line in unfolded.split("\r\n"))]


def field(octets, name):
    """The body of the only field of this name."""
    bodies = [body for field_name, body in fields_of(octets) if field_name == name.lower()]
    assert len(bodies) == 1, (name, bodies)
    return bodies[0]


def claims(authentication_results):
    """{'spf': ['pass'], 'dkim': [...], 'dmarc': [...]}: the results of each method, comments left out."""
    found = {}
    text = re.sub(r"\([^()]*\)", "", authentication_results)
    for method, result in re.findall(r";\s*([a-z]+)\s*=\s*([a-z]+)", text):
        found.setdefault(method, []).append(result)
    return found
