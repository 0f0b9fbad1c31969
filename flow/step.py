"""A step: something synchronous that a service has done where databases are written."""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar

Returned = TypeVar("Returned")
Parameters = ParamSpec("Parameters")


class Step(Protocol):
    """Runs a function; `flow.runtimes.worker.Worker.at` gives one."""

    def __call__(
        self, function: Callable[Parameters, Returned], *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Coroutine[Any, Any, Returned]:
        """What ``function`` returns."""
        ...
