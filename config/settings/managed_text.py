"""Texts about what AWS runs: kinds of machines, windows, keys and snapshots."""

from typing import Annotated

from portico.config.settings.text import grammar

InstanceClass = Annotated[
    str,
    grammar(
        "a kind of AWS's machines for a service",
        r"(db|cache)\.[a-z][a-z0-9-]{1,15}\.[a-z0-9]{3,12}",
        "write one such as db.t4g.small or cache.t4g.small",
    ),
]
Window = Annotated[
    str,
    grammar(
        "a day and a time",
        r"(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]",
        "write a day of three letters and a time in UTC, such as sun:03:30",
    ),
]
KeyArn = Annotated[
    str,
    grammar(
        "the ARN of a key of KMS",
        r"arn:aws(-[a-z]+){0,2}:kms:[a-z]{2}(-[a-z]+)+-[0-9]:[0-9]{12}:key/[0-9a-zA-Z-]{1,64}",
        "write it as KMS shows it, such as arn:aws:kms:eu-central-1:123456789012:key/0a1b2c3d-0a1b-2c3d",
    ),
]
Snapshot = Annotated[
    str,
    grammar(
        "the name of a snapshot",
        r"(rds:)?[A-Za-z]([A-Za-z0-9-]{0,253}[A-Za-z0-9])?",
        "write it as AWS shows it, such as portico-prod-db-1a2b3c4d",
    ),
]
