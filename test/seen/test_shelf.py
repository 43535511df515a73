"""What is new on a shelf of products, and what stays known of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers.fabricated import axis, pattern, product
from livereduce.base.files import Mark
from livereduce.publish.products.folder import Products
from livereduce.publish.products.index import INDEX
from livereduce.seen.index import Listed
from livereduce.seen.shelf import Shelf, look_at, news, unshaped


def names(found: list[tuple[int, Listed]]) -> list[tuple[int, str]]:
    return [(run, one.name) for run, one in found]


def test_a_shape_that_is_known_later_is_news_and_goes_with_its_file(tmp_path: Path) -> None:
    shelf = Products(tmp_path)
    shelf.publish(pattern(7, 100))
    shelf.publish(product(7, "other", np.ones(2), (axis("x", np.arange(2.0)),)))
    folder, marks = str(tmp_path / "products"), dict[Path, Mark]()
    first = look_at(folder, Shelf(), {}, marks)
    assert sorted(names(news(Shelf(), first))) == [(7, "other"), (7, "result")]
    shaped = replace(first, shapes={(7, "result"): (360,)})
    assert names(news(first, shaped)) == [(7, "result")]
    assert news(shaped, shaped) == []
    assert look_at(folder, shaped, marks, {}) is shaped
    assert names(unshaped(shaped)) == [(7, "other")]
    shelf.publish(pattern(7, 200))
    again = look_at(folder, shaped, marks, {})
    assert names(news(shaped, again)) == [(7, "result")]
    assert again.shapes == {}
    (tmp_path / "products" / INDEX).write_text("{")
    assert look_at(folder, again, {}, {}) is again, "a broken index is replaced with the next result"
    assert look_at("", again, {}, {}) == Shelf()
