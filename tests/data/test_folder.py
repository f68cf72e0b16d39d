"""Image folders and zips become data sets; a hostile zip becomes one line and nothing else."""

import io
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnviz.data import archive, catalogue, images, importing
from cnnviz.errors import ArchiveError, DataError
from cnnviz.progress import Progress, finish

Make = Callable[..., bytes]


def _fill(place: Path, files: dict[str, bytes]) -> Path:
    for name, raw in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(raw)
    return place


def _zip(files: dict[str, bytes], **options: int) -> io.BytesIO:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", **options) as opened:
        for name, raw in files.items():
            opened.writestr(name, raw)
    output.seek(0)
    return output


def _files(picture: Make, *splits: str, count: int = 3) -> dict[str, bytes]:
    names = [
        f"{split}/{kind}/{number}.png"
        for split in splits
        for kind in ("cat", "dog")
        for number in range(count)
    ]
    return {name.lstrip("/"): picture(seed) for seed, name in enumerate(names)}


@pytest.fixture(params=["folder", "zip", "wrapped zip"])
def bring(request: pytest.FixtureRequest, root: Path, tmp_path: Path) -> Callable[..., object]:
    """Imports files as a folder or as a zip: all rules hold for both."""

    def do(files: dict[str, bytes], *, name: str = "pets", side: int = 16) -> object:
        if request.param == "folder":
            place = tmp_path / "pictures"
            place.mkdir()
            return finish(importing.import_folder(_fill(place, files), name=name, side=side))
        outer = "my pets/" if request.param == "wrapped zip" else ""
        return finish(
            importing.import_zip(_zip({outer + key: raw for key, raw in files.items()}), name=name, side=side)
        )

    return do


