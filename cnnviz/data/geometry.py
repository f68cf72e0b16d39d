"""Random changes of where things are in an image, drawn anew for every single one: uint8 (N, H, W, C)."""

import math

import torch
from torch import Tensor
from torch.nn import functional

from cnnviz.config import Erasing, HorizontalFlip, PadAndCrop, RandomResizedCrop, Rotation


def resize(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Images of that height and width (bilinear, antialiased where smaller)."""
    if images.shape[1:3] == size:
        return images
    planes = images.permute(0, 3, 1, 2).float()
    resized = functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
    return resized.round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def pad_and_crop(images: Tensor, options: PadAndCrop) -> Tensor:
    """Crops of the original size from images with a black border, each at its own place."""
    count, height, width, channels = images.shape
    pad, device = options.padding, images.device
    tall, wide = height + 2 * pad, width + 2 * pad
    padded = images.new_zeros((count, tall, wide, channels))
    padded[:, pad : pad + height, pad : pad + width] = images
    top, left = torch.randint(2 * pad + 1, (2, count, 1), device=device)
    # Whole rows are copied, each from where it starts: twenty times as fast as picking single pixels.
    rows = torch.arange(count, device=device)[:, None] * tall + top + torch.arange(height, device=device)
    starts = rows * wide + left
    strips = padded.view(-1).unfold(0, width * channels, channels)
    return strips.index_select(0, starts.view(-1)).view(count, height, width, channels)


def random_resized_crop(images: Tensor, options: RandomResizedCrop) -> Tensor:
    """Parts of the images, enlarged to their size (bilinear). As torchvision's, but never outside the image."""
    count = len(images)
    area = torch.empty(count, device=images.device).uniform_(options.smallest, 1)
    stretch = (
        torch.empty(count, device=images.device).uniform_(-1, 1).mul_(math.log(options.ratio) / 2).exp_()
    )
    wide, tall = (area.sqrt() * stretch).clamp_(max=1), (area.sqrt() / stretch).clamp_(max=1)
    across, down = torch.empty(2, count, device=images.device).uniform_(-1, 1)
    zero = torch.zeros_like(wide)
    matrix = [wide, zero, across * (1 - wide), zero, tall, down * (1 - tall)]
    return _moved(images, matrix, outside="border")


def horizontal_flip(images: Tensor, options: HorizontalFlip) -> Tensor:
    """Images of which each is mirrored with the given probability."""
    mirrored = torch.rand(len(images), device=images.device) < options.probability
    return torch.where(mirrored[:, None, None, None], images.flip(2), images)


def rotation(images: Tensor, options: Rotation) -> Tensor:
    """Images turned about their centres (bilinear), black where nothing was."""
    _, height, width, _ = images.shape
    most = math.radians(options.degrees)
    angle = torch.empty(len(images), device=images.device).uniform_(-most, most)
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # In units of half the sides, which differ where an image is not square.
    return _moved(images, [cosine, -sine * height / width, zero, sine * width / height, cosine, zero])


def erasing(images: Tensor, options: Erasing) -> Tensor:
    """Images of which some lose a black rectangle, each its own (Zhong et al. 2017)."""
    count, height, width, _ = images.shape
    draw = torch.rand(5, count, device=images.device)
    area = 0.02 + draw[0] * max(0.0, options.largest - 0.02)
    stretch = (draw[1] * 2 - 1).mul(math.log(3.3) / 2).exp()
    tall, wide = (area.sqrt() * stretch).clamp(max=1), (area.sqrt() / stretch).clamp(max=1)
    lost = rectangle(height, width, top=draw[2] * (1 - tall), left=draw[3] * (1 - wide), tall=tall, wide=wide)
    lost &= (draw[4] < options.probability)[:, None, None]
    return images.masked_fill(lost[..., None], 0)


def rectangle(height: int, width: int, *, top: Tensor, left: Tensor, tall: Tensor, wide: Tensor) -> Tensor:
    """Where a rectangle covers the middle of a pixel: bool (N, height, width). All (N,), as shares of the sides."""
    down = (torch.arange(height, device=top.device) + 0.5) / height
    across = (torch.arange(width, device=top.device) + 0.5) / width
    rows = (down >= top[:, None]) & (down < (top + tall)[:, None])
    columns = (across >= left[:, None]) & (across < (left + wide)[:, None])
    return rows[:, :, None] & columns[:, None, :]


def _moved(images: Tensor, matrix: list[Tensor], *, outside: str = "zeros") -> Tensor:
    """Each image read through its own affine map, given row by row in units of half the sides."""
    planes = images.permute(0, 3, 1, 2).float()
    theta = torch.stack(matrix, dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(theta, list(planes.shape), align_corners=False)
    moved = functional.grid_sample(planes, grid, mode="bilinear", padding_mode=outside, align_corners=False)
    return moved.round_().to(torch.uint8).permute(0, 2, 3, 1).contiguous()
