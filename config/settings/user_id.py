"""The number of the user that the containers of a site run as."""

from zlib import crc32


def derive_uid(name: str) -> int:
    """The user of a site's containers: one each, so that no site opens another's sockets.

    20,000 to 59,999: above the users of most hosts, below the 65,536 of a remapped engine.
    """
    return 20_000 + crc32(name.encode()) % 40_000
