"""A password as `users` hold it: its hash alone."""

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError


def _check_hash(value: str) -> str:
    # What was written is not repeated: it may be a password.
    if not re.fullmatch(r"(\$2[aby]\$[0-9]{2}\$|\$apr1\$|\$[156]\$)[A-Za-z0-9./$]{10,120}", value):
        raise PydanticCustomError(
            "hash", "what stands there is not a password's hash; write what `htpasswd -nB` prints after the colon"
        )
    return value


PasswordHash = Annotated[str, AfterValidator(_check_hash)]
