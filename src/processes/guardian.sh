# Ends the processes that a killed supervisor leaves behind. They end by themselves when they hear that it is gone, unless an
# application keeps them from hearing anything: an event loop that never turns, C code that never gives the interpreter back.
#
# Standard input, from the supervisor: "PID SECONDS" when a process has started, "PID" when it has ended. The end of the input is
# the end of the supervisor: what still runs so many seconds later is killed.

# Sets `started` to when process $1 was started, so that another one with its number is told apart (proc(5), field 22).
find_start() {
  started=
  { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return
  set -- ${stat##*) }
  shift 19
  started=$1
}

trap '' HUP INT TERM
watched=
while read -r pid seconds; do
  if [ -n "$seconds" ]; then
    find_start "$pid"
    watched="$watched $pid:$seconds:$started"
    continue
  fi
  rest=
  for one in $watched; do
    case $one in "$pid":*) ;; *) rest="$rest $one" ;; esac
  done
  watched=$rest
done

waited=0
while [ -n "$watched" ]; do
  sleep 1
  waited=$((waited + 1))
  rest=
  for one in $watched; do
    pid=${one%%:*} known=${one##*:} seconds=${one#*:} seconds=${seconds%:*}
    kill -0 "$pid" 2>/dev/null || continue
    find_start "$pid"
    [ "$started" = "$known" ] || continue
    if [ "$waited" -ge "$seconds" ]; then kill -KILL "$pid"; else rest="$rest $one"; fi
  done
  watched=$rest
done
