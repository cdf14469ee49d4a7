"""Why an entry starts nothing: signs in a log, how certain each is, and what it means. Pure text."""

from typing import Final

_ENTRY = "`entry` of {site} names something that is no application ({0}): write module:app or module:create_app()"
_ASGI = (
    "`entry` of {site} is an ASGI application, such as FastAPI's or Quart's, and Portico serves WSGI alone: write that "
    "of a Flask application, or wrap it by a2wsgi.ASGIMiddleware"
)
_ASKS = (
    "it asks a question while it starts, and nobody is there to answer: give it the answer as its manual says, by a "
    "variable in `environment` or a secret of {site}, or let its release command do what is done once"
)
# {0} is what the sign's group has found. What is asked for stands before what follows from it, such as a migration that
# fails.
ENTRY_LOG: Final = (
    (90, r"(Failed to find attribute '.+' in '.+')\.", _ENTRY),
    (90, r"(Failed to find application object: .+)", _ENTRY),
    (90, r"(Application object must be callable)", _ENTRY),
    (91, r"TypeError: [^\n]*missing \d+ required positional arguments?: [^\n]*'send'", _ASGI),
    (90, r"(Failed to parse .+ as .+)\.", _ENTRY),
    (90, r"(?m)^(?:TypeError: )?(\w+\(\) (?:missing|takes) \d+ .*argument.*)", _ENTRY),
    (90, r"(?m)^(?:TypeError: )?(\w+\(\) got an unexpected keyword argument .*)", _ENTRY),
    (93, r"EOFError: EOF when reading a line", _ASKS),
)
