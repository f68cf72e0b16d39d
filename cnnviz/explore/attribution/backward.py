"""Attributions by another rule for going back through the network, computed by Captum on a twin of their own."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from captum.attr import LRP, DeepLift, GuidedBackprop
from captum.attr._core.lrp import SUPPORTED_LAYERS_WITH_RULES
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn

from cnnviz.explore.attribution import copies, options
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.progress import Progress, Work


def guided_backprop(question: AttributionRequest, chosen: options.Options) -> Work[Tensor]:
    """The gradient, in which every ReLU passes back only what is positive (Springenberg et al. 2014)."""
    model = question.single_use
    found = []
    for number, target in enumerate(question.targets):
        yield Progress(number / len(question.targets))
        with _quiet():
            found.append(GuidedBackprop(model).attribute(question.image.clone(), target=target).detach())
    return torch.cat(found)


def deep_lift(question: AttributionRequest, chosen: options.Options) -> Work[Tensor]:
    """Differences from the baseline, followed back by the rescale rule (Shrikumar et al. 2017)."""
    model = question.single_use
    found = []
    for number, target in enumerate(question.targets):
        yield Progress(number / len(question.targets))
        with _quiet():
            values = DeepLift(model).attribute(question.image.clone(), question.baseline[:1], target=target)
        found.append(values.detach())
    return torch.cat(found)


def lrp(question: AttributionRequest, chosen: options.Lrp) -> Work[Tensor]:
    """The logit, handed back layer by layer in proportion (ε rule, Bach et al. 2015)."""
    original = copies.single_use(question.network, question.image, own_weights=True)
    found = []
    for number, target in enumerate(question.targets):
        yield Progress(number / len(question.targets))
        # Captum leaves notes on the modules: a fresh copy for each class.
        model = copy.deepcopy(original)
        for module in model.modules():
            if type(module) in SUPPORTED_LAYERS_WITH_RULES:
                module.rule = EpsilonRule(chosen.epsilon)
        with _quiet():
            found.append(LRP(model).attribute(question.image.clone(), target=target).detach())
    return torch.cat(found)


def relus(model: nn.Module) -> int:
    """How many ReLU modules there are."""
    return sum(isinstance(module, nn.ReLU) for module in model.modules())


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Captum's warnings about hooks, which it sets on a copy that is thrown away."""
    with warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter("ignore")
        yield
