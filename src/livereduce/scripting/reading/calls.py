"""What is wrong with a call of an algorithm, as far as its declaration tells without running it."""

import ast
from collections.abc import Iterator

from livereduce.catalog.declaration import OF_EVERY_ALGORITHM, REQUIRED, Algorithm, Argument, ArgumentKind
from livereduce.catalog.wording import missing_argument, too_many, unknown_argument, wrong_value


def wrong_arguments(algorithm: Algorithm, call: ast.Call) -> Iterator[str]:
    """Sentences on the arguments of a call."""
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg is not None}
    if any(name.casefold() == "version" for name in keywords):
        return  # the declaration is that of the newest version
    given = {one.name: value for name, value in keywords.items() if (one := _argument(algorithm, name)) is not None}
    unknown = [name for name in keywords if _argument(algorithm, name) is None]
    unknown = [name for name in unknown if name.casefold() not in OF_EVERY_ALGORITHM]
    yield from (unknown_argument(algorithm, name) for name in unknown)
    unpacked = any(isinstance(one, ast.Starred) for one in call.args)
    places = [one for one in algorithm.places if one.name not in given]
    if not unpacked and len(call.args) > len(places):
        yield too_many(algorithm, [one.name for one in places], len(call.args))
    if not unpacked and not unknown and all(keyword.arg is not None for keyword in call.keywords):
        reached = {*given, *(one.name for one in places[: len(call.args)])}
        yield from (missing_argument(algorithm, one) for one in algorithm.arguments if _is_missed(one, reached))
    if not unpacked:
        given |= {one.name: value for one, value in zip(places, call.args, strict=False)}
    yield from _wrong_choices(algorithm, given)


def _argument(algorithm: Algorithm, name: str) -> Argument | None:
    found = algorithm.argument(name)
    return None if found is None or found.kind is ArgumentKind.RESULT else found


def _is_missed(argument: Argument, reached: set[str]) -> bool:
    return argument.default is REQUIRED and argument.is_input and argument.name not in reached


def _wrong_choices(algorithm: Algorithm, given: dict[str, ast.expr]) -> Iterator[str]:
    for name, value in given.items():
        argument = algorithm.argument(name)
        if argument is None or not argument.choices or not isinstance(value, ast.Constant):
            continue
        if isinstance(value.value, str) and value.value.casefold() not in map(str.casefold, argument.choices):
            yield wrong_value(algorithm, argument, value.value)
