"""Names that weights have in older versions of torchvision, in timm and in a network that many copied, as today's."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_RENAMED = (
    # DenseNet, before dots in names were forbidden; torchvision's own files still have them.
    (re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12])\."), r"\1\2."),
    # ViT, before its two layers became a sequence; torchvision's own files still have them.
    (re.compile(r"\.mlp\.linear_1\."), ".mlp.0."),
    (re.compile(r"\.mlp\.linear_2\."), ".mlp.3."),
    # kuangliu/pytorch-cifar, the usual ResNet for 32 pixels.
    (re.compile(r"^(layer\d\.\d+)\.shortcut\."), r"\1.downsample."),
    (re.compile(r"^linear\."), "fc."),
)

_TIMM_VIT = (
    (re.compile(r"^cls_token$"), "class_token"),
    (re.compile(r"^pos_embed$"), "encoder.pos_embedding"),
    (re.compile(r"^patch_embed\.proj\."), "conv_proj."),
    (re.compile(r"^blocks\.(\d+)\.norm([12])\."), r"encoder.layers.encoder_layer_\1.ln_\2."),
    (re.compile(r"^blocks\.(\d+)\.attn\.qkv\."), r"encoder.layers.encoder_layer_\1.self_attention.in_proj_"),
    (
        re.compile(r"^blocks\.(\d+)\.attn\.proj\."),
        r"encoder.layers.encoder_layer_\1.self_attention.out_proj.",
    ),
    (re.compile(r"^blocks\.(\d+)\.mlp\.fc1\."), r"encoder.layers.encoder_layer_\1.mlp.0."),
    (re.compile(r"^blocks\.(\d+)\.mlp\.fc2\."), r"encoder.layers.encoder_layer_\1.mlp.3."),
    (re.compile(r"^norm\."), "encoder.ln."),
    (re.compile(r"^head\."), "heads.head."),
)
"""timm's ViT and DeiT, layer for layer the same network; its ResNets have torchvision's names."""


def as_now(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`tensors` under the names that today's networks of torchvision have for them."""
    timm = {"cls_token", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"} <= tensors.keys()
    renamed = _TIMM_VIT if timm else _RENAMED
    return {_now(name, renamed): value for name, value in tensors.items()}


def _now(name: str, renamed: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, today in renamed:
        name = pattern.sub(today, name)
    return name
