"""The classes of failure, and the error by which a request says which one it met."""

from typing import Final

REFUSED: Final = "connect refused"
RESET_BEFORE: Final = "reset before response"
RESET_MID: Final = "reset mid-response"
CLOSED_BEFORE: Final = "closed without response"
CLOSED_MID: Final = "closed mid-response"
TIMEOUT: Final = "timeout"
WRONG: Final = "wrong body or application"
MALFORMED: Final = "malformed response"
UNASKED: Final = "bytes nobody asked for"
NO_PORT: Final = "no local port left"  # the machine under test is innocent: lower `rate`


def status_class(code: int) -> str:
    """The failure class of a response whose status is not the expected one."""
    return f"status {code}"


class RequestError(Exception):
    """A request failed: `what` is the class, `detail` what was seen."""

    def __init__(self, what: str, detail: object = "") -> None:
        super().__init__(what)
        self.what = what
        self.detail = str(detail)
