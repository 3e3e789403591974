"""Child processes that run together: started, watched, started again when they die, and all gone at the end."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

GRACE = 5.0  # seconds between asking the children to end and ending them
STEADY = 60.0  # seconds after which a child counts as healthy again
LONGEST_WAIT = 60.0  # seconds before a child that keeps dying is started again
TICK = 0.1  # seconds between two looks
LAST_LINES = 15  # of the log of a child that died
END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Ends a process group once we are gone, even by kill -9: the guard's input closes together with our process.
GUARD = 'read _; kill -s TERM -- "-$0"'


def spawn(command: list[str], **streams) -> subprocess.Popen:
    return subprocess.Popen(command, start_new_session=True, **streams)


class Child:
    """One program in a process group of its own, its output in a log file.

    A vital child takes the others with it; the rest are started again, each time after a longer wait.
    """

    def __init__(self, name: str, command: list[str], *, log: Path, vital: bool = False):
        self.name, self.command, self.log, self.vital = name, command, log, vital
        self.process = None
        self.due = 0.0
        self.wait = 1.0

    def start(self) -> None:
        self.due, self.since = None, time.monotonic()
        with self.log.open("ab") as log:
            self.process = spawn(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        guard = ["/bin/sh", "-c", GUARD, str(self.process.pid)]
        self.guard = spawn(guard, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def send(self, number: int) -> None:
        """Signal the whole group, so also what the child itself has started."""
        with suppress(ProcessLookupError, PermissionError):  # nobody left; macOS says it the second way
            os.killpg(self.process.pid, number)

    def bury(self) -> None:
        """End what is left of the group, and its guard."""
        self.send(signal.SIGKILL)
        self.process.wait()
        self.guard.kill()
        self.guard.wait()
        self.guard.stdin.close()

    def last_lines(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-LAST_LINES:])


class VitalChildEnded(Exception):
    def __init__(self, child: Child):
        super().__init__(child.name)
        self.child = child


class Household:
    """The children together: inside `with` they are looked after; when it ends, for whatever reason, so do they."""

    def __init__(self, children: list[Child], *, say):
        self.children, self.say = children, say
        self.ending = False

    def __enter__(self):
        self.handlers = {number: signal.signal(number, self._end) for number in END}
        return self

    def __exit__(self, *exception):
        started = [child for child in self.children if child.process]
        for child in started:
            child.send(signal.SIGTERM)
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline and any(child.is_running() for child in started):
            time.sleep(TICK)
        for child in started:
            child.bury()
        for number, handler in self.handlers.items():
            signal.signal(number, handler)

    def _end(self, number, frame):
        self.ending = True

    def wait_for(self, is_ready, *, seconds: float) -> bool:
        """Look after the children until `is_ready()`. False when it is time to end, or `seconds` are over."""
        deadline = time.monotonic() + seconds
        while not self.ending and time.monotonic() < deadline:
            self.look_after()
            if is_ready():
                return True
            time.sleep(TICK)
        return False

    def keep(self) -> None:
        """Look after the children until a signal says that it is time to end."""
        while not self.ending:
            self.look_after()
            time.sleep(TICK)

    def look_after(self) -> None:
        """Start who is due; VitalChildEnded is raised for a vital one that died."""
        now = time.monotonic()
        for child in self.children:
            if child.due is not None and now >= child.due:
                child.start()
            elif child.due is None and not child.is_running():
                self._died(child, now)

    def _died(self, child: Child, now: float) -> None:
        if child.vital:
            raise VitalChildEnded(child)
        child.bury()
        if now - child.since > STEADY:
            child.wait = 1.0
        self.say(f"The {child.name} ended; it starts again in {child.wait:.0f} s. Its log: {child.log}")
        child.due = now + child.wait
        child.wait = min(child.wait * 2, LONGEST_WAIT)
