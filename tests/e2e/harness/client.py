"""swaks as the client: one message, octet by octet as given, from a chosen address."""
import dataclasses
import re
import subprocess

CLIENT_SECONDS = 30


@dataclasses.dataclass
class Transcript:
    text: str

    @property
    def reply(self):
        """The reply that decided: the first refusal, else the one to the end of data."""
        refusals = re.findall(r"^<[*~]\* +(.*)$", self.text, re.M)
        if refusals:
            return refusals[0]
        return re.findall(r"lines sent\n<[-~] +(.*)$", self.text, re.M)[0]

    @property
    def code(self):
        return int(self.reply[:3])


def stuff(octets):
    """The message as DATA carries it (RFC 5321 §4.5.2), with the final dot; swaks itself ends that line."""
    return b"".join(b"." + line if line.startswith(b".") else line
                    for line in octets.splitlines(keepends=True)) + b"."


def swaks(port, message, client, mail_from, rcpt_to, helo="client.example", options=()):
    """Sends the octets of a message. rcpt_to: an address or several with commas."""
    command = ["swaks", "--server", "127.0.0.1", "--port", str(port), "--local-interface", client,
               "--helo", helo, "--from", mail_from, "--to", rcpt_to, "--timeout", f"{CLIENT_SECONDS}s",
               "--no-data-fixup", "--suppress-data", "--data", "-", *options]
    done = subprocess.run(command, input=stuff(message), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=CLIENT_SECONDS + 10)
    return Transcript(done.stdout.decode("utf-8", "replace"))
