#!/usr/bin/env bats
# The watchdog as a process, with a systemctl that is told what to do and a clock that is set by hand: the script under
# test is the real one but for the path of /proc/uptime. It has only the commands that it may need.

SCRIPT="$BATS_TEST_DIRNAME/../../scripts/livereduce_watchdog.sh"

setup() {
  cd "$BATS_TEST_TMPDIR"
  sed "s#/proc/uptime#$PWD/uptime#" "$SCRIPT" >watchdog.sh
  [ "$(grep -c "$PWD/uptime" watchdog.sh)" -ge 2 ]
  mkdir bin log
  ln -s "$(command -v jq)" "$(command -v tail)" bin/
  cat >bin/stat <<EOF
#!/bin/bash
echo >>$PWD/looks
exec $(command -v stat) "\$@"
EOF
  cat >bin/systemctl <<EOF
#!/bin/bash
echo "\$*" >>$PWD/calls
case " \$* " in *" status "*) echo "the status of it"; exit 3;; esac
. $PWD/behaviour
EOF
  chmod +x bin/*
  : >calls >looks >behaviour
  : >looks
  uptime_is 100000
  target=log/livereduce.log
  own=log/livereduce_watchdog.log
  configure '{"watchdog": {"interval": 0.1, "threshold": 300}}'
}

teardown() {
  end
}

end() {
  if [ -n "${pid:-}" ]; then
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  pid=''
}

uptime_is() { echo "$1.50 0.00" >uptime.new && mv uptime.new uptime; }
configure() { echo "$1" >conf; }
log_lines() { for n in $(seq "$1"); do echo "line $n"; done >"$target"; }
aged() { touch -d "$1 seconds ago" "$target"; }
lacks() { if grep -q -- "$1" "$2"; then return 1; fi; }
restarts() { grep -c ' restart ' calls || true; }

# The real PATH is not there: what is not in bin cannot be used.
start() {
  env -i PATH="$PWD/bin" LIVEREDUCE_LOG_DIR="$PWD/log" "$@" "$BASH" watchdog.sh conf >out 2>&1 3>&- &
  pid=$!
  await 'watching' "$PWD/out"
}

await() {
  for _ in $(seq 400); do
    if grep -q -- "$1" "$2" 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  echo "no '$1' in $2:"
  cat "$2" out calls
  return 1
}

# Until it has looked twice more: then a whole look lies behind whatever was done before.
looked_again() {
  local wanted=$(($(wc -l <looks) + 2))
  for _ in $(seq 400); do
    if [ "$(wc -l <looks)" -ge "$wanted" ]; then return 0; fi
    sleep 0.05
  done
  echo "it does not look any more:"
  cat out
  return 1
}

# ---- configuration

effective() {
  configure "$1"
  start
  grep -q "interval $2 s, threshold $3 s" out
}

@test "without a configuration it has the defaults, and says so" {
  rm conf
  start
  grep -q 'no configuration conf: using the defaults' out
  grep -q 'interval 60 s, threshold 300 s' out
  lacks 'WARNING.*conf' out
}

@test "an empty configuration means the defaults" {
  : >conf
  start
  grep -q 'interval 60 s, threshold 300 s' out
  lacks 'WARNING.*conf' out
}

@test "a configuration without the section means the defaults" {
  effective '{"instrument": "PG3"}' 60 300
  lacks 'WARNING.*conf' out
}

@test "the values of the configuration are taken" {
  effective '{"watchdog": {"interval": 7, "threshold": 20}}' 7 20
  lacks 'WARNING.*conf' out
}

@test "numbers may be text, and keys flat" {
  effective '{"watchdog.interval": "5", "watchdog.threshold": "45"}' 5 45
  lacks 'WARNING.*conf' out
}

@test "null is not set" {
  effective '{"watchdog": {"interval": null, "threshold": 90}}' 60 90
  lacks 'WARNING.*conf' out
}

@test "a threshold below 20 is warned about and not taken" {
  effective '{"watchdog": {"interval": 7, "threshold": 19}}' 7 300
  grep -q 'WARNING: watchdog.threshold in conf: expected a number of seconds, at least 20, got 19; using the default 300' out
}

@test "an interval that is none is warned about and not taken" {
  for value in 0 -1 '"soon"' true '[60]' '{}' 1e300; do
    effective "{\"watchdog\": {\"interval\": $value, \"threshold\": 50}}" 60 50
    grep -q 'WARNING: watchdog.interval in conf: expected a number of seconds greater than 0, got' out
    end
  done
}

@test "a configuration that is no JSON is warned about and means the defaults" {
  effective '{"watchdog": {"interval": 7' 60 300
  grep -q 'WARNING: the configuration conf cannot be used, using the defaults' out
}

@test "a configuration that is no object is warned about and means the defaults" {
  effective '[1, 2]' 60 300
  grep -q 'WARNING: the configuration conf cannot be used, using the defaults.*expected an object, got array' out
}

@test "a configuration that cannot be read is warned about and means the defaults" {
  rm conf && mkdir conf && touch conf/something
  start
  grep -q 'WARNING: the configuration conf cannot be used' out
  grep -q 'interval 60 s, threshold 300 s' out
}

# ---- the restart

@test "a log file that stands still is met with marker, last 20 lines, restart and status" {
  log_lines 30
  aged 1000
  start
  await 'the status of it' "$own"
  grep -A 100 '^####' "$own" | sed -E 's/^[0-9-]{10} [0-9:]{8} No change for 100[0-9] s/WHEN No change for AGE s/' >seen
  {
    echo '#############################################################################'
    echo "WHEN No change for AGE s in $PWD/$target"
    echo "---- Last 20 lines of $PWD/$target before restart:"
    for n in $(seq 11 30); do echo "line $n"; done
    echo
    echo 'restarting livereduce.service.'
    echo 'the status of it'
  } >wanted
  diff wanted seen
  printf '%s\n' '--no-ask-password --no-pager restart livereduce.service' \
    '--no-ask-password --no-pager status livereduce.service' | diff - calls
}

@test "a log file that changes is left alone" {
  log_lines 1
  start
  for now in 100200 100400 100600 100800; do
    echo more >>"$target"
    looked_again
    uptime_is "$now"
    looked_again
  done
  [ "$(restarts)" -eq 0 ]
  uptime_is 100900
  await 'No change for 300 s' "$own"
}

@test "it restarts at the threshold, and not before" {
  log_lines 1
  start
  looked_again
  uptime_is 100290
  looked_again
  [ "$(restarts)" -eq 0 ]
  uptime_is 100301
  await ' restart ' calls
}

@test "within one window it restarts once" {
  log_lines 1
  aged 1000
  start
  await ' status ' calls
  uptime_is 100299
  looked_again
  [ "$(restarts)" -eq 1 ]
  uptime_is 100300
  looked_again
  [ "$(restarts)" -eq 2 ]
}

@test "the clock set back or forward neither causes a restart nor prevents one" {
  log_lines 1
  touch -d '2 days' "$target"
  start
  looked_again
  [ "$(restarts)" -eq 0 ]
  touch -d '2 days ago' "$target"
  uptime_is 100200
  looked_again
  [ "$(restarts)" -eq 0 ]
  uptime_is 100500
  await ' restart ' calls
}

# ---- what becomes of the log file

@test "a log file that has never been there is waited for, and that is said once" {
  start
  looked_again
  uptime_is 109000
  looked_again
  [ "$(restarts)" -eq 0 ]
  [ "$(grep -c 'does not exist; waiting for it' "$own")" -eq 1 ]
  log_lines 1
  await 'is there again' "$own"
  [ "$(restarts)" -eq 0 ]
}

@test "a rotated log file is followed" {
  log_lines 1
  start
  looked_again
  uptime_is 100250
  mv "$target" "$target.1"
  await 'does not exist' "$own"
  log_lines 1
  await 'is there again' "$own"
  uptime_is 100400
  looked_again
  [ "$(restarts)" -eq 0 ]
}

@test "a service that does not make its log file anew after rotation is restarted" {
  log_lines 1
  start
  looked_again
  mv "$target" "$target.1"
  uptime_is 100300
  await ' status ' calls
  grep -q "cannot be read" "$own"
}

@test "a truncated log file has changed" {
  log_lines 10
  start
  looked_again
  uptime_is 100250
  : >"$target"
  looked_again
  uptime_is 100400
  looked_again
  [ "$(restarts)" -eq 0 ]
}

# ---- what becomes of systemctl

@test "a systemctl that fails is reported, and tried again in the next window" {
  log_lines 1
  aged 1000
  echo 'echo "Job failed."; exit 5' >behaviour
  start
  await 'WARNING: systemctl restart livereduce.service failed (exit code 5): Job failed.' "$own"
  await ' status ' calls
  : >behaviour
  uptime_is 100300
  looked_again
  [ "$(restarts)" -eq 2 ]
  [ "$(grep -c 'WARNING: systemctl' "$own")" -eq 1 ]
}

@test "without systemctl it says so and goes on" {
  rm bin/systemctl
  log_lines 1
  aged 1000
  start
  await 'WARNING: systemctl restart livereduce.service failed (exit code 127)' "$own"
  looked_again
}

@test "a systemctl that hangs is ended, and it goes on" {
  log_lines 1
  aged 1000
  sleep=$(command -v sleep)
  echo "echo \$\$ >$PWD/hanging; exec $sleep 1000" >behaviour
  start
  await . hanging
  uptime_is 100179
  kill -0 "$(cat hanging)"
  uptime_is 100181
  await 'WARNING: systemctl restart livereduce.service has not come back after 180 s' "$own"
  await 'the status of it' "$own"
  if kill -0 "$(cat hanging)"; then return 1; fi
  looked_again
}

@test "without the right to restart it says so once, and acts when it is granted" {
  log_lines 1
  aged 1000
  echo 'echo "Failed to restart livereduce.service: Interactive authentication required."; exit 1' >behaviour
  start
  await 'WARNING: no right to restart livereduce.service' "$own"
  for now in 100300 100600 100900; do
    uptime_is "$now"
    looked_again
  done
  [ "$(restarts)" -eq 4 ]
  [ "$(grep -c 'no right' "$own")" -eq 1 ]
  [ "$(grep -c 'No change for' "$own")" -eq 1 ]
  : >behaviour
  uptime_is 101200
  await 'the status of it' "$own"
  [ "$(grep -c 'No change for' "$own")" -eq 2 ]
}

# ---- its own log file

@test "its log file has every line that it says, and anyone may read it" {
  configure '{"watchdog": {"interval": 0.1, "threshold": 1}}'
  log_lines 1
  aged 1000
  umask 077
  start
  await 'the status of it' "$own"
  diff out "$own"
  [ "$(stat -c %a "$own")" = 644 ]
  grep -q 'livereduce watchdog started' "$own"
  grep -q 'WARNING: watchdog.threshold' "$own"
  grep -q "watching $PWD/$target for livereduce.service: interval 0.1 s, threshold 300 s" "$own"
}

@test "its log file may be rotated" {
  log_lines 1
  aged 1000
  start
  await 'the status of it' "$own"
  mv "$own" "$own.1"
  uptime_is 100300
  await 'the status of it' "$own"
}

@test "without its log file it says so once and goes on" {
  log_lines 1
  aged 1000
  mkdir "$own"
  start
  await 'the status of it' out
  [ "$(grep -c 'cannot be written, messages go to the journal only' out)" -eq 1 ]
  rmdir "$own"
  uptime_is 100300
  await 'the status of it' "$own"
}

# ---- files that are not files: whoever opens a FIFO may wait for ever

@test "a FIFO in the place of its own log does not stop it" {
  log_lines 1
  aged 1000
  mkfifo "$own"
  start
  await 'the status of it' out
  [ "$(grep -c 'cannot be written, messages go to the journal only' out)" -eq 1 ]
  looked_again
  rm "$own"
  uptime_is 100300
  await 'the status of it' "$own"
}

@test "its own log that becomes a FIFO while it runs does not stop it" {
  log_lines 1
  aged 1000
  start
  await 'the status of it' "$own"
  rm "$own" && mkfifo "$own"
  uptime_is 100300
  await 'cannot be written, messages go to the journal only' out
  looked_again
  [ "$(restarts)" -eq 2 ]
}

@test "a device in the place of its own log is not written to" {
  log_lines 1
  aged 1000
  ln -s /dev/null "$own"
  start
  await 'the status of it' out
  grep -q 'cannot be written, messages go to the journal only' out
}

@test "a FIFO in the place of the service's log neither stops it nor makes it restart" {
  mkfifo "$target"
  start
  await 'not a regular file; livereduce.service is not restarted for it' "$own"
  for now in 101000 102000 103000; do
    uptime_is "$now"
    looked_again
  done
  [ "$(restarts)" -eq 0 ]
  [ "$(grep -c 'not a regular file' "$own")" -eq 1 ]
  rm "$target"
  log_lines 1
  await 'is there again' "$own"
  uptime_is 103301
  await ' restart ' calls
}

@test "a log that becomes a FIFO between the look and the restart does not stop it" {
  log_lines 1
  aged 1000
  rm bin/tail
  cat >bin/tail <<EOF
#!/bin/bash
$(command -v rm) $PWD/$target
$(command -v mkfifo) $PWD/$target
echo >$PWD/swapped
exec $(command -v tail) "\$@"
EOF
  chmod +x bin/tail
  start
  for _ in $(seq 200); do
    if [ -e swapped ]; then break; fi
    sleep 0.05
  done
  uptime_is 100030
  await 'the status of it' "$own"
  grep -q 'cannot be read' "$own"
}

@test "a FIFO in the place of the configuration means the defaults" {
  rm conf && mkfifo conf
  start
  grep -q 'WARNING: the configuration conf cannot be used, using the defaults: it is not a regular file' out
  grep -q 'interval 60 s, threshold 300 s' out
}

@test "a log file behind a link is watched, not the link" {
  log_lines 1
  mv "$target" elsewhere.log
  ln -s ../elsewhere.log "$target"
  touch -h -d '1000 seconds ago' "$target"
  start
  looked_again
  [ "$(restarts)" -eq 0 ]
  uptime_is 100250
  looked_again
  echo more >>elsewhere.log
  looked_again
  uptime_is 100400
  looked_again
  [ "$(restarts)" -eq 0 ]
}

@test "of a line without end only the end is kept" {
  head -c 3000000 /dev/zero | tr '\0' x >"$target"
  aged 1000
  start
  await 'the status of it' "$own"
  [ "$(stat -c %s "$own")" -lt 200000 ]
}

@test "an instance watches its own log file and restarts its own service" {
  target=log/livereduce_PG3.log
  log_lines 1
  aged 1000
  start LIVEREDUCE_INSTANCE=PG3
  await 'the status of it' log/livereduce_watchdog_PG3.log
  grep -q ' restart livereduce@PG3.service' calls
  [ ! -e "$own" ]
}

@test "a user's own watchdog asks the user's own manager" {
  log_lines 1
  aged 1000
  start LIVEREDUCE_MANAGER=--user
  await '--user --no-ask-password --no-pager restart livereduce.service' calls
}

@test "the places are those of the service" {
  grep -q '^readonly LOG_DIR=${LIVEREDUCE_LOG_DIR:-/var/log/SNS_applications}$' "$SCRIPT"
  grep -q '^readonly CONFIG_FILE=${1:-/etc/livereduce.conf}$' "$SCRIPT"
}

@test "it ends at once when it is told to" {
  configure '{"watchdog": {"interval": 3600}}'
  start
  kill -TERM "$pid"
  code=0
  wait "$pid" || code=$?
  [ "$code" -eq 143 ]
  pid=''
}
