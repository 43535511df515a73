#!/usr/bin/env bash
# Make the small Debian that the system tests boot, in .venv/system/root. It is kept and used again until what it is
# made from changes. As root this needs nothing but apt-get and the network; otherwise it says what is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=.venv/bin/python
cache=.venv/system
root=$cache/root
release=bookworm # systemd 252 and Python 3.11, the versions nearest to RHEL 9 with a python3.11
packages=systemd,systemd-sysv,dbus,polkitd,rpm,jq,logrotate,python3,python3-psutil,python3-venv,procps

fail() { echo "provision: $*" >&2; exit 1; }

# libraries EXTRA: what an extra needs, as pyproject.toml wants it.
libraries() {
  "$python" - "$1" <<'PYTHON'
import sys, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
print("\n".join(project["dependencies"] + project["optional-dependencies"][sys.argv[1]]))
PYTHON
}

# What this machine lacks: Debian's name of the package for each command that is not there.
missing() {
  local command package
  while read -r command package; do
    command -v "$command" >/dev/null || echo "$package"
  done <<'PAIRS'
mmdebstrap mmdebstrap
rpmbuild rpm
unshare util-linux
nsenter util-linux
setpriv util-linux
PAIRS
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || echo debian-archive-keyring
}

install_missing() {
  local names
  names=$(missing | sort -u | xargs)
  [ -n "$names" ] || return 0
  command -v apt-get >/dev/null || fail "missing (Debian's names): $names"
  apt-get update -qq
  # shellcheck disable=SC2086 # one word a package
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $names >/dev/null
}

# add_environment ROOT PLACE EXTRA: an environment of Python's own; the wheels come by this machine's pip and its settings.
add_environment() {
  local site=$1$2/lib/python3.11/site-packages glibc platforms=()
  for glibc in $(seq 17 36); do
    platforms+=(--platform "manylinux_2_${glibc}_$(uname -m)")
  done
  chroot "$1" python3 -m venv --without-pip "$2"
  libraries "$3" | "$python" -m pip install --quiet --disable-pip-version-check --target "$site" --no-compile \
    --python-version 3.11 --implementation cp --only-binary=:all: "${platforms[@]}" --requirement /dev/stdin
  chroot "$1" "$2/bin/python" -m compileall -q -j 2 "${site#"$1"}" >/dev/null
}

# add_wheels ROOT EXTRA...: what extras need, as files: the machine has no network.
add_wheels() {
  local into=$1/opt/wheels glibc platforms=()
  for glibc in $(seq 17 36); do
    platforms+=(--platform "manylinux_2_${glibc}_$(uname -m)")
  done
  for extra in "${@:2}"; do
    libraries "$extra" | "$python" -m pip download --quiet --disable-pip-version-check --dest "$into" \
      --python-version 3.11 --implementation cp --only-binary=:all: "${platforms[@]}" --requirement /dev/stdin
  done
}

# What RHEL has and Debian has not: services are not enabled by being installed. And no work of Debian's own meanwhile.
make_like_rhel() {
  echo 'disable *' >"$1/usr/lib/systemd/system-preset/99-default-disable.preset"
  chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    logrotate.timer systemd-tmpfiles-clean.timer
  chroot "$1" systemd-machine-id-setup 2>/dev/null # a machine without one has its "first boot" before it
}

key=$({ cat "$0"; libraries builtin; libraries web; libraries heartbeat; uname -m; } | sha256sum)
if [ "$(cat $root.key 2>/dev/null)" = "$key" ] && [ -z "$(missing)" ]; then
  exit 0
fi
if [ "$(id -u)" -eq 0 ] && ! unshare --fork --pid --mount --net --cgroup true; then
  echo "provision: nothing is provisioned, since namespaces cannot be made here" >&2
  exit 0
fi
[ "$(id -u)" -eq 0 ] || fail "only root can make and boot $root; missing besides (Debian's names): $(missing | xargs)"
install_missing
begun=$SECONDS
mkdir -p $cache
rm -rf $root $root.key $root.new
mmdebstrap --quiet --variant=minbase --include=$packages --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' $release $root.new
add_environment $root.new /opt/builtin builtin
add_wheels $root.new web heartbeat
make_like_rhel $root.new
mv $root.new $root
echo "$key" >$root.key
echo "provision: made $root in $((SECONDS - begun)) s"
