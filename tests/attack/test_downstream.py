"""A server behind that is slow where the attacker likes: what strangers may have of the connections to it is shared out."""
import time

from test_recipients import RECORDS, TRANSACTION

from attack_harness.attackers import Flood

SECONDS = 8
MESSAGE = "From: a@b.attacker.example\r\n\r\nx\r\n"


def well_at_the_end(sink):
    """The attack is over when the server behind answers again: its own time is not ours to give back."""
    def wait(_):
        time.sleep(SECONDS)
        sink.answer_all()
    return wait


def test_a_final_reply_after_a_minute(fight, sources, shared_sink):
    """A good client waited for half a minute, and got 451."""
    shared_sink.late["message", "slow@ours.example"] = 60
    payload = TRANSACTION.replace("inbox", "slow") + f"BDAT {len(MESSAGE)} LAST\r\n{MESSAGE}"
    fight("5: a final reply after 60 s", [Flood(sources, payload, 50 * len(sources), limit=1)], RECORDS, seconds=SECONDS,
          during=well_at_the_end(shared_sink))


def test_recipients_that_take_long(fight, sources, shared_sink):
    """Each transaction has a connection for twenty seconds, and its client lets nothing wait."""
    shared_sink.late["RCPT", "slow@ours.example"] = 0.2
    payload = "MAIL FROM:<a@b.attacker.example>\r\n" + "RCPT TO:<slow@ours.example>\r\n" * 99 + "RSET\r\n"
    fight("5: recipients of 200 ms each", [Flood(sources, payload, 50 * len(sources), limit=20)], RECORDS, seconds=SECONDS,
          during=well_at_the_end(shared_sink))


def test_a_recipient_without_a_reply(fight, sources, shared_sink):
    """The server behind hangs at RCPT; each try has four minutes."""
    shared_sink.late["RCPT", "slow@ours.example"] = 600
    payload = TRANSACTION.replace("inbox", "slow")
    fight("5: no reply to RCPT", [Flood(sources, payload, 50 * len(sources), limit=1)], RECORDS, seconds=SECONDS,
          during=well_at_the_end(shared_sink))
