"""The beat: `python -m notes.beat`. It orders what comes again and again, so there must never be two of it."""

import signal
import socket
import time
from threading import Event
from types import FrameType

from notes import create_app
from notes.database import db
from notes.models import Beat
from notes.queue import order

SECOND = 1.0
CENSUS = 10  # seconds from one census to the next


def main() -> None:
    """Beat once a second until SIGTERM or SIGINT. Each life is a row, which says when it was there."""
    stop = Event()

    def end(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with create_app().app_context():
        beat = Beat(container=socket.gethostname())
        db.session.add(beat)
        db.session.commit()
        count = 0
        while not stop.wait(SECOND):
            beat.seen_at = time.time()
            if count % CENSUS == 0:
                order("census")
            db.session.commit()
            count += 1
        beat.ended_at = time.time()
        db.session.commit()


if __name__ == "__main__":
    main()
