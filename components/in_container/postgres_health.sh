pg_isready -q -t 3 -h "$1/run" -U postgres
