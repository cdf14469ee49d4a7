"""Settings in, text out: NGINX's files, Gunicorn's, Dockerfiles and the user data of a VM."""
