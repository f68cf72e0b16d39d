import hashlib
import subprocess
import sys

import numpy as np
import pytest

from cnnviz.errors import NotFound
from cnnviz.explore.inputs import builtin_images as module
from cnnviz.explore.inputs.builtin_images import photo_named, photos


def test_there_is_something_to_look_at():
    names = list(photos())
    assert names[:4] == ["airplane", "ship", "car", "frog"]
    assert {"flower", "china", "hopper", *(f"digit-{digit}" for digit in range(10))} <= set(names)
    assert all(photo.name == name and photo.title and photo.credit for name, photo in photos().items())


@pytest.mark.parametrize("name", list(photos()))
def test_pictures(name):
    photo = photos()[name]
    image = photo.image()
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert not image.flags.writeable
    assert image.std() > 20
    assert image is photo.image()
    grey = bool((image == image[..., :1]).all())
    assert grey == (photo.kind == "grey")
    if photo.kind == "grey":
        assert image.shape == (28, 28, 3)
        assert not image[:4].any()
        assert not image[:, -4:].any()


@pytest.mark.parametrize(
    ("name", "digest"),
    [
        ("airplane", "a7fbad2d46cecc79"),
        ("ship", "4034103928a2b5bb"),
        ("car", "cbec4f1944d09af7"),
        ("frog", "0df4ca91c2b3985e"),
    ],
)
def test_drawings_are_the_ones_that_kept_results_are_of(name, digest):
    image = photo_named(name).image()
    assert image.shape == (256, 256, 3)
    assert hashlib.sha256(image.tobytes()).hexdigest()[:16] == digest


def test_missing_packages_leave_pictures_out(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda package: None)
    assert list(module.photos.__wrapped__()) == ["airplane", "ship", "car", "frog"]


def test_an_unknown_picture_names_its_neighbours():
    with pytest.raises(NotFound, match=r"^No picture 'frogs'. Did you mean: frog"):
        photo_named("frogs")


def test_pictures_are_found_without_heavy_imports():
    code = (
        "import sys; from cnnviz.explore.inputs.builtin_images import photos; photos()\n"
        "print([name for name in ('torch', 'matplotlib', 'sklearn', 'streamlit') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
