import pytest
import torch


@pytest.fixture(scope="package", autouse=True)
def one_core():
    """Small networks are faster so, and ten threads don't fight over cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
