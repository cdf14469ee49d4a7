"""What a call has made."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Made:
    """Its id, and where others ask for them: its ARN, name and address; `reported` are further outputs, by name."""

    id: str
    arn: str = ""
    name: str = ""
    address: str = ""
    reported: Mapping[str, str] = field(default_factory=dict)
