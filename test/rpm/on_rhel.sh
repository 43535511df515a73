#!/usr/bin/env bash
# Build, lint, install and start the packages on UBI 9 with podman or docker: what only RHEL can show. It needs the
# network. See README.md.
# shellcheck disable=SC2016 # single quotes: what is in them is for the shell inside
set -euo pipefail
cd "$(dirname "$0")/../.."

for engine in podman docker; do
  command -v "$engine" >/dev/null && break
done
command -v "$engine" >/dev/null || { echo "on_rhel.sh: neither podman nor docker is installed" >&2; exit 1; }
options=(--systemd=always)
[ "$engine" = podman ] || options=(--privileged --cgroupns=host --volume /sys/fs/cgroup:/sys/fs/cgroup)

"$engine" build --tag livereduce-rhel9 --file test/rpm/Containerfile .
container=$("$engine" run --detach --rm "${options[@]}" livereduce-rhel9)
trap '"$engine" kill "$container" >/dev/null' EXIT

inside() { "$engine" exec "$container" "$@"; }

for _ in $(seq 60); do
  case $(inside systemctl is-system-running 2>&1 || true) in
    running | degraded) break ;;
  esac
  sleep 1
done

check() {
  local what=$1
  shift
  if inside "$@" >/dev/null 2>&1; then
    echo "ok      $what"
  else
    echo "FAILED  $what: $*"
    failed=yes
  fi
}

failed=''
check "services are not enabled" bash -c '! systemctl is-enabled livereduce livereduce_watchdog'
check "both start" systemctl start livereduce livereduce_watchdog
check "both are active" systemctl is-active livereduce livereduce_watchdog
check "the daemon is systemd's main process" bash -c \
  'grep -q livereduce "/proc/$(systemctl show --value --property=MainPID livereduce)/cmdline"'
check "it runs in a Python of the system" bash -c 'livereduce status | grep -q "pid"'
check "its log can be read by anyone" bash -c '[ "$(stat -c %a /var/log/SNS_applications/livereduce.log)" = 644 ]'
check "the directory is the account's" bash -c '[ "$(stat -c "%U %a" /var/log/SNS_applications)" = "snsdata 1755" ]'
check "the account may restart it" runuser -u snsdata -- systemctl --no-ask-password restart livereduce
check "the account may not stop others" bash -c '! runuser -u snsdata -- systemctl --no-ask-password stop dbus-broker'
check "both are removed" dnf remove -y python-livereduce python-livereduce-watchdog
check "the watchdog's log is gone, the service's stays" bash -c \
  'cd /var/log/SNS_applications && [ -e livereduce.log ] && [ ! -e livereduce_watchdog.log ]'
[ -z "$failed" ]
