"""`python3 manage.py test`: the suite on SQLite, then on a PostgreSQL of its own.

python3 manage.py test                                  the suite, on both
python3 manage.py test --all                            with what is slow: races, killed workers, whole processes
python3 manage.py test --engine sqlite tests/core -x    one engine; the rest goes to pytest
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

ENGINES = ("sqlite", "postgresql")
# Where the engine makes no difference, once is enough.
LEFT_OUT = {"sqlite": [], "postgresql": ["not browser", "not once"]}
# Our own settings; and what would have each of many processes compile the house and rewrite the tests again.
NOT_PASSED_ON = ("NAPPAGE_", "PYTHONDONTWRITEBYTECODE")
NOTHING_RAN = 5  # pytest's exit code when no test was selected


def main(arguments: list[str]) -> int:
    """Exit code: the worst of the engines'."""
    parser = argparse.ArgumentParser(
        prog="manage.py test", usage="%(prog)s [--all] [--engine ENGINE] [pytest arguments]", allow_abbrev=False
    )
    parser.add_argument("--engine", choices=ENGINES, action="append", help="only on this one (default: on both)")
    parser.add_argument("--all", action="store_true", help="slow tests too")
    parser.add_argument("-m", dest="marks", help="as pytest's")
    options, rest = parser.parse_known_args(arguments)
    if not any(word.startswith(("-n", "--numprocesses")) for word in rest):
        rest = ["-n", "3", "--dist", "loadfile", *rest]  # some tests mostly wait
        if options.all:
            # In the order of tests/conftest.py; else a file of one test that takes minutes is begun last
            rest.insert(0, "--no-loadscope-reorder")
    marks = [options.marks] if options.marks else [] if options.all else ["not slow"]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        codes = run_each(options.engine or ENGINES, marks, rest)
    except KeyboardInterrupt:
        return 130
    if "not slow" in marks:
        print("\nSlow tests were left out; --all runs them too.")
    return max([code for code in codes if code != NOTHING_RAN], default=NOTHING_RAN)


def run_each(engines: list[str], marks: list[str], arguments: list[str]) -> list[int]:
    """One after the other, on databases that are made ready side by side."""
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        ready = list(pool.map(lambda engine: stack.enter_context(database(engine)), engines))
        return [run(engine, env, marks, arguments) for engine, env in zip(engines, ready, strict=True)]


def run(engine: str, env: dict[str, str], marks: list[str], arguments: list[str]) -> int:
    print(f"\nTests on {engine}", flush=True)
    chosen = ["-m", " and ".join(f"({mark})" for mark in marks + LEFT_OUT[engine])]
    process = subprocess.Popen([sys.executable, "-m", "pytest", *chosen, *arguments], env=env)
    try:
        return abs(process.wait())
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        process.wait()
        raise


@contextmanager
def database(engine: str):
    """The environment that leads to it. It is migrated once; each process of the suite then works on a copy."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="nappage-data-"))
        env = {name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)}
        env |= {"DATABASE_URL": "", "REDIS_URL": "", "MIGRATED_DATABASE": f"{folder}/db.sqlite3"}
        if engine == "postgresql":
            from tests.services import private_postgres

            postgres = stack.enter_context(private_postgres())
            env |= {"DATABASE_URL": postgres.url, "MIGRATED_DATABASE": postgres.name}
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        subprocess.run(migrate, env=env | {"NAPPAGE_DATA_DIR": folder}, check=True)
        yield env


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
