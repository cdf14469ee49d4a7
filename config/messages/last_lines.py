"""The end of a replica's log, as it is shown to people."""

import re

# Lines of Gunicorn's own that only say what it does: [2026-01-31 12:00:00 +0000] [7] [INFO] Booting worker with pid: 7
_INFORMED = re.compile(r"\[\d{4}-[^\]\n]*\] \[\d+\] \[INFO\] ")
# In a log that has one of these, something failed.
_FAILED = re.compile(r"(?m)^Traceback \(most recent call last\):|^\[[^\]\n]*\] \[\d+\] \[(?:ERROR|CRITICAL)\] ")
_HALTED = "gunicorn.errors.HaltServer"
# What may stand between the lines of a traceback that begin with a space.
_OF_IT = ("Traceback (most recent call last):", "During handling of the above", "The above exception was", _HALTED)


def take_last(log: str, count: int) -> str:
    """The last lines of a log, without the tracebacks of Gunicorn's own end, and without what a next start begins with.

    Where a second worker fails while Gunicorn ends for the first one, it prints how its own code came to an end. That
    is longer than what is shown, and says nothing: why the workers failed stands above it.
    """
    kept: list[str] = []
    for line in log.splitlines():
        kept.append(line)
        if line.startswith(_HALTED):
            while kept and (not kept[-1].strip() or kept[-1].startswith((" ", *_OF_IT))):
                kept.pop()
    # Docker starts it again, and a start that has only just begun would stand where the failure of the last one does.
    failed = bool(_FAILED.search("\n".join(kept)))
    while failed and kept and (not kept[-1].strip() or _INFORMED.match(kept[-1])):
        kept.pop()
    return "\n".join(kept[-count:])
