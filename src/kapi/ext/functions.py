"""Function: one function of a user, what it asks for by its parameters' names, and how it is run.

A plain function runs on the server's event loop: all requests wait for it, so it should be done in
well under a millisecond. ``async`` functions may wait, and ``thread=True`` runs a plain one in a
thread.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from typing import TYPE_CHECKING, Any

from kapi.apimachinery.errors import InternalError, StatusError
from kapi.ext.errors import DeclarationError, FieldError, Unfit
from kapi.util.metrics import stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Function"]

_LOG = logging.getLogger(__name__)
# What a plain function may take before somebody is told that all requests wait for it.
_SLOW_SECONDS = 0.1
_EXPECTED = (StatusError, FieldError, Unfit)


class Function:
    """A function that is called with an object, and by name with what else it asks for."""

    def __init__(
        self, call: Callable[..., Any], what: str, known: Sequence[str], *, thread: bool = False
    ) -> None:
        self.call = call
        self.name = getattr(call, "__name__", type(call).__name__)
        self.label = f"@{what} {self.name}"
        self.is_async = inspect.iscoroutinefunction(call) or inspect.isasyncgenfunction(call)
        self.thread = thread
        self.wanted = _wanted(call, self.label, known)
        self._told = False
        if thread and self.is_async:
            raise DeclarationError(f"{self.label}: thread=True is for plain functions")

    @property
    def waits(self) -> bool:
        """Whether its answer has to be waited for."""
        return self.is_async or self.thread

    def run(self, obj: Any, given: Mapping[str, Any]) -> Any:
        """Call a plain function; what it returns, generators as lists.

        Raises StatusError, FieldError and Unfit as they are, InternalError for anything else.
        """
        started = stopwatch()
        try:
            result = self.call(obj, **{name: given[name] for name in self.wanted})
            if inspect.isgenerator(result):
                result = list(result)
        except _EXPECTED:
            raise
        except Exception as error:
            raise self._failed(error) from error
        if stopwatch() - started > _SLOW_SECONDS and not self.thread and not self._told:
            self._told = True
            _LOG.warning(
                "%s took %.0f ms, and all requests waited; make it async or give it thread=True",
                self.label,
                (stopwatch() - started) * 1000,
            )
        return result

    async def wait(self, obj: Any, given: Mapping[str, Any]) -> Any:
        """Call any function; as ``run``."""
        if self.thread:
            return await asyncio.to_thread(self.run, obj, given)
        if not self.is_async:
            return self.run(obj, given)
        try:
            result = self.call(obj, **{name: given[name] for name in self.wanted})
            if inspect.isasyncgen(result):
                return [item async for item in result]
            return await result
        except _EXPECTED:
            raise
        except Exception as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> InternalError:
        _LOG.error("%s failed", self.label, exc_info=error)
        return InternalError(f"{self.label} failed with {type(error).__name__}, see the log")


def _wanted(call: Callable[..., Any], label: str, known: Sequence[str]) -> tuple[str, ...]:
    """The names of the parameters after the first."""
    if not callable(call):
        raise DeclarationError(f"{label}: is no function")
    parameters = list(inspect.signature(call).parameters.values())
    if not parameters or parameters[0].kind is inspect.Parameter.KEYWORD_ONLY:
        raise DeclarationError(f"{label}: its first parameter is the object")
    for parameter in parameters[1:]:
        if parameter.kind in {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            raise DeclarationError(f"{label}: name the parameters, *{parameter.name} says nothing")
        if parameter.name not in known:
            choice = f"only {', '.join(known)}" if known else "there is none"
            raise DeclarationError(
                f"{label}: nothing is given for the parameter {parameter.name}, {choice}"
            )
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise DeclarationError(f"{label}: {parameter.name} is given by name, not by position")
    return tuple(parameter.name for parameter in parameters[1:])