def _left(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock"))


def test_train_and_val_become_train_and_test(root: Path, picture: Make, bring: Callable[..., object]) -> None:
    files = _files(picture, "train", "val")
    files |= {
        "README.txt": b"hello",
        ".DS_Store": b"x",
        "train/cat/.DS_Store": b"x",
        "__MACOSX/train/cat/0.png": b"x",
    }
    bring(files)
    dataset = catalogue.load("pets")
    assert "pets" in catalogue.available()
    assert dataset.classes == ("cat", "dog")
    assert dataset.train_images.shape == dataset.test_images.shape == (6, 16, 16, 3)
    assert dataset.train_labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert dataset.own_validation == 0
    expected = images.fit(images.decode(files["val/dog/2.png"]), 16, 16)
    np.testing.assert_array_equal(dataset.test_images[5], expected)
    assert "unreadable" not in dataset.source
    assert _left(root) == ["pets"]


def test_val_beside_test_is_the_own_validation(
    root: Path, picture: Make, bring: Callable[..., object]
) -> None:
    files = _files(picture, "Train", "valid", "test")
    bring(files)
    dataset = catalogue.load("pets")
    assert dataset.own_validation == 6
    assert (len(dataset.train_labels), len(dataset.test_labels)) == (12, 6)
    expected = images.fit(images.decode(files["valid/cat/0.png"]), 16, 16)
    np.testing.assert_array_equal(dataset.train_images[6], expected)


@pytest.mark.parametrize("top", ["", "train"])
def test_one_folder_is_split_by_class(
    root: Path, picture: Make, bring: Callable[..., object], top: str
) -> None:
    files = _files(picture, top, count=10)
    bring(files)
    dataset = catalogue.load("pets")
    assert np.bincount(dataset.train_labels).tolist() == [8, 8]
    assert np.bincount(dataset.test_labels).tolist() == [2, 2]
    both = {image.tobytes() for part in (dataset.train_images, dataset.test_images) for image in part}
    assert len(both) == 20


def test_unreadable_files_are_left_out_and_counted(
    root: Path, picture: Make, bring: Callable[..., object]
) -> None:
    files = _files(picture, "train", "val") | {"train/cat/a.png": b"text", "val/dog/b.jpg": b""}
    bring(files)
    dataset = catalogue.load("pets")
    assert "2 unreadable left out" in dataset.source
    assert len(dataset.train_labels) == 6


def test_pictures_in_two_splits_and_placeholders_are_told(
    root: Path, picture: Make, bring: Callable[..., object]
) -> None:
    files = _files(picture, "train", "val")
    files["val/cat/0.png"] = files["train/cat/1.png"]
    blank = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(blank, "PNG")
    files["train/dog/missing.png"] = blank.getvalue()
    bring(files)
    source = catalogue.load("pets").source
    assert "1 in two splits" in source
    assert "perhaps a placeholder: " in source
    assert "train/dog/missing.png" in source


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda files: dict.fromkeys(files, b"text"), "is a picture"),
        (
            lambda files: {name: raw for name, raw in files.items() if "dog" not in name},
            "Fewer than two classes",
        ),
        (
            lambda files: {name: raw for name, raw in files.items() if name[:7] != "val/dog"},
            "not in both train",
        ),
        (lambda files: files | {"val/cow/1.png": b""}, "'cow' is not in both"),
        (lambda files: files | {"train/Cat/1.png": b""}, "'Cat' and 'cat' would be two classes of one name"),
        (lambda files: files | {"train/dog  /1.png": b""}, "'dog' and 'dog  ' would be two classes"),
        (
            lambda files: {name.partition("/")[2]: raw for name, raw in files.items()} | {"DOG/1.png": b""},
            "'DOG' and 'dog' would be two classes",
        ),
        (
            lambda files: {name: b"" if "dog" in name else raw for name, raw in files.items()},
            "Fewer than two",
        ),
        (
            lambda files: {name: b"" if "val" in name else raw for name, raw in files.items()},
            "No picture of test",
        ),
        (lambda files: {name: raw for name, raw in files.items() if "val" in name}, "no train/ folder"),
        (
            lambda files: {f"{name.split('/')[0]}/{n}.png": b"" for n, name in enumerate(files)},
            "without a class",
        ),
        (lambda files: {}, "Fewer than two classes"),
        (lambda files: files | {"train/a\x07b/1.png": b""}, "can't name a class"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(
    root: Path,
    picture: Make,
    bring: Callable[..., object],
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
    message: str,
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        bring(change(_files(picture, "train", "val")))
    assert "\n" not in str(caught.value)
    assert _left(root) == []


def test_class_names_are_text_and_never_paths(root: Path, picture: Make) -> None:
    names = {"train/Ça va? <b>/1.png", "train/nul:*/1.png", "val/Ça va? <b>/2.png", "val/nul:*/2.png"}
    dataset = finish(
        importing.import_zip(
            _zip({name: picture(i) for i, name in enumerate(sorted(names))}), name="odd", side=8
        )
    )
    assert dataset.classes == ("nul:*", "Ça va? <b>")
    assert sorted(path.suffix for path in (root / "odd").iterdir()) == [".json", *[".npy"] * 4]


@pytest.mark.parametrize("name", ["../x", "A", "", "mnist", "taken"])
def test_unsafe_and_taken_names_are_refused(root: Path, picture: Make, name: str) -> None:
    (root / "taken").mkdir()
    with pytest.raises(DataError):
        finish(importing.import_zip(_zip(_files(picture, "train", "val")), name=name, side=8))
    assert _left(root) == ["taken"]


@pytest.mark.parametrize("side", [0, 7, 513])
def test_sides_out_of_range_are_refused(root: Path, picture: Make, side: int) -> None:
    with pytest.raises(DataError, match="8 to 512"):
        finish(importing.import_zip(_zip(_files(picture, "train", "val")), name="pets", side=side))


def test_a_missing_folder_is_refused(root: Path) -> None:
    with pytest.raises(DataError, match="check the path"):
        finish(importing.import_folder(root / "nothing", name="pets", side=8))


def test_cancelling_leaves_nothing(root: Path, picture: Make) -> None:
    def cancel(progress: Progress) -> None:
        if progress.share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finish(importing.import_zip(_zip(_files(picture, "train", "val")), name="pets", side=8), cancel)
    assert _left(root) == []


def test_no_word_names_the_data_set_before_it_is_there(root: Path, picture: Make) -> None:
    words: list[str] = []
    work = importing.import_zip(_zip(_files(picture, "train", "val")), name="pets", side=8)
    finish(work, lambda progress: words.append(progress.doing))
    assert words[0].startswith("Reading pictures")
    assert words[-1].startswith("Writing")
    assert not any("pets" in said for said in words)


def _member(name: str, *, mode: int = 0, flags: int = 0) -> io.BytesIO:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as opened:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        opened.writestr(info, b"/etc/passwd")
    raw = output.getvalue()
    if flags:
        for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = raw.index(signature) + place
            raw = raw[:at] + bytes([raw[at] | flags]) + raw[at + 1 :]
    return io.BytesIO(raw)


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (_member("../../evil.png"), "unsafe name"),
        (_member("train/../../evil.png"), "unsafe name"),
        (_member("..\\evil.png"), "unsafe name"),
        (_member("/etc/evil.png"), "unsafe name"),
        (_member("C:\\evil.png"), "unsafe name"),
        (_member("train/cat/link.png", mode=stat.S_IFLNK | 0o777), "link or special"),
        (_member("train/cat/pipe.png", mode=stat.S_IFIFO | 0o644), "link or special"),
        (_member("train/cat/secret.png", flags=1), "encrypted"),
        (_zip({"train/cat/1.png": b"x"}, compression=zipfile.ZIP_LZMA), "unusual way"),
        (io.BytesIO(b"not a zip"), "not a whole zip"),
        (io.BytesIO(_zip({"a/1.png": bytes(5000)}).getvalue()[:4000]), "not a whole zip"),
        (Path("/nowhere/pets.zip"), "check its path"),
    ],
)
def test_hostile_zips_are_refused(root: Path, file: io.BytesIO | Path, message: str) -> None:
    with pytest.raises(ArchiveError, match=message) as caught:
        finish(importing.import_zip(file, name="pets", side=8))
    assert "\n" not in str(caught.value)
    assert _left(root) == []
    assert not (root.parent / "evil.png").exists()


