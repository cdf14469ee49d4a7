[ "$(valkey-cli -t 3 -s "$1/run/socket" ping)" = PONG ]
