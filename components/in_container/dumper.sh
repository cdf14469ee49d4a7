# Behind the functions of a kind (dumper_postgres.sh, dumper_valkey.sh): does what is asked for in $spool/request, a line
# a time, "TOKEN ACTION WORD...", for what makes backups, which has no program of the server's and no way to it. What an
# action prints goes to $spool/answer, behind a line with the token and the exit code.
until rm -rf "$spool/request" "$spool/work" && mkdir "$spool/work" && mkfifo "$spool/request"; do
  # The volume is given to this user by who makes the backups.
  sleep 1
done 2>/dev/null
# Open for writing, too, so that the end of one who asks is not the end here.
exec 3<>"$spool/request"
while read -r token action words <&3; do
  rm -rf "$spool/work" "$spool/answer"
  mkdir "$spool/work"
  # Not within an `if`: there `set -e` would count for nothing.
  set +e
  # shellcheck disable=SC2086
  (set -e && "do_$action" $words) >"$spool/work/out" 2>"$spool/work/said" 3<&- </dev/null
  code=$?
  set -e
  {
    echo "$token $code"
    if [ "$code" = 0 ]; then cat "$spool/work/out"; else tail -n 5 "$spool/work/said"; fi
  } >"$spool/answer.part"
  end_copy >/dev/null 2>&1 || true
  rm -rf "$spool/work"
  mv "$spool/answer.part" "$spool/answer"
done
