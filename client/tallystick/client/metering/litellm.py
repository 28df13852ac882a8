"""LiteLLM's hook: every call that LiteLLM makes is recorded, each once.

    import litellm
    litellm.callbacks = [TallystickLogger(meter, project="acme/ml/app")]

Or in a proxy's configuration, as `callbacks: my_module.logger`. What LiteLLM repeats, such as one
call told to its sync and its async hook, has one identity and is recorded once.
"""

# ruff: noqa: ARG002 - hooks take what LiteLLM calls them with, by name

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import structlog

from tallystick.client.metering.attribution import Attribution
from tallystick.client.metering.errors import ProjectMissing
from tallystick.core.errors import TallystickError
from tallystick.meter.events.litellm import read_litellm_entry

if TYPE_CHECKING:
    from tallystick.client.metering.meter import Meter

    class CustomLogger:
        """LiteLLM's base class of hooks."""

else:

    def _find_base() -> type:
        """LiteLLM's own base class; without LiteLLM its hooks' names are enough."""
        try:
            return import_module("litellm.integrations.custom_logger").CustomLogger
        except ImportError:
            return object

    CustomLogger = _find_base()

RELEASE_S: Final = 30.0
"""Between two looks at whether the resources of held calls exist by now."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoggerKey:
    """What calls that a logger reports may do, in the terms of the book of events."""

    project: int
    organisation: str
    user: str | None
    step: int
    records_users: bool
    name: str = "litellm"
    models: frozenset[str] | None = None
    is_experiment: bool = False


@dataclass(slots=True)
class LoggerCounts:
    """What became of the calls that a logger was told of."""

    recorded: int = 0
    repeated: int = 0
    held: int = 0
    """Of models that no resource is known for; recorded as soon as there is one."""
    ignored: int = 0
    """Used nothing: answers from LiteLLM's cache, calls that failed."""
    failed: int = 0
    """Could not be recorded; each was logged with its reason."""


class TallystickLogger(CustomLogger):
    """Records what LiteLLM's calls used; hooks return once it is on disk.

    A call's metadata may name another project below the logger's as `tallystick_project`, and a
    `tallystick_step`.

    Args:
        meter: open; outlives the logger.
        project: path of the account that pays; None = the meter's own default.
        resource: slug that every call is recorded as; None = that of its model.
        user: who is behind all calls; None = whom a call names, if `records_users`.
        step: position in a workflow where a call names none.
        records_users: whether those that calls name get pseudonyms.

    Raises:
        ProjectMissing: nothing says which project to bill.
        AccountUnknown, ProjectForeign: its name is wrong.
    """

    def __init__(
        self,
        meter: Meter,
        *,
        project: str | None = None,
        resource: str | None = None,
        user: str | None = None,
        step: int | None = None,
        records_users: bool = False,
    ) -> None:
        super().__init__()
        self.counts = LoggerCounts()
        chosen = Attribution(project, resource, user, step).over(meter.defaults)
        if not chosen.project:
            raise ProjectMissing("nothing says which project to bill", expected="project=")
        self._meter = meter
        self._resource = chosen.resource
        self._key = LoggerKey(
            meter.parts.names.project(chosen.project),
            meter.organisation,
            chosen.user,
            chosen.step or 0,
            records_users or chosen.user is not None,
        )
        self._book = meter.open_book()
        self._released_at_s = time.monotonic()

    def log_success_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """A call of LiteLLM's sync functions has succeeded."""
        self._keep(kwargs)

    def log_failure_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """A call of LiteLLM's sync functions has failed."""
        self._keep(kwargs)

    async def async_log_success_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """A call of LiteLLM's async functions, or of its proxy, has succeeded."""
        await asyncio.to_thread(self._keep, kwargs)

    async def async_log_failure_event(
        self, kwargs: Mapping[str, Any], response_obj: object, start_time: object, end_time: object
    ) -> None:
        """A call of LiteLLM's async functions, or of its proxy, has failed."""
        await asyncio.to_thread(self._keep, kwargs)

    def _keep(self, kwargs: Mapping[str, Any]) -> None:
        try:
            self._meter.check_open()
            self._enter(kwargs)
            self._release_sometimes()
        except TallystickError as error:
            self.counts.failed += 1
            _log.error("call_not_metered", code=error.code, why=str(error))

    def _enter(self, kwargs: Mapping[str, Any]) -> None:
        payload = kwargs.get("standard_logging_object")
        event = read_litellm_entry(_add_metadata(payload, kwargs), self._meter.now_ms())
        if event is None:
            self.counts.ignored += 1
            return
        if self._resource:
            event = replace(event, models=(self._resource,))
        entered = self._book.enter_now([self._book.resolve(event, self._key)])
        self.counts.recorded += entered.recorded
        self.counts.repeated += entered.repeated
        self.counts.held += entered.held

    def _release_sometimes(self) -> None:
        if self.counts.held and time.monotonic() - self._released_at_s >= RELEASE_S:
            self._released_at_s = time.monotonic()
            self._book.release_now()


def _add_metadata(payload: object, kwargs: Mapping[str, Any]) -> object:
    """The payload with the `metadata` of a direct call; a proxy has put it inside already."""
    passed = (kwargs.get("litellm_params") or {}).get("metadata")
    if not isinstance(payload, Mapping) or not isinstance(passed, Mapping):
        return payload
    metadata = payload.get("metadata") or {}
    own = metadata.get("requester_metadata") or {}
    return {**payload, "metadata": {**metadata, "requester_metadata": {**passed, **own}}}
