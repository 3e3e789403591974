"""The bench's mail server takes what a real one would take."""

import smtplib

from treatments.demo.bench.sink import Taking, mail_sink

MESSAGE = b"Subject: x\r\n\r\nDATA\r\n..\r\nQUIT\r\n"


def test_takes_message_after_message():
    with mail_sink() as port, smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        for _ in range(3):
            assert client.sendmail("a@clinic.example", ["b@mail.example", "c@mail.example"], MESSAGE) == {}
        assert client.has_extn("pipelining")
        assert client.noop()[0] == 250


def test_commands_that_come_together_or_in_pieces():
    """Five letters at a time, two messages: each command and each message is answered once."""
    said = []

    class Transport:
        write = staticmethod(said.append)

    taking = Taking()
    taking.connection_made(Transport)
    breath = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n"
    everything = b"EHLO me\r\n" + 2 * (breath + MESSAGE + b".\r\n") + b"QUIT\r\n"
    for start in range(0, len(everything), 5):
        taking.data_received(everything[start : start + 5])
    codes = [line[:4] for line in b"".join(said).splitlines()]
    assert codes == [b"220 ", *[b"250-"] * 3, b"250 ", *2 * [b"250 ", b"250 ", b"354 ", b"250 "], b"221 "]
