"""Programs that some tests need: without them a test is skipped, but a failure where the CI runs as root."""

import os
import shutil
from collections.abc import Iterable

import pytest

MUST_RUN = os.environ.get("CI") == "true" and os.geteuid() == 0

PACKAGES = {
    **dict.fromkeys(("rpm", "rpm2cpio", "rpmbuild"), "rpm"),
    **dict.fromkeys(("systemd-analyze", "systemd-sysusers", "systemd-tmpfiles"), "systemd"),
    **dict.fromkeys(("nsenter", "setpriv", "unshare"), "util-linux"),
    "activemq": "activemq",
    "busybox": "busybox-static",
    "chromium": "chromium",
    "duk": "duktape",
    "ip": "iproute2",
    "faketime": "faketime",
    "mount": "mount",
    "promtool": "prometheus",
    **{name: name for name in ("bats", "cpio", "jq", "logrotate", "make", "nginx", "openssl", "rpmlint", "shellcheck")},
}
"""Which package of Debian brings a program."""


def not_installed(programs: Iterable[str]) -> str:
    """The reason to skip a test, with what ends it."""
    names = sorted({PACKAGES[program] for program in programs})
    return f"not installed: {', '.join(programs)} (Debian: apt-get install {' '.join(names)})"


def needs(*programs: str) -> pytest.MarkDecorator:
    """A mark: skipped with the reason where one of these programs is missing; .ci/run as root installs them all."""
    missing = [program for program in programs if program not in PACKAGES or not shutil.which(program)]
    return pytest.mark.skipif(bool(missing) and not MUST_RUN, reason=not_installed(missing))
