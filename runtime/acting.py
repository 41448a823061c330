"""Who runs a command, for the audit."""

import getpass
import os


def who_acts() -> str:
    """The user of this machine that runs the command line."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        user = f"user {os.getuid()}"
    return f"command line: {user}"
