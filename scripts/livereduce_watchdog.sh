#!/bin/bash
# The watchdog: restarts the livereduce service when its log file has stood still for too long.
#
#   livereduce_watchdog.sh [CONF]            CONF: /etc/livereduce.conf if not given
#
# It reads "watchdog": {"interval": 60, "threshold": 300} (seconds) of the configuration once, at its start, and then
# looks at the log file every `interval` seconds. Environment, set by the units: LIVEREDUCE_INSTANCE, the NAME of
# livereduce@NAME; LIVEREDUCE_LOG_DIR, where the log files lie; LIVEREDUCE_MANAGER, options of systemctl (--user).
#
# It needs bash, jq, systemctl, stat and tail, and nothing else: a second net must hold where the first has torn. So
# waiting is `read -t` on a pipe that nothing is written to, dates come from printf, and time that counts from
# /proc/uptime, which goes on evenly when somebody sets the clock.

set -u
umask 022
export LC_ALL=C SYSTEMD_PAGER='' SYSTEMD_COLORS=0

readonly DEFAULT_INTERVAL=60 DEFAULT_THRESHOLD=300 LEAST_THRESHOLD=20
readonly RESTART_LIMIT=180 STATUS_LIMIT=20 # seconds that a call of systemctl may take
readonly TAIL_LIMIT=20 TAIL_BYTES=65536    # seconds that reading the end of a log may take, and how much of it

readonly CONFIG_FILE=${1:-/etc/livereduce.conf}
readonly LOG_DIR=${LIVEREDUCE_LOG_DIR:-/var/log/SNS_applications}
readonly NAME=${LIVEREDUCE_INSTANCE:-}
readonly TARGET=$LOG_DIR/livereduce${NAME:+_$NAME}.log
readonly LOG=$LOG_DIR/livereduce_watchdog${NAME:+_$NAME}.log
readonly SERVICE=livereduce${NAME:+@$NAME}.service

# ---- what it says: to its own log file, and to the journal by standard output

log_failed=''

say() {
  printf '%s\n' "$1"
  if write_log "$1"; then
    log_failed=''
  elif [[ ! $log_failed ]]; then
    log_failed=yes
    printf 'WARNING: %s cannot be written, messages go to the journal only\n' "$LOG"
  fi
}

timestamp() { printf '%(%F %T)T' -1; }

# One line into the log file, if it is a regular file. Writing to a FIFO would wait until somebody reads it, and it may
# become one at any moment: so it is opened for reading too, which does not wait, and looked at when it is open. What is
# written goes to that very file.
write_log() {
  local file written
  [[ -f $LOG || ! -e $LOG ]] || return
  { exec {file}<>"$LOG"; } 2>/dev/null || return
  [[ -f /dev/fd/$file ]] && { printf '%s\n' "$1" >>"/proc/self/fd/$file"; } 2>/dev/null
  written=$?
  exec {file}>&-
  return "$written"
}

note() { say "$(timestamp) $*"; }

# ---- time

exec {never}<> <(:) # a pipe that this shell holds open at both ends

nap() { read -rt "$1" -u "$never"; }

# Whole seconds since the machine was started.
uptime_s() {
  local seconds
  read -r seconds _ </proc/uptime
  printf '%s' "${seconds%.*}"
}

# ---- configuration

# Each value as "ok NUMBER", "bad JSON" or "unset"; numbers may be written as text, as everywhere in this file.
# shellcheck disable=SC2016  # $least is jq's
readonly READ_CONFIG='
  def value(key):
    if type != "object" then null
    elif .watchdog | type == "object" and .[key] != null then .watchdog[key]
    else .["watchdog." + key] end;
  def verdict(least):
    if . == null then "unset"
    else . as $given
      | (if type == "string" then (tonumber? // null) elif type == "number" then . else null end)
      | if . == null or . < least or . <= 0 or . > 1e8 then "bad " + ($given | tojson)
        else "ok " + ((. * 10 | ceil) / 10 | tostring) end
    end;
  if type != "object" then error("expected an object, got \(type)") else . end
  | (value("interval") | verdict(0)), (value("threshold") | verdict($least))'

interval=$DEFAULT_INTERVAL threshold=$DEFAULT_THRESHOLD

# take NAME VERDICT EXPECTED: the variable NAME gets the value, or keeps its default with a warning.
take() {
  case $2 in
    ok\ *) printf -v "$1" '%s' "${2#ok }" ;;
    bad\ *) note "WARNING: watchdog.$1 in $CONFIG_FILE: expected $3, got ${2#bad }; using the default ${!1}" ;;
  esac
}

read_config() {
  local answer verdicts
  if [[ ! -e $CONFIG_FILE ]]; then
    note "no configuration $CONFIG_FILE: using the defaults"
  elif [[ ! -f $CONFIG_FILE ]]; then # reading a FIFO would wait for ever
    note "WARNING: the configuration $CONFIG_FILE cannot be used, using the defaults: it is not a regular file"
  elif [[ ! -s $CONFIG_FILE ]]; then
    note "the configuration $CONFIG_FILE is empty: using the defaults"
  elif ! answer=$(jq --raw-output --argjson least "$LEAST_THRESHOLD" "$READ_CONFIG" "$CONFIG_FILE" 2>&1); then
    note "WARNING: the configuration $CONFIG_FILE cannot be used, using the defaults: ${answer//$'\n'/ }"
  else
    mapfile -t verdicts <<<"$answer"
    take interval "${verdicts[0]-}" 'a number of seconds greater than 0'
    take threshold "${verdicts[1]-}" "a number of seconds, at least $LEAST_THRESHOLD"
  fi
  threshold=${threshold%.*} # ages are whole seconds
}

