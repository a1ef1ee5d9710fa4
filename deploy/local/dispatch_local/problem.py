"""The one way in which anything here fails.

A Problem is one line for the person at the terminal: what is wrong and what to do about it. It ends the command without
a traceback, after everything that was started has been ended.
"""


class Problem(Exception):
    """What is wrong and what to do about it, in one line."""


def say(line: str) -> None:
    """Tells the person at the terminal something. Never fails, also when the terminal is gone."""
    try:
        print(f"dispatch: {line}", flush=True)
    except OSError:
        pass
