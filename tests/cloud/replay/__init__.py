"""A planned graph, made on moto by the calls that the AWS plugin would make.

What is sent is checked by botocore against AWS's own description of each call, and answered by moto's model of AWS.
Nobody here wrote either.
"""

from tests.cloud.replay.replay import Replay, Unmapped

__all__ = ["Replay", "Unmapped"]