# ---- other programs, which may fail or hang

# ctl LIMIT ARGUMENTS: systemctl, as `bounded`.
ctl() {
  local limit=$1
  shift
  # shellcheck disable=SC2086  # options, several words
  bounded "$limit" systemctl ${LIVEREDUCE_MANAGER:-} --no-ask-password --no-pager "$@"
}

# bounded LIMIT COMMAND: its output in `output`; its exit code, or 124 if it had to be ended after LIMIT seconds.
bounded() {
  local limit=$1 pipe pid line started
  shift
  exec {pipe}< <(exec "$@" 2>&1)
  pid=$!
  output=''
  started=$(uptime_s)
  while
    IFS= read -rt 1 -u "$pipe" line
    local answer=$?
    output+=$line
    ((answer == 0 || answer > 128)) # neither a line nor silence is the end
  do
    if ((answer == 0)); then
      output+=$'\n'
    elif (($(uptime_s) - started >= limit)); then
      kill -KILL "$pid" 2>/dev/null
      exec {pipe}<&-
      return 124
    fi
  done
  exec {pipe}<&-
  output=${output%$'\n'}
  wait "$pid"
}

# ---- the log file that is watched

look=''   # its inode, size and modification time at the last look
since=''  # the uptime at which it was last seen to have changed; empty while it has never been there
gone=''
other=''  # it is there, but not as a regular file

# Looks at the log file; false while there is nothing to judge. What counts is that it changes, not what its time says:
# clocks are set, files are rotated. Only how old it is when first seen is taken from its time. What is not a regular file
# (a FIFO, a device) says nothing of the service, which does not write to it either and goes on.
watch() {
  local now=$1 found kind
  found=$(stat -L -c '%i %s %Y %F' -- "$TARGET" 2>/dev/null)
  kind=${found#* * * }
  if [[ $found && $kind != regular* ]]; then
    [[ $other ]] || note "WARNING: $TARGET is a $kind, not a regular file; $SERVICE is not restarted for it"
    other=yes since='' look=''
  elif [[ $found ]]; then
    found=${found% "$kind"}
    [[ $gone$other ]] && note "$TARGET is there again"
    gone='' other=''
    if [[ ! $since ]]; then
      local wall age
      printf -v wall '%(%s)T' -1
      age=$((wall - ${found##* }))
      since=$((age > 0 ? now - age : now))
    elif [[ $found != "$look" ]]; then
      since=$now
    fi
    look=$found
  elif [[ ! $gone ]]; then
    gone=yes
    note "WARNING: $TARGET does not exist; ${since:+its silence goes on counting, }waiting for it"
  fi
  [[ $since ]]
}

# ---- the restart

restarted=-1000000000 # uptime of the last attempt
refused=''            # systemctl has said that we may not

marker() {
  local age=$1 lines=() output=''
  if [[ -f $TARGET ]] && bounded "$TAIL_LIMIT" tail -c "$TAIL_BYTES" -- "$TARGET"; then
    mapfile -t lines <<<"$output"
    ((${#lines[@]} <= 20)) || lines=("${lines[@]: -20}")
  else
    lines=("($TARGET cannot be read)")
  fi
  printf '%s\n' \
    '#############################################################################' \
    "$(timestamp) No change for $age s in $TARGET" \
    "---- Last 20 lines of $TARGET before restart:" \
    "${lines[@]}" \
    '' \
    "restarting $SERVICE."
}

is_refusal() {
  case ${1,,} in
    *'authentication required'* | *'access denied'* | *'permission denied'* | *'not authorized'*) return 0 ;;
  esac
  return 1
}

restart() {
  local text code
  text=$(marker "$1")
  [[ $refused ]] || say $'\n'"$text"
  ctl "$RESTART_LIMIT" restart "$SERVICE"
  code=$?
  if ((code != 0)) && is_refusal "$output"; then
    [[ $refused ]] || note "WARNING: no right to restart $SERVICE (${output//$'\n'/ }). The polkit rule of the watchdog's" \
      "package gives it to the account snsdata. Tries go on in silence until one is allowed."
    refused=yes
    return
  fi
  [[ $refused ]] && say $'\n'"$text" # kept back, since the attempt might have been in vain as well
  refused=''
  if ((code == 124)); then
    note "WARNING: systemctl restart $SERVICE has not come back after $RESTART_LIMIT s"
  elif ((code != 0)); then
    note "WARNING: systemctl restart $SERVICE failed (exit code $code): ${output//$'\n'/ }"
  fi
  ctl "$STATUS_LIMIT" status "$SERVICE"
  if (($? == 124)); then
    note "WARNING: systemctl status $SERVICE has not come back after $STATUS_LIMIT s"
  else
    say "$output"
  fi
}

# One look: a restart if the log has stood still for `threshold`, and at most one in that time.
check() {
  local now
  now=$(uptime_s)
  watch "$now" || return
  ((now - since >= threshold && now - restarted >= threshold)) || return
  restarted=$now
  restart $((now - since))
}

note "livereduce watchdog started, pid $$"
read_config
note "watching $TARGET for $SERVICE: interval $interval s, threshold $threshold s"
while :; do
  check
  nap "$interval"
done
