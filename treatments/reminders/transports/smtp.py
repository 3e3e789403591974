"""SMTP in half the round trips: sender, recipient and DATA are said in one breath where the server allows it.

RFC 2920. After a refusal who sends drops the connection (`email.send_email`), so that nothing half-said remains.
"""

import re
import smtplib

from django.core.mail.backends import smtp


class _InOneBreath:
    def sendmail(self, from_addr, to_addrs, msg, mail_options=(), rcpt_options=()):
        """As smtplib's, for one recipient; several, or a server that wants to answer first, go smtplib's way."""
        self.ehlo_or_helo_if_needed()
        if len(to_addrs) != 1 or isinstance(msg, str) or not self.has_extn("pipelining"):
            return super().sendmail(from_addr, to_addrs, msg, mail_options, rcpt_options)
        (to_addr,) = to_addrs
        size = f" size={len(msg)}" if self.has_extn("size") else ""
        sender, recipient = smtplib.quoteaddr(from_addr), smtplib.quoteaddr(to_addr)
        self.send(f"MAIL FROM:{sender}{size}\r\nRCPT TO:{recipient}\r\nDATA\r\n")
        self._expect(250, lambda code, text: smtplib.SMTPSenderRefused(code, text, from_addr))
        self._expect((250, 251), lambda code, text: smtplib.SMTPRecipientsRefused({to_addr: (code, text)}))
        self._expect(354, smtplib.SMTPDataError)
        content = re.sub(rb"(?m)^\.", b"..", msg)
        self.send(content + (b".\r\n" if content.endswith(b"\r\n") else b"\r\n.\r\n"))
        self._expect(250, smtplib.SMTPDataError)
        return {}

    def _expect(self, wanted, refusal) -> None:
        code, text = self.getreply()
        if code not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            raise refusal(code, text)


class Smtp(_InOneBreath, smtplib.SMTP):
    pass


class SmtpOverTls(_InOneBreath, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self):
        return SmtpOverTls if self.use_ssl else Smtp
