"""Attributions from the gradient of a class's logit by the image."""

from __future__ import annotations

import torch
from captum.attr._utils.approximation_methods import approximation_parameters
from torch import Tensor

from cnnviz.explore.attribution import options
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.progress import Progress, Work


def saliency(question: AttributionRequest, chosen: options.Saliency) -> Work[Tensor]:
    """The gradient, or its size (Simonyan et al. 2013)."""
    yield Progress(0.0)
    found = question.gradients(question.image)[:, 0]
    return found.abs() if chosen.absolute else found


def input_x_gradient(question: AttributionRequest, chosen: options.Options) -> Work[Tensor]:
    """The gradient times the normalised image (Shrikumar et al. 2016)."""
    yield Progress(0.0)
    return question.gradients(question.image)[:, 0] * question.image


def smoothgrad(question: AttributionRequest, chosen: options.SmoothGrad) -> Work[Tensor]:
    """The mean of `saliency` over noisy copies of the image (Smilkov et al. 2017)."""
    random = torch.Generator().manual_seed(chosen.seed)
    deviation = torch.tensor(chosen.noise * question.spread)
    total = torch.zeros(())
    for first in range(0, chosen.samples, question.at_once):
        yield Progress(first / chosen.samples)
        count = min(question.at_once, chosen.samples - first)
        noise = torch.normal(0, deviation.repeat(count, *question.image.shape[1:]), generator=random)
        found = question.gradients(question.image + noise)
        total = total + (found.abs() if chosen.absolute else found).sum(dim=1)
    return total / chosen.samples


def integrated_gradients(question: AttributionRequest, chosen: options.IntegratedGradients) -> Work[Tensor]:
    """The mean gradient on the way from the baseline to the image, times the way (Sundararajan et al. 2017)."""
    sizes, places = (one(chosen.steps) for one in approximation_parameters("gausslegendre"))
    way = question.image - question.baseline[:1]
    total = torch.zeros(())
    for first in range(0, chosen.steps, question.at_once):
        yield Progress(first / chosen.steps)
        part = slice(first, first + question.at_once)
        at = torch.tensor(places[part], dtype=way.dtype).reshape(-1, 1, 1, 1)
        weight = torch.tensor(sizes[part], dtype=way.dtype).reshape(-1, 1, 1, 1)
        total = total + (weight * question.gradients(question.baseline[:1] + at * way)).sum(dim=1)
    return total * way


def gradient_shap(question: AttributionRequest, chosen: options.GradientShap) -> Work[Tensor]:
    """The mean of gradient times way over random points between noisy image and baseline (Lundberg & Lee 2017)."""
    random = torch.Generator().manual_seed(chosen.seed)
    deviation = chosen.noise * question.spread
    total = torch.zeros(())
    for first in range(0, chosen.samples, question.at_once):
        yield Progress(first / chosen.samples)
        count = min(question.at_once, chosen.samples - first)
        images = question.image + deviation * torch.randn(count, *question.image.shape[1:], generator=random)
        which = torch.randint(len(question.baseline), (count,), generator=random)
        at = torch.rand(count, 1, 1, 1, generator=random)
        way = images - question.baseline[which]
        total = total + (question.gradients(question.baseline[which] + at * way) * way).sum(dim=1)
    return total / chosen.samples
