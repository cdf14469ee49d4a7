"""The end of a log says why the application failed, not how Gunicorn's own code ended."""

from portico.config.messages.last_lines import take_last

CAUSE = """\
[2026-11-30 11:35:32 +0000] [14] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/app/hello.py", line 1, in <module>
    import nothere
ModuleNotFoundError: No module named 'nothere'
[2026-11-30 11:35:32 +0000] [14] [INFO] Worker exiting (pid: 14)
[2026-11-30 11:35:35 +0000] [7] [ERROR] Worker (pid:14) exited with code 3.
"""
HALTED = """\
Traceback (most recent call last):
  File "/opt/venv/lib/python3.13/site-packages/gunicorn/arbiter.py", line 278, in run
    self.halt(reason=inst.reason, exit_status=inst.exit_status)
    ~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/opt/venv/bin/gunicorn", line 7, in <module>
    sys.exit(run())
gunicorn.errors.HaltServer: <HaltServer 'Worker failed to boot.' 3>
"""


def test_gunicorns_own_end_is_left_out() -> None:
    assert take_last(CAUSE + HALTED, 15) == CAUSE.rstrip("\n")
    assert take_last(CAUSE + HALTED + CAUSE + HALTED, 3) == "\n".join(CAUSE.splitlines()[-3:])


def test_what_else_is_there_stays() -> None:
    assert take_last(CAUSE, 15) == CAUSE.rstrip("\n")
    other = CAUSE.replace("Worker (pid:14) exited", "gunicorn.errors.HaltServer was seen; exited")
    assert take_last(other, 15) == other.rstrip("\n")
    assert take_last("", 15) == "" and take_last(HALTED, 15) == ""


STARTS = """\
[2026-11-30 11:35:40 +0000] [6] [INFO] Starting gunicorn 25.0.0
[2026-11-30 11:35:40 +0000] [6] [INFO] Listening at: unix:/run/portico/shop/a.sock (6)

[2026-11-30 11:35:40 +0000] [13] [INFO] Booting worker with pid: 13
"""


def test_a_start_that_has_only_just_begun_does_not_hide_why_the_last_one_failed() -> None:
    assert take_last(CAUSE + HALTED + STARTS, 5) == "\n".join(CAUSE.splitlines()[-5:])
    killed = "[2026-11-30 11:35:35 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:14)"
    assert take_last(f"{STARTS}{killed}\n{STARTS}", 1) == killed
    # Where nothing failed, it is all that there is.
    assert take_last(STARTS, 1) == STARTS.splitlines()[-1]
    said = "ready"
    assert take_last(f"{said}\n{STARTS}", 1) == STARTS.splitlines()[-1]
