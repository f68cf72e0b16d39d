"""A network and an image that it is shown: what figures of one image share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from cnnviz.formatting import per_cent
from cnnviz.progress import Work
from cnnviz.render.picture import enlarge, png
from cnnviz.report import provenance
from cnnviz.report.figures.figure import Picture
from cnnviz.report.figures.of_network import OfNetwork
from cnnviz.runs.run import Run

if TYPE_CHECKING:
    from torch import nn

    from cnnviz.explore.inputs.preprocessing import Input
    from cnnviz.models.checkpoint import Card

_SIDE = 160


@dataclass(frozen=True)
class Subject:
    """A loaded network, and the image as it reads it."""

    run: Run
    model: nn.Module
    card: Card
    image: Input
    sources: dict[str, str]

    @property
    def picture(self) -> Picture:
        """The image, as it is read, with what the network says of it."""
        from cnnviz.explore.activations.activation_maps import predict

        shares = predict(self.model, self.image.values)
        best = int(shares.argmax())
        height, width = self.image.pixels.shape[:2]
        return Picture(
            "The image as the network reads it",
            png=png(enlarge(self.image.pixels, to=_SIDE)),
            title="Image",
            words=f"{height} × {width} px; taken for {self.card.classes[best]}, {per_cent(float(shares[best]))}",
        )


class OfImage(OfNetwork):
    """A figure of what a network makes of one image."""

    image: Annotated[str, Field(pattern=r"^(photo\.[a-z0-9-]{1,40}|test\.[0-9]{1,12})$")]
    """Built in, photo.NAME, or one of the data set, test.NUMBER."""
    size: Annotated[int, Field(ge=1, le=4096)] | None = None
    """Height in pixels at which it is read; that of training for none."""
    fit: str = "crop"
    invert: bool = False

    def subject(self) -> Work[Subject]:
        """Load it. Raises NotFound, CheckpointError, DataError."""
        from cnnviz.data.fitting import WAYS
        from cnnviz.explore.inputs.preprocessing import as_input
        from cnnviz.explore.inputs.test_images import image_named
        from cnnviz.registry import entry

        entry("way to fit a picture", self.fit, WAYS)
        found = yield from self.opened()
        card, sources = found.card, dict(found.sources)
        pixels = yield from image_named(self.image, card)
        if self.image.startswith("test."):
            sources |= provenance.of_data(card.data)
        fed = as_input(pixels, card, invert=self.invert, size=self.size, way=self.fit)
        return Subject(found.run, found.model, card, fed, sources)

    @property
    def options(self) -> str:
        """The options of a command that say what is looked at."""
        parts = [f"--snapshot {self.snapshot} --image {self.image}"]
        parts += [f"--size {self.size}"] if self.size else []
        parts += [f"--fit {self.fit}"] if self.fit != "crop" else []
        parts += ["--invert"] if self.invert else []
        return " ".join(parts)

    @property
    def query(self) -> dict[str, str]:
        """The part of an address that says the same."""
        found = {"run": self.run, "snapshot": self.snapshot, "image": self.image, "fit": self.fit}
        found |= {"size": str(self.size)} if self.size else {}
        return found | ({"invert": "yes"} if self.invert else {})
