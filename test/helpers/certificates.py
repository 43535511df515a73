"""Certificates for tests: an authority, and what it vouches for; made by openssl."""

import subprocess
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make_certificates(folder: Path, name: str, for_whom: str = "DNS:dask") -> Path:
    """A new folder with ``ca.pem``, ``cert.pem`` and ``key.pem``; each has an authority of its own."""
    made = folder / name
    made.mkdir()
    _openssl(made, "req", "-x509", *KEY, "-days", "2", "-subj", f"/CN={name}", "-keyout", "ca.key", "-out", "ca.pem")
    _openssl(made, "req", *KEY, "-subj", "/CN=dask", "-keyout", "key.pem", "-out", "request.pem")
    by = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
    (made / "extensions").write_text(f"subjectAltName={for_whom}\n")
    more = ("-extfile", "extensions")
    _openssl(made, "x509", "-req", "-in", "request.pem", *by, *more, "-days", "2", "-out", "cert.pem")
    return made


def dask_environ(certificates: Path) -> dict[str, str]:
    """Dask's configuration that names them, for every role."""
    names = {"CA_FILE": "ca.pem"}
    for role in ("CLIENT", "SCHEDULER", "WORKER"):
        names |= {f"{role}__CERT": "cert.pem", f"{role}__KEY": "key.pem"}
    return {f"DASK_DISTRIBUTED__COMM__TLS__{key}": str(certificates / file) for key, file in names.items()}


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, capture_output=True, check=True)
