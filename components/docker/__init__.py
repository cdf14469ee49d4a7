"""Sites as containers on one Docker engine, behind one NGINX."""
