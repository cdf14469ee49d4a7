"""What must survive: the rows of docs/reliability.md, each in one line for users."""

from typing import Final

ROWS: Final = {
    "R1": "A new release of an application goes live under load, many in a row.",
    "R2": "A setting of NGINX changes under load, many in a row: a reload, and NGINX's container stays.",
    "R3": "A setting of Gunicorn or the number of replicas changes under load, up and down.",
    "R4": "`pulumi up` with nothing to do changes nothing, and is quick.",
    "R5": "The release before goes live again under load, without a build.",
    "R6": "NGINX's own image changes under load; and the port changes hands, where NGINX holds it itself.",
    "R7": "A site is added and removed while the others serve.",
    "R8": "A stream of events, no longer than a request may be, is open when a release begins.",
    "C1": "A Gunicorn worker is killed.",
    "C2": "One of two replicas is killed.",
    "C3": "The NGINX container is killed, and the one that holds its port.",
    "C4": "An application hangs: its process lives, its health check fails.",
    "C5": "The Docker engine restarts.",
    "C6": "After a reboot the containers start in any order.",
    "C7": "A configuration is refused, or a release never gets healthy, and the same again.",
    "C8": "Two `pulumi up` run at once.",
    "C9": "`pulumi up` is killed in the middle of its work.",
    "C10": "A container is removed, or a file edited, by hand.",
    "C11": "The disk is full.",
    "C12": "Thousands of idle connections and slow clients are there during a release.",
    "C13": "A secret is replaced by a new value.",
    "S1": "On a machine reached over SSH: from nothing to a page, and releases under load, many in a row.",
    "S2": "On a machine reached over SSH: its Docker restarts, it reboots, the way there is cut, its disk is full.",
    "A1": "On AWS, by a double of its plugin (tests/cloud/plugin): from nothing to a page, and releases under load.",
    "A2": "There: another image, so another VM; and a VM that is lost.",
    "E1": "After all of it the memory of NGINX and Gunicorn is what it was.",
    "E2": "After all of it `destroy` has left nothing.",
}
