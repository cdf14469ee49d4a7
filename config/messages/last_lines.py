"""The end of a replica's log, as it is shown to people."""

_HALTED = "gunicorn.errors.HaltServer"
# What may stand between the lines of a traceback that begin with a space.
_OF_IT = ("Traceback (most recent call last):", "During handling of the above", "The above exception was", _HALTED)


def take_last(log: str, count: int) -> str:
    """The last lines of a log, without the tracebacks of Gunicorn's own end.

    Where a second worker fails while Gunicorn ends for the first one, it prints how its own code came to an end. That
    is longer than what is shown, and says nothing: why the workers failed stands above it.
    """
    kept: list[str] = []
    for line in log.splitlines():
        kept.append(line)
        if line.startswith(_HALTED):
            while kept and (not kept[-1].strip() or kept[-1].startswith((" ", *_OF_IT))):
                kept.pop()
    return "\n".join(kept[-count:])
