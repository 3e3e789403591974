"""A mail server and a provider of text messages that behave as badly as the address or number asks."""

import asyncio
import json
import logging
import threading
import time
from collections import Counter
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.services import free_port

HOST = "127.0.0.1"
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every step of every message


PLAIN = {"": (200, {"id": "provider-1"}), "400": (400, {}), "429": (429, {}), "500": (500, {})}
TWILIO = {
    "": (201, {"sid": "SM0123", "status": "queued", "error_code": None}),
    "211": (400, {"code": 21211, "message": "Invalid 'To' Phone Number: +34600000211", "status": 400}),
    "401": (401, {"code": 20003, "message": "Authenticate", "status": 401}),
    "429": (429, {"code": 20429, "message": "Too Many Requests", "status": 429}),
    "500": (500, {"code": 20500, "status": 500}),
}


class MailSink:
    """Accepts everything, except that an address like 451@... gets that answer.

    After the message cut@... gets none, hang@... gets none in a minute, and slow@... one after some seconds.
    """

    PAUSES = {"hang": 60.0, "slow": 4.0}

    def __init__(self, delay: float = 0.0):
        self.delay = delay
        self.messages = []
        self.connections = 0
        self.port = free_port()

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *exception):
        self.close()

    def open(self) -> None:
        self.controller = Controller(self, hostname=HOST, port=self.port)
        self.controller.start()

    def close(self) -> None:
        """From now on connections are refused."""
        self.controller.stop()

    @property
    def count(self) -> Counter:
        return Counter(message["Message-ID"] for message in self.messages)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("553@"):
            return "553 5.1.8 no such sender"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        code = address.partition("@")[0]
        if code in {"421", "451", "550"}:
            return f"{code} {code[0]}.7.1 <{address}> not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope):
        self.messages.append(message_from_bytes(envelope.content))
        if pause := self.PAUSES.get(envelope.rcpt_tos[0].partition("@")[0], self.delay):
            await asyncio.sleep(pause)
        if envelope.rcpt_tos[0].startswith("cut@"):
            server.transport.abort()
        return "554 5.7.1 no" if envelope.rcpt_tos[0].startswith("554@") else "250 OK"


class SmsSink:
    """Answers 200 with an id; a number that ends in 429, 400 or 500 gets that; in 999 a cut; in 888 silence.

    Who sends a form instead of JSON is answered as Twilio answers; a number that ends in 211 is then an invalid one.
    """

    def __init__(self, delay: float = 0.0):
        self.delay = delay
        self.received = []

    def __enter__(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                is_form = self.headers["Content-Type"].endswith("form-urlencoded")
                content = dict(parse_qsl(body)) if is_form else json.loads(body)
                sink.received.append(content | {"token": self.headers["Authorization"], "path": self.path})
                sink.answer(self, content["To" if is_form else "to"][-3:], TWILIO if is_form else PLAIN)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self.server.server_address[1]}/send?x=1"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()

    @property
    def count(self) -> Counter:
        return Counter(message["reference"] for message in self.received)

    def answer(self, handler, wish: str, answers: dict) -> None:
        if self.delay:
            time.sleep(self.delay)
        if wish == "888":
            time.sleep(1)
        if wish in {"888", "999"}:
            handler.connection.close()
            return
        status, content = answers.get(wish, answers[""])
        body = json.dumps(content).encode()
        handler.send_response(status)
        if status == 429:
            handler.send_header("Retry-After", "600")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
