"""Runs one service and stops it when its parent lets go: a pytest that is interrupted or killed leaves nothing behind.

Run as a script: `python guard.py SIGNAL UID FOLDER -- COMMAND...`. The parent holds this process's standard input.
The byte `k` on it stops the service and keeps FOLDER (a broker that goes on later), the byte `x` does so with SIGKILL;
end of file stops the service and removes FOLDER. UID is -1 to stay who we are (PostgreSQL refuses to run as root).
"""

import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from typing import Any

PATIENCE = 30.0
"""Seconds that a service has for a clean stop before it is killed."""


def main(arguments: list[str]) -> int:
    """Run the command until it ends or the parent lets go; the exit code is the command's."""
    stop, uid, folder = signal.Signals[arguments[0]], int(arguments[1]), arguments[2]
    command = arguments[arguments.index("--") + 1 :]
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, _stay)
    service = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=folder, start_new_session=True, **_identity(uid))
    word = _wait(service)
    if service.poll() is None:
        service.send_signal(signal.SIGKILL if word == b"x" else stop)
        try:
            service.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()
    if word == b"":
        shutil.rmtree(folder, ignore_errors=True)
    return service.returncode


def _identity(uid: int) -> dict[str, Any]:
    """What makes Popen run the command as this user."""
    return {} if uid < 0 else {"user": uid, "group": pwd.getpwuid(uid).pw_gid, "extra_groups": []}


def _stay(number: int, frame: object) -> None:
    """A signal at the terminal is the parent's to answer. (A handler, as SIG_IGN would be inherited by the service.)"""


def _wait(service: subprocess.Popen[bytes]) -> bytes | None:
    """What the parent said (b"": it is gone), or None when the service ended by itself."""
    while service.poll() is None:
        if select.select([0], [], [], 0.1)[0]:
            return os.read(0, 1)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
