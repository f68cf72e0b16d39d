"""Too little memory, in words: what should fit."""

import pytest
import torch

from cnnviz import failure

CUDA = (
    "CUDA out of memory. Tried to allocate {} GiB. GPU 0 has a total capacity of 79.15 GiB of which 11.5 GiB is free. "
    "Including non-PyTorch memory, this process has 67.6 GiB memory in use."
)


@pytest.mark.parametrize(
    ("batch", "tried", "fits"),
    [
        (256, "0.20", 128),  # one array more than there was room for
        (4096, "19.00", 2048),
        (4096, "60.00", 1024),  # half of it and what else a step needs would not fit either
        (4096, "4000.00", 16),
        (2, "0.20", 1),
        (1, "0.20", None),
    ],
)
def test_an_accelerator_says_how_large_the_batch_was(batch: int, tried: str, fits: int | None) -> None:
    error = torch.OutOfMemoryError(CUDA.format(tried))
    assert failure.out_of_memory(error)
    assert failure.smaller_batch(batch, error) == fits


def test_what_the_processor_says_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(10**15)
    assert failure.out_of_memory(caught.value)
    monkeypatch.setattr(failure, "_memory", lambda: 16 * 10**15)
    assert failure.smaller_batch(64, caught.value) == 32
    monkeypatch.setattr(failure, "_memory", lambda: 10**15)
    assert failure.smaller_batch(64, caught.value) == 4
    monkeypatch.setattr(failure, "_memory", lambda: None)
    assert failure.smaller_batch(64, caught.value) == 32
    assert failure.smaller_batch(64, MemoryError()) == 32
