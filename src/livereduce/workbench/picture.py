"""Pictures of differences: files beside the products."""

from pathlib import Path

from livereduce.publish.difference import Comparison, Difference
from livereduce.publish.product import Product
from livereduce.publish.products.file import write_product
from livereduce.publish.products.folder import safe_name
from livereduce.web.render.png import draw
from livereduce.web.render.reading import Unshowable


def draw_differences(found: Comparison, run: int, folder: Path) -> list[Path]:
    """Draw the deviation of each result that differs, as ``difference_<name>.png`` with its numbers beside it.

    Returns
    -------
    The pictures.
    """
    drawn = []
    for one in found.differences:
        if one.is_none or one.problem or not one.deviation.ndim or one.chi2_per_n is None:
            continue
        path = folder / f"difference_{safe_name(one.name)}.nxs"
        write_product(path, _product(one, run))
        try:
            picture = draw(path, (), run, f"difference of {one.name}")
        except Unshowable:
            continue
        path.with_suffix(".png").write_bytes(picture)
        drawn.append(path.with_suffix(".png"))
    return drawn


def _product(one: Difference, run: int) -> Product:
    return Product(
        pipeline="try",
        run=run,
        name=f"difference of {one.name}",
        signal=one.deviation,
        axes=one.axes,
        units="sigma",
        title=f"most {one.worst:+.3g} sigma at {one.worst_at}; chi2/n {one.chi2_per_n:.3g}",
    )
