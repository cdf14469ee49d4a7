"""Gunicorn as Portico's defaults run it, but on a port."""

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = 2
threads = 4
worker_tmp_dir = "/dev/shm"
timeout = 30
graceful_timeout = 30
keepalive = 75
control_socket_disable = True
