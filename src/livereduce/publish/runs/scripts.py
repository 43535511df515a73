"""Which scripts made a result: the md5 of each by file name, as a fact of the product. Pure."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import PurePath

FACT = "scripts"
"""Name of the fact in a product's file: ``reduce_PG3_live_proc.py:<md5> helper.py:<md5>``."""
MAX_SCRIPTS = 100
"""Most scripts and modules that are listed."""
ID_DIGITS = 8


def by_name(files: Mapping[str, str]) -> list[tuple[str, str]]:
    """The name and md5 of each file, given by path; a name has the folders that tell it from others."""
    parts = {path: PurePath(path).parts for path in files}
    depth = dict.fromkeys(files, 1)
    while True:
        names = {path: "/".join(parts[path][-depth[path] :]) for path in files}
        count = Counter(names.values())
        alike = [path for path, name in names.items() if count[name] > 1 and depth[path] < len(parts[path])]
        if not alike:
            return [(names[path], md5) for path, md5 in files.items()]
        depth |= {path: depth[path] + 1 for path in alike}


def encode_scripts(scripts: Iterable[tuple[str, str]]) -> str:
    """Encode file names and their md5 as one text; a blank in a name becomes an underscore."""
    return " ".join(f"{'_'.join(name.split())}:{md5}" for name, md5 in list(scripts)[:MAX_SCRIPTS])


def decode_scripts(text: str) -> dict[str, str]:
    """Decode the md5 by file name; what is not of this form is left out."""
    pairs = (word.rpartition(":") for word in text.split()[:MAX_SCRIPTS])
    return {name: md5 for name, _, md5 in pairs if name and md5}


def script_set_id(md5s: Iterable[str]) -> str:
    """A short name of all scripts with these md5s together; another one when one changes, empty if there are none.

    Their order does not matter, and several may be in one text with blanks between: so the trends of a run, which keep
    no names, give the same as its products.
    """
    listed = sorted({md5 for text in md5s for md5 in text.split()})
    if not listed:
        return ""
    return hashlib.md5(" ".join(listed).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:ID_DIGITS]


def changed_scripts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[str, ...]:
    """File names of the scripts that differ, were added or went; empty if nothing is known of one of both."""
    if not before or not after:
        return ()
    return tuple(name for name in sorted({*before, *after}) if before.get(name) != after.get(name))
