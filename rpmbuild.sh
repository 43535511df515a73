#!/usr/bin/env bash
# Build the RPMs from this checkout, into ~/rpmbuild/RPMS/noarch (rpm takes ~ from $HOME). On RHEL 9 it needs rpm-build
# and systemd-rpm-macros; on Debian, rpm.
set -euo pipefail
cd "$(dirname "$0")"

fail() { echo "rpmbuild.sh: $*" >&2; exit 1; }

command -v rpmbuild >/dev/null || fail "rpmbuild is missing (RHEL: dnf install rpm-build; Debian: apt-get install rpm)"

# 2.0.0.dev0 is 2.0.0~dev0 for rpm: what comes after a tilde sorts before the release itself.
version=$(sed -n 's/^__version__ = "\([^"]*\)"$/\1/p' src/livereduce/__init__.py)
version=$(sed -E 's/\.?(dev|a|b|rc)([0-9]+)$/~\1\2/' <<<"$version")
[ -n "$version" ] || fail "src/livereduce/__init__.py names no __version__"

top=$(rpm --eval '%{_topdir}')
mkdir -p "$top"/{BUILD,RPMS,SOURCES,SPECS,SRPMS}
sed "s/^Version:.*/Version:        $version/" packaging/livereduce.spec >"$top/SPECS/livereduce.spec"
tar --create --gzip --file "$top/SOURCES/livereduce-$version.tar.gz" --transform "s,^,livereduce-$version/," \
  --exclude __pycache__ --sort=name --owner=0 --group=0 --numeric-owner \
  CHANGELOG.md LICENSE README.md docs examples packaging scripts src

# Where the system's own packages are not rpm's, what the spec requires to be installed cannot be looked up.
options=()
rpm --query rpm >/dev/null 2>&1 || options=(--nodeps)
rpmbuild -ba --quiet "${options[@]}" "$top/SPECS/livereduce.spec"
ls "$top"/RPMS/noarch/python-livereduce{,-watchdog}-"$version"-*.rpm
