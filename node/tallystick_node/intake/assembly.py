"""Intake, put together from the settings."""

from __future__ import annotations

from fastapi import APIRouter

from tallystick_node.basis import Basis
from tallystick_node.intake.acceptance import Intake, IntakeStores, IntakeTerms
from tallystick_node.intake.api import create_intake_router
from tallystick_node.intake.disk import DiskWatch
from tallystick_node.intake.equivocation import EquivocationLog
from tallystick_node.intake.journal import FrameJournal
from tallystick_node.intake.meter_rates import MeterRates, RateLimits
from tallystick_node.intake.pool import FramePool


def open_stores(basis: Basis) -> IntakeStores:
    """The pool, empty, and what is on disk. The journal wants closing."""
    limits, folder = basis.settings.intake, basis.settings.data_dir
    pool = FramePool(
        basis.view.read_cursor,
        max_bytes=limits.queue_bytes,
        look_ahead=limits.look_ahead_records,
    )
    journal = FrameJournal(folder / "journal", max_bytes=limits.journal_bytes)
    proofs = EquivocationLog(folder / "equivocations")
    proofs.subscribe(lambda *_: basis.metrics.equivocations.inc())
    disk = DiskWatch(folder, reserve_bytes=limits.disk_reserve_bytes)
    return IntakeStores(pool, journal, proofs, disk)


def assemble_intake(basis: Basis, stores: IntakeStores) -> Intake:
    """Intake on these stores."""
    limits = basis.settings.intake
    rates = RateLimits(
        limits.records_per_s,
        limits.burst_records,
        limits.frames_per_s,
        limits.burst_frames,
        limits.quarantine_pause_ppm,
        limits.quarantine_sample,
    )
    terms = IntakeTerms(
        basis.network.network_id,
        int(basis.settings.chain_stalled_s * 1000),
        limits.frames_per_body,
    )
    return Intake(
        basis.view,
        terms,
        stores,
        MeterRates(rates),
        basis.clock,
        basis.metrics,
        is_member=basis.members.is_member,
    )


def assemble_intake_router(basis: Basis, intake: Intake) -> APIRouter:
    """The routes of intake."""
    limits = basis.settings.intake
    return create_intake_router(
        intake, body_bytes=limits.body_bytes, body_timeout_s=limits.body_timeout_s
    )
