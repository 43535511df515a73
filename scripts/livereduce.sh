#!/usr/bin/env bash
# livereduce.sh [CONF]: the daemon, in the environment that the configuration names (default /etc/livereduce.conf).
# Each step takes the place of this process, so that what systemd has started is the daemon itself.
set -u

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
for package in "$here/../src" "$here/../share/livereduce" ""; do # a checkout, the RPM, pip
  [ -f "$package/livereduce/commands/launch.py" ] && break
done
if [ -n "$package" ]; then
  PYTHONPATH="$(readlink -f "$package")${PYTHONPATH:+:$PYTHONPATH}"
  export PYTHONPATH
fi

# A python of the system, to begin with and to park in: the daemon needs psutil, asking for an environment does not.
# One that is too old does not know -P, which keeps the working directory off the path.
for needs in "sys, psutil" "sys"; do
  for python in python3 python3.{11..19}; do
    if "$python" -P -c "import $needs; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
      exec "$python" -P -m livereduce.commands.launch "$@"
    fi
  done
done
echo "livereduce: needs a python3 that is 3.11 or newer; none is on the PATH ($PATH)" >&2
exit 78
