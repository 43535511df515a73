"""The instrument of sample data: square banks behind one another along the beam, as an instrument definition."""

from dataclasses import dataclass
from xml.sax.saxutils import quoteattr


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleInstrument:
    """Lengths in m; ``width`` is the number of pixels of a bank along each side."""

    name: str
    banks: int
    monitors: int
    width: int
    spacing: float
    bank_distance: float
    source_distance: float

    def xml(self) -> str:
        """The definition: bank n has the ids from n times its number of pixels on; monitors come after the banks."""
        return (
            f'<instrument name={quoteattr(self.name)} valid-from="1900-01-31 23:59:59"><defaults><reference-frame>'
            '<along-beam axis="z"/><pointing-up axis="y"/><handedness val="left"/></reference-frame></defaults>'
            '<type name="pixel" is="detector"/><type name="monitor" is="monitor"/><type name="moderator" is="Source"/>'
            '<type name="chopper-position" is="ChopperPos"/><type name="sample" is="SamplePos"/>'
            f"{self._banks()}{self._monitors()}"
            f'<component type="moderator"><location z="{-self.source_distance!r}"/></component>'
            f'<component type="chopper-position"><location z="{-0.25 * self.source_distance!r}"/></component>'
            '<component type="sample"><location/></component></instrument>'
        )

    def _banks(self) -> str:
        if not self.banks or not self.width:
            return ""
        pixels = self.width**2
        return (
            f'<type name="bank" is="RectangularDetector" type="pixel" xpixels="{self.width}" xstart="0"'
            f' xstep="{self.spacing!r}" ypixels="{self.width}" ystart="0" ystep="{self.spacing!r}"/>'
        ) + "".join(
            f'<component type="bank" idstart="{number * pixels}" idfillbyfirst="y" idstepbyrow="{self.width}">'
            f'<location name="bank{number}" z="{self.bank_distance * number!r}"/></component>'
            for number in range(1, self.banks + 1)
        )

    def _monitors(self) -> str:
        if not self.monitors:
            return ""
        first = (self.banks + 1) * self.width**2
        places = "".join(
            f'<location name="monitor{k + 1}" z="{self.bank_distance * (k + 0.5)!r}"/>' for k in range(self.monitors)
        )
        return (
            f'<component type="monitor" idlist="monitors">{places}</component>'
            f'<idlist idname="monitors"><id start="{first}" end="{first + self.monitors - 1}"/></idlist>'
        )
