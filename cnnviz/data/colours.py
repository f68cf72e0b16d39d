"""Random changes of colour and sharpness, drawn anew for every single image: uint8 (N, H, W, C).

Grey images have no hue and no saturation: what would change them leaves them as they are.
"""

import torch
from torch import Tensor
from torch.nn import functional

from cnnviz.config import ColourJitter, GaussianBlur, Grayscale

_LUMA = (0.299, 0.587, 0.114)
"""How bright red, green and blue look (ITU-R BT.601), as in Pillow and torchvision."""


def colour_jitter(images: Tensor, options: ColourJitter) -> Tensor:
    """Images with brightness, contrast, saturation and hue changed, in this order, each by its own amount."""
    planes = _planes(images)
    count, device = len(images), images.device

    def drawn(most: float) -> Tensor:
        return torch.empty(count, 1, 1, 1, device=device).uniform_(-most, most)

    changed = planes
    if options.brightness:
        changed = (changed * (1 + drawn(options.brightness))).clamp_(0, 255)
    if options.contrast:
        middle = luma(changed).mean((1, 2, 3), keepdim=True)
        changed = torch.lerp(middle, changed, 1 + drawn(options.contrast)).clamp_(0, 255)
    if planes.shape[1] == 3:
        if options.saturation:
            changed = torch.lerp(luma(changed), changed, 1 + drawn(options.saturation)).clamp_(0, 255)
        if options.hue:
            changed = turned(changed, drawn(options.hue)[:, 0])
    return _where(options.probability, changed, images)


def grayscale(images: Tensor, options: Grayscale) -> Tensor:
    """Images of which some lose their colours."""
    planes = _planes(images)
    return _where(options.probability, luma(planes).expand_as(planes), images)


def gaussian_blur(images: Tensor, options: GaussianBlur) -> Tensor:
    """Images of which some are blurred, each by its own width. The border repeats its last pixel."""
    planes = _planes(images)
    sigma = torch.empty(len(images), device=images.device).uniform_(options.smallest, options.largest)
    reach = max(1, round(3 * options.largest))
    offsets = torch.arange(-reach, reach + 1, device=images.device)
    weights = torch.exp(-(offsets**2) / (2 * sigma[:, None] ** 2))
    weights /= weights.sum(1, keepdim=True)
    # One convolution in which every plane is a group of its own, first across, then down.
    count, channels, height, width = planes.shape
    kernels = weights.repeat_interleave(channels, 0)[:, None]
    flat = planes.reshape(1, count * channels, height, width)
    flat = functional.pad(flat, (reach, reach, 0, 0), mode="replicate")
    flat = functional.conv2d(flat, kernels[:, :, None, :], groups=count * channels)
    flat = functional.pad(flat, (0, 0, reach, reach), mode="replicate")
    flat = functional.conv2d(flat, kernels[:, :, :, None], groups=count * channels)
    planes = flat.view(count, channels, height, width)
    return _where(options.probability, planes, images)


def luma(planes: Tensor) -> Tensor:
    """Brightness (N, 1, H, W) of (N, 3, H, W); one channel is its own."""
    if planes.shape[1] == 1:
        return planes
    red, green, blue = planes.unbind(1)
    return (_LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue).unsqueeze(1)


def turned(planes: Tensor, turns: Tensor) -> Tensor:
    """Colours (N, 3, H, W) with hue turned by (N, 1, 1), in turns; saturation and value (HSV) stay."""
    value, _ = planes.max(1)
    chroma = value - planes.min(1).values
    red, green, blue = planes.unbind(1)
    safe = chroma.clamp_min(1e-6)
    hue = torch.where(
        value == red,
        (green - blue) / safe,
        torch.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    hue = hue + 6 * turns
    # Each channel is the value, less the chroma where the hue is far from it.
    channels = [
        value - chroma * torch.minimum(k := (start + hue) % 6, 4 - k).clamp_(0, 1) for start in (5, 3, 1)
    ]
    return torch.stack(channels, 1)


def _planes(images: Tensor) -> Tensor:
    return images.permute(0, 3, 1, 2).float()


def _where(probability: float, changed: Tensor, images: Tensor) -> Tensor:
    """uint8 (N, H, W, C): the changed planes with that probability, the image as it was otherwise."""
    chosen = torch.rand(len(images), device=images.device) < probability
    pixels = changed.round().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    return torch.where(chosen[:, None, None, None], pixels, images)
