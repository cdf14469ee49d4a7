"""What a call has made."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Made:
    """Its id, and where others ask for them: its ARN, name and address."""

    id: str
    arn: str = ""
    name: str = ""
    address: str = ""
