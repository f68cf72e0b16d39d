"""What the modules of a network are given and give while it runs; no hook is left afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from torch import Tensor, nn


class ModuleCall(NamedTuple):
    """One run of a module in a pass through its network."""

    name: str
    """Dotted name of the module."""
    number: int
    """Which of its runs in this pass, from 1."""
    module: nn.Module
    args: tuple[Any, ...]
    """Positional arguments."""
    images: int
    """How many images the network was given."""

    @property
    def layer(self) -> str:
        """Name of what comes out: that of the module, with `:2` and so on from its second run."""
        return self.name if self.number == 1 else f"{self.name}:{self.number}"


@contextmanager
def tracing(
    model: nn.Module,
    modules: Mapping[str, nn.Module],
    *,
    begin: Callable[[], None] | None = None,
    enter: Callable[[ModuleCall], None] | None = None,
    leave: Callable[[ModuleCall, Any], Any] | None = None,
) -> Iterator[nn.Module]:
    """The network; in the block, its `modules`, by name, tell when they run.

    `begin` is called before each pass, `enter` before a module runs and `leave` after it, with its output: what it
    returns, unless None, takes the output's place. Nothing is done to other modules. Hooks are removed however the
    block ends.
    """
    runs: Counter[str] = Counter()
    images = 1

    def start(module: nn.Module, args: Any) -> None:
        nonlocal images
        runs.clear()
        # Not len(), which would fix a size that is left free in an export.
        images = args[0].shape[0] if args and isinstance(args[0], Tensor) and args[0].ndim else 1
        if begin is not None:
            begin()

    def entering(name: str, told: Callable[[ModuleCall], None]) -> Callable[[nn.Module, Any], None]:
        def hook(module: nn.Module, args: Any) -> None:
            call = ModuleCall(name, runs[name] + 1, module, args, images)
            if leave is None:
                runs[name] += 1
            told(call)

        return hook

    def leaving(name: str, told: Callable[[ModuleCall, Any], Any]) -> Callable[[nn.Module, Any, Any], Any]:
        def hook(module: nn.Module, args: Any, output: Any) -> Any:
            runs[name] += 1
            return told(ModuleCall(name, runs[name], module, args, images), output)

        return hook

    with ExitStack() as hooks:
        hooks.callback(model.register_forward_pre_hook(start, prepend=True).remove)
        for name, module in modules.items():
            if enter is not None:
                hooks.callback(module.register_forward_pre_hook(entering(name, enter)).remove)
            if leave is not None:
                hooks.callback(module.register_forward_hook(leaving(name, leave)).remove)
        yield model
