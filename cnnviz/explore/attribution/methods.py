"""Every method of attribution: what it shows, when it misleads, what it needs and what can be set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from cnnviz.explore.attribution import backward, cam, gradients, kernel_shap, occlusion, options
from cnnviz.explore.attribution.options import Options
from cnnviz.explore.attribution.request import AttributionRequest
from cnnviz.progress import Work
from cnnviz.registry import Method

Need = Literal["maps", "relus", "single use", "adds up", "runs"]
Sums = Literal["", "difference", "score"]


@dataclass(frozen=True)
class AttributionMethod(Method):
    """One way to say which pixels speak for a class."""

    run: Callable[[AttributionRequest, Any], Work[Tensor]]
    options: type[Options] = Options
    needs: tuple[Need, ...] = ()
    """What a network must have for it; see `support`."""
    layer: bool = False
    """It looks at a layer that is to be chosen."""
    baselines: int = 0
    """Baselines that it compares with: 0, 1, or several where they are drawn at random."""
    complete: Sums = ""
    """What its values add up to: the score's difference from the baseline, the score itself, or nothing."""


METHODS: Mapping[str, AttributionMethod] = {
    "grad_cam": AttributionMethod(
        title="Grad-CAM",
        paper="Selvaraju et al. 2017",
        shows="Where a layer's maps hold what the class is read from.",
        misleads="It is as coarse as the layer's maps, and what happened before that layer takes no part.",
        run=cam.grad_cam,
        options=options.GradCam,
        needs=("maps",),
        layer=True,
    ),
    "integrated_gradients": AttributionMethod(
        title="Integrated Gradients",
        paper="Sundararajan et al. 2017",
        shows="Each pixel's share of the way from the baseline's score to the image's.",
        misleads="Pixels that look like the baseline get nothing, however much they matter.",
        run=gradients.integrated_gradients,
        options=options.IntegratedGradients,
        baselines=1,
        complete="difference",
    ),
    "occlusion": AttributionMethod(
        title="Occlusion",
        paper="Zeiler & Fergus 2013",
        shows="How much the score loses when a square covers the pixel.",
        misleads="A square is something new to the network, and what is there twice can be covered without a loss.",
        run=occlusion.occlusion,
        options=options.Occlusion,
        baselines=1,
    ),
    "saliency": AttributionMethod(
        title="Saliency",
        paper="Simonyan et al. 2013",
        shows="Which pixels would change the score most if they changed a little.",
        misleads="Where a score has levelled off the gradient vanishes, although the pixels matter.",
        run=gradients.saliency,
        options=options.Saliency,
    ),
    "smoothgrad": AttributionMethod(
        title="SmoothGrad",
        paper="Smilkov et al. 2017",
        shows="Saliency, averaged over noisy copies of the image: fewer speckles.",
        misleads="It is the answer about noisy images, which the network may never have seen.",
        run=gradients.smoothgrad,
        options=options.SmoothGrad,
    ),
    "input_x_gradient": AttributionMethod(
        title="Input × Gradient",
        paper="Shrikumar et al. 2016",
        shows="Each pixel's part of the score, if the network were linear around this image.",
        misleads="It is not linear; and pixels near the mean colour get nothing.",
        run=gradients.input_x_gradient,
    ),
    "gradient_shap": AttributionMethod(
        title="GradientShap",
        paper="Lundberg & Lee 2017",
        shows="Integrated Gradients over random points and noisy images, an estimate of Shapley values.",
        misleads="It is random: another seed or fewer samples give another map.",
        run=gradients.gradient_shap,
        options=options.GradientShap,
        baselines=8,
    ),
    "guided_backprop": AttributionMethod(
        title="Guided Backprop",
        paper="Springenberg et al. 2014",
        shows="Fine structures that excite the units on the way to the score.",
        misleads="It hardly depends on class or trained weights: it draws the image's edges (Adebayo et al. 2018).",
        run=backward.guided_backprop,
        needs=("single use", "relus", "runs"),
    ),
    "guided_grad_cam": AttributionMethod(
        title="Guided Grad-CAM",
        paper="Selvaraju et al. 2017",
        shows="Guided Backprop where Grad-CAM says that the class is.",
        misleads="The fine lines are those of Guided Backprop, which are the image's edges.",
        run=cam.guided_grad_cam,
        options=options.GuidedGradCam,
        needs=("maps", "single use", "relus", "runs"),
        layer=True,
    ),
    "deep_lift": AttributionMethod(
        title="DeepLift",
        paper="Shrikumar et al. 2017",
        shows="Each pixel's share of the difference from the baseline, handed back unit by unit (rescale rule).",
        misleads="Another baseline is another question; and where max pooling picks other cells, a part goes missing.",
        run=backward.deep_lift,
        needs=("single use", "adds up"),
        baselines=1,
        complete="difference",
    ),
    "lrp": AttributionMethod(
        title="LRP",
        paper="Bach et al. 2015",
        shows="The score, handed back to the pixels layer by layer in proportion (ε rule).",
        misleads="Biases and batch norms keep a part of the score; with this rule it is close to Input × Gradient.",
        run=backward.lrp,
        options=options.Lrp,
        needs=("single use", "runs"),
        complete="score",
    ),
    "feature_ablation": AttributionMethod(
        title="Feature Ablation",
        paper="Zeiler & Fergus 2013; superpixels after Achanta et al. 2012",
        shows="How much the score loses when one superpixel is covered.",
        misleads="It asks of one superpixel at a time: two that can stand in for each other both look worthless.",
        run=occlusion.feature_ablation,
        options=options.FeatureAblation,
        baselines=1,
    ),
    "kernel_shap": AttributionMethod(
        title="KernelShap",
        paper="Lundberg & Lee 2017",
        shows="Each superpixel's fair share of the way from the baseline's score to the image's (Shapley values).",
        misleads="From few samples it is an estimate, and it rests on images that are half covered.",
        run=kernel_shap.kernel_shap,
        options=options.KernelShap,
        baselines=1,
        complete="difference",
    ),
}
"""In the order in which they are offered; the first three are fast or need no explanation of their own."""

FIRST = ("grad_cam", "integrated_gradients", "occlusion")
