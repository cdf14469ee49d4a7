"""What ends a database whose cloud nobody wants any more: python -m tests.cloud.plugin.databases ID FOLDER"""

import sys
import time
from pathlib import Path
from typing import Final

from tests.cloud.plugin.cloud import Cloud
from tests.cloud.plugin.databases.server import close_database
from tests.cloud.plugin.owner import is_wanted
from tests.cloud.plugin.service_kinds import DATABASE

_PAUSE: Final = 1.0  # seconds between two looks


def main(id: str, folder: Path) -> None:
    """Wait until it is deleted, or nobody wants its cloud."""
    # A cloud makes the folder of what is in it, and a folder that is gone is not to come back.
    cloud = Cloud(folder)
    while is_wanted(folder) and cloud.find(id, DATABASE):
        time.sleep(_PAUSE)
    close_database(id)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