def test_too_many_members_are_refused(root: Path, monkeypatch: pytest.MonkeyPatch, picture: Make) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBERS", 11)
    with pytest.raises(ArchiveError, match="more than 11 members"):
        finish(importing.import_zip(_zip(_files(picture, "train", "val")), name="pets", side=8))


def test_a_bomb_is_refused_by_its_header(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 10_000_000)
    bomb = _zip({f"train/{kind}/1.png": bytes(6_000_000) for kind in "ab"}, compression=zipfile.ZIP_DEFLATED)
    assert len(bomb.getvalue()) < 20_000
    with pytest.raises(ArchiveError, match="unpacks to more"):
        finish(importing.import_zip(bomb, name="pets", side=8))


def test_a_bomb_whose_header_lies_is_refused_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"train/{kind}/{number}.png": bytes(6_000_000) for kind in "ab" for number in range(3)}
    bomb = _zip(files, compression=zipfile.ZIP_DEFLATED)
    with archive.opened(bomb) as opened:
        monkeypatch.setattr(archive, "MAX_BYTES", 10_000_000)
        first, second, *_ = opened.members
        opened.read(first, limit=64_000_000)
        with pytest.raises(ArchiveError, match="unpacks to more"):
            opened.read(second, limit=64_000_000)


def test_a_member_is_read_no_further_than_its_limit(root: Path) -> None:
    with archive.opened(_zip({"a/1.png": bytes(9_000_000)}, compression=zipfile.ZIP_DEFLATED)) as opened:
        assert len(opened.read(("a", "1.png"), limit=3_000_000)) < 4_200_000


def test_a_zip_with_a_damaged_member_is_refused(root: Path, picture: Make) -> None:
    raw = bytearray(_zip(_files(picture, "train", "val")).getvalue())
    raw[300] ^= 255
    with pytest.raises(ArchiveError, match="damaged at"):
        finish(importing.import_zip(io.BytesIO(bytes(raw)), name="pets", side=8))
    assert _left(root) == []


@pytest.mark.realdata
def test_the_placeholder_among_ants_is_found(root: Path, real_data: Path) -> None:
    source = real_data / "hymenoptera"
    if not source.exists():
        pytest.skip("needs data/hymenoptera")
    dataset = finish(importing.import_folder(source, name="ants-and-bees", side=64))
    assert (len(dataset.train_labels), len(dataset.test_labels)) == (245, 153)
    assert dataset.source.endswith("(perhaps a placeholder: train/ants/imageNotFound.jpg)")
