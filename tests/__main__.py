"""`python3 manage.py test`: the suite on SQLite, then on a PostgreSQL of its own.

python3 manage.py test                                  everything, on both
python3 manage.py test --engine sqlite tests/core -x    one engine; the rest goes to pytest
"""

import argparse
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

ENGINES = ("sqlite", "postgresql")
# Where the engine makes no difference, once is enough.
SKIPPED_ON_POSTGRESQL = ["-m", "not browser", "--ignore=tests/bootstrap"]
NOTHING_RAN = 5  # pytest's exit code when no test was selected


def main(arguments: list[str]) -> int:
    """Exit code: the worst of the engines'."""
    parser = argparse.ArgumentParser(prog="manage.py test", usage="%(prog)s [--engine ENGINE] [pytest arguments]")
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only on this one (default: on both)")
    options, rest = parser.parse_known_args(arguments)
    if not any(word.startswith(("-n", "--numprocesses")) for word in rest):
        rest = ["-n", "3", "--dist", "loadfile", *rest]  # some tests mostly wait
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        codes = [run(engine, rest) for engine in options.engine or ENGINES]
    except KeyboardInterrupt:
        return 130
    return max([code for code in codes if code != NOTHING_RAN], default=NOTHING_RAN)


def run(engine: str, arguments: list[str]) -> int:
    print(f"\nTests on {engine}", flush=True)
    with database(engine) as url:
        env = {name: value for name, value in os.environ.items() if not name.startswith("NAPPAGE_")}
        env |= {"DATABASE_URL": url, "REDIS_URL": ""}
        first = SKIPPED_ON_POSTGRESQL if engine == "postgresql" else []
        process = subprocess.Popen([sys.executable, "-m", "pytest", *first, *arguments], env=env)
        try:
            return abs(process.wait())
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise


@contextmanager
def database(engine: str):
    """The address for DATABASE_URL; empty means SQLite."""
    if engine == "sqlite":
        yield ""
        return
    from tests.services import private_postgres

    with private_postgres() as postgres:
        yield postgres.url


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
