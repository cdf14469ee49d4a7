# A server begins here: one_server.sh, and then the script of its kind. $1 is the folder of its data, the rest are options.
set -eu
umask 077
home=$1
shift
# Two containers do not see one another's processes, so what a server writes down of its own number protects nothing
# between them. This lock does: the kernel gives it to one, and takes it away when the last process of that one is gone.
exec 9>>"$home/lock"
flock -w 120 9 || {
  echo "another server has the data in $home, so this one does not start" >&2
  exit 1
}
