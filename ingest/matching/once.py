"""A value that is found when first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801
    """Like `functools.cached_property`, whose lock (up to Python 3.11) costs more than most of what is kept so here."""

    def __init__(self, find: Callable[[Any], Value]) -> None:
        self._find = find
        self.__doc__ = find.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Value:
        value = self._find(instance)
        setattr(instance, self._name, value)  # through __dict__ it would slow down all other attributes
        return value
