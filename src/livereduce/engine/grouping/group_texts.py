"""Groups as people write them: map files, XML files and patterns. Text in, members out.

Source: Mantid docs/source/algorithms/GroupDetectors-v2.rst and LoadDetectorsGroupingFile-v1.rst.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

_RANGE = re.compile(r"(\d+)-(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenGroup:
    """A group as a file names it.

    Attributes
    ----------
    number
        Its own number, or its place in the file, from 1.
    spectra, detectors
        Numbers of spectra, and ids of detectors.
    components
        Names of parts of the instrument.
    """

    number: int
    spectra: tuple[int, ...] = ()
    detectors: tuple[int, ...] = ()
    components: tuple[str, ...] = ()


def of_map(text: str) -> list[WrittenGroup]:
    """Groups of a map file: their number, then for each its number, how many members it has, and these.

    Raises
    ------
    ValueError
        It is no such file; the text says where.
    """
    words = _words(text)
    _count(next(words, ""), "the number of groups")
    groups = []
    for word in words:
        number = _count(word, "the number of a group")
        wanted = _count(next(words, ""), f"the number of members of group {number}")
        members: list[int] = []
        while len(members) < wanted:
            members.extend(span(next(words, ""), f"a member of group {number}"))
        groups.append(WrittenGroup(number=number, spectra=tuple(members)))
    return groups


def _words(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from re.sub(r"(?<=\d)\s*-\s*(?=\d)", "-", line.partition("#")[0]).split()


def _count(word: str, what: str) -> int:
    if not word.isdigit():
        raise ValueError(f"{what} was expected, {'the file ends' if not word else f'{word!r} is there'}")
    return int(word)


def span(word: str, what: str) -> range:
    """Numbers of ``7`` or ``3-8``."""
    found = _RANGE.fullmatch(word)
    if found is None:
        number = _count(word, what)
        return range(number, number + 1)
    low, high = sorted((int(found[1]), int(found[2])))
    return range(low, high + 1)


def of_xml(text: str) -> list[WrittenGroup]:
    """Groups of a ``<detector-grouping>``.

    Raises
    ------
    ValueError
        It is no such XML.
    """
    root = _root(text, "detector-grouping")
    groups = []
    for place, element in enumerate(root.iter("group"), start=1):
        own = element.get("ID", element.get("id", ""))
        groups.append(
            WrittenGroup(
                number=int(own) if own.lstrip("-").isdigit() else place,
                spectra=_listed(element, "ids"),
                detectors=_listed(element, "detids"),
                components=tuple(
                    part.strip() for one in element.iter("component") for part in one.get("val", "").split(",") if part
                ),
            )
        )
    return groups


def _root(text: str, tag: str) -> ElementTree.Element:
    """The outermost element, which has this name."""
    try:
        root = ElementTree.fromstring(text.strip())
    except ElementTree.ParseError as error:
        raise ValueError(f"it is no XML that can be read: {error}") from None
    if root.tag != tag:
        raise ValueError(f"<{tag}> was expected, <{root.tag}> is there")
    return root


def _numbers(texts: Iterable[str], tag: str) -> tuple[int, ...]:
    """The numbers of lists such as ``1,3-8``."""
    words = [word for text in texts for word in re.split(r"[,\s]+", text) if word]
    return tuple(number for word in words for number in span(word, f"a number in <{tag}>"))


def _listed(element: ElementTree.Element, tag: str) -> tuple[int, ...]:
    return _numbers((one.get("val", "") for one in element.iter(tag)), tag)


def of_mask(text: str) -> WrittenGroup:
    """The contents of a mask file: the XML ``<detector-masking>``, or numbers of spectra such as ``1-3 7`` (``.msk``).

    Source: Mantid docs/source/algorithms/LoadMask-v1.rst.

    Raises
    ------
    ValueError
        It is neither.
    """
    if not text.lstrip().startswith("<"):
        words = list(_words(text.replace(",", " ")))
        return WrittenGroup(number=1, spectra=tuple(one for word in words for one in span(word, "a spectrum")))
    root = _root(text, "detector-masking")
    return WrittenGroup(
        number=1,
        spectra=_inside(root, "ids"),
        detectors=_inside(root, "detids"),
        components=tuple(one.text.strip() for one in root.iter("component") if one.text and one.text.strip()),
    )


def _inside(root: ElementTree.Element, tag: str) -> tuple[int, ...]:
    return _numbers((one.text or "" for one in root.iter(tag)), tag)


def of_pattern(pattern: str) -> list[tuple[int, ...]]:
    """Workspace indices of each group of a pattern: ``,`` next, ``:`` each of a range, ``+`` sum, ``-`` sum of a range.

    Raises
    ------
    ValueError
        It is no such pattern.
    """
    groups: list[tuple[int, ...]] = []
    for part in re.sub(r"\s+", "", pattern).split(","):
        ends = part.split(":")
        if len(ends) == 2 and all(end.isdigit() for end in ends):
            groups.extend((index,) for index in range(int(ends[0]), int(ends[1]) + 1))
            continue
        try:
            members = [index for word in part.split("+") for index in span(word, "an index")]
        except ValueError:
            raise ValueError(f"{part!r} cannot be read; a pattern is like 10+12,13:89,3-8") from None
        groups.append(tuple(members))
    return groups
