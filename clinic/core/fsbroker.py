"""Celery's queue without a server: kombu's filesystem transport, with messages that appear whole or not at all.

The stock transport opens the final name before it has written the message, so a second worker can read an
empty file, lose the message and die. Here a message is written aside and then renamed.
"""

import time
import uuid
from pathlib import Path

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    def _put(self, queue, payload, **kwargs):
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        aside = folder / f".{name}.part"
        aside.write_bytes(str_to_bytes(dumps(payload)))
        aside.replace(folder / name)


class Transport(filesystem.Transport):
    Channel = Channel


TRANSPORT_ALIASES["safefs"] = "clinic.core.fsbroker:Transport"
