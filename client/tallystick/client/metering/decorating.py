"""Functions whose every call is recorded."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, Self, TypeVar, cast

from tallystick.client.metering.attribution import Attribution
from tallystick.client.metering.calls import MeteredCall
from tallystick.client.metering.ports import UseBook
from tallystick.client.metering.use import NS_PER_MS

P = ParamSpec("P")
R = TypeVar("R")

Measure = Callable[[Any], Mapping[str, int]]
"""Quantities by record field, out of what a function returned."""


def decorate(
    meter: UseBook, attribution: Attribution, measure: Measure | None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """The decorator that `Meter.metered` gives."""

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(function):
            return cast("Callable[P, R]", _wrap_async(meter, attribution, measure, function))
        return _wrap_sync(meter, attribution, measure, function)

    return wrap


def _wrap_sync(
    meter: UseBook, attribution: Attribution, measure: Measure | None, function: Callable[P, R]
) -> Callable[P, R]:
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with MeteredCall(meter, attribution) as call, _Clock(call, measure) as clock:
            return clock.finish(function(*args, **kwargs))

    return run


def _wrap_async(
    meter: UseBook,
    attribution: Attribution,
    measure: Measure | None,
    function: Callable[P, Any],
) -> Callable[P, Any]:
    @functools.wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - what it returns
        async with MeteredCall(meter, attribution) as call:
            with _Clock(call, measure) as clock:
                return clock.finish(await function(*args, **kwargs))

    return run


class _Clock:
    """Tells the call what was used: as measured, or the time that has passed."""

    def __init__(self, call: MeteredCall, measure: Measure | None) -> None:
        self._call = call
        self._measure = measure

    def finish(self, result: R) -> R:
        if self._measure is not None:
            self._call.use(**self._measure(result))
        return result

    def __enter__(self) -> Self:
        self._began_ns = time.monotonic_ns()
        return self

    def __exit__(self, *_: object) -> None:
        if self._measure is None:
            passed_ns = time.monotonic_ns() - self._began_ns
            self._call.use(compute_ms=-(-passed_ns // NS_PER_MS))
