"""nginx before a page, as docs/web.md says: the page lies below a path of another server."""

import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.paths import ROOT

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
ROOT_PATH = "/livereduce/bl11a"
PATIENCE_S = 30.0

_SERVER = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  gzip on;
  gzip_proxied any;
  gzip_types application/json;
  server {{
    listen 127.0.0.1:{port};
{location}
  }}
}}
"""


def documented() -> str:
    """The part of nginx's configuration that docs/web.md has."""
    (block,) = re.findall(r"^```nginx\n(.*?)^```$", (ROOT / "docs" / "web.md").read_text(), re.MULTILINE | re.DOTALL)
    return str(block)


@contextmanager
def proxied(folder: Path, page_port: int, *, cut_off: bool = False) -> Iterator[str]:
    """The address of a page behind nginx; with `cut_off` the page does not see the path below which it lies."""
    assert NGINX is not None
    folder.mkdir()
    port = _free_port()
    location = documented()
    assert location.count(":8090;") == 1
    location = location.replace(":8090;", f":{page_port}/;" if cut_off else f":{page_port};")
    (folder / "nginx.conf").write_text(_SERVER.format(folder=folder, port=port, location=location))
    command = [NGINX, "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        try:
            _wait(child, f"http://127.0.0.1:{port}/")
            yield f"http://127.0.0.1:{port}{ROOT_PATH}"
        finally:
            child.terminate()
            child.communicate(timeout=PATIENCE_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait(child: subprocess.Popen[str], url: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and child.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=PATIENCE_S).close()
        except urllib.error.HTTPError:
            return  # it answers, if only that there is nothing
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"nginx does not listen: {child.communicate()}")
