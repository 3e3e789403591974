"""A mail server and a provider of text messages that behave as badly as the address or number asks."""

import asyncio
import json
import logging
import threading
import time
from collections import Counter
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from tests.services import free_port

HOST = "127.0.0.1"
logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd tells every step of every message


class MailSink:
    """Accepts everything, except that an address like 451@... gets that answer, and cut@... none after the message."""

    def __init__(self, delay: float = 0.0):
        self.delay = delay
        self.messages = []
        self.connections = 0
        self.controller = Controller(self, hostname=HOST, port=free_port())

    def __enter__(self):
        self.controller.start()
        self.port = self.controller.port
        return self

    def __exit__(self, *exception):
        self.controller.stop()

    @property
    def count(self) -> Counter:
        return Counter(message["Message-ID"] for message in self.messages)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        code = address.partition("@")[0]
        if code in {"421", "451", "550"}:
            return f"{code} {code[0]}.7.1 <{address}> not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope):
        self.messages.append(message_from_bytes(envelope.content))
        if self.delay:
            await asyncio.sleep(self.delay)
        if envelope.rcpt_tos[0].startswith("cut@"):
            server.transport.abort()
        return "554 5.7.1 no" if envelope.rcpt_tos[0].startswith("554@") else "250 OK"


class SmsSink:
    """Answers 200 with an id; a number that ends in 429, 400 or 500 gets that; in 999 a cut; in 888 silence."""

    def __init__(self, delay: float = 0.0):
        self.delay = delay
        self.received = []

    def __enter__(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                sink.received.append(content | {"token": self.headers["Authorization"]})
                sink.answer(self, content["to"][-3:])

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

    def answer(self, handler, wish: str) -> None:
        if self.delay:
            time.sleep(self.delay)
        if wish == "888":
            time.sleep(1)
        if wish in {"888", "999"}:
            handler.connection.close()
            return
        body = json.dumps({"id": "provider-1"}).encode()
        handler.send_response(int(wish) if wish in {"400", "429", "500"} else 200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
