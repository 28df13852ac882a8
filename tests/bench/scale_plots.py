"""The plots of docs/scale.md: the model as lines, what was measured as points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from scripts.scale_model import (
    AVALANCHE,
    BESU,
    REHEARSAL,
    ChainLimits,
    GasCosts,
    Shape,
    compute_largest_shape,
    compute_partial_shape,
    compute_records_per_s,
    count_ledgers,
    fit_costs,
)

FRAME_RECORDS: Final = 256
PROJECTS: Final = 50
SIGNERS: Final = 3
USE_PPM: Final = 500_000
SIZE: Final = (7.0, 4.2)
DRAWN_PROJECTS: Final = (2, 10, 50)
LEDGER_GAS_LIMITS: Final = (100_000_000, 300_000_000)
GAS_LIMITS: Final = np.linspace(30e6, 300e6, 60)


def draw_plots(document: dict[str, Any], gas: Sequence[tuple[Shape, int]], folder: Path) -> None:
    """Three files scale-*.svg lie in the folder, the same for the same points.

    Args:
        document: of docs/scale.json.
        gas: its settlements.
        folder: for images.
    """
    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "tallystick"
    costs = fit_costs(gas)
    for name, draw in (
        ("gas", lambda axes: _draw_gas(axes, gas, costs)),
        ("blocks", lambda axes: _draw_blocks(axes, document, costs)),
        ("ledgers", lambda axes: _draw_ledgers(axes, costs)),
    ):
        figure, axes = plt.subplots(figsize=SIZE, layout="constrained")
        draw(axes)  # type: ignore[no-untyped-call]
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        figure.savefig(folder / f"scale-{name}.svg", metadata={"Date": None})
        plt.close(figure)


def _draw_gas(axes: Axes, gas: Sequence[tuple[Shape, int]], costs: GasCosts) -> None:
    for projects in DRAWN_PROJECTS:
        full = _find_full(projects)
        counts = np.unique(np.geomspace(1, full.records, 80).astype(int))
        shapes = [compute_partial_shape(full, int(count), FRAME_RECORDS) for count in counts]
        axes.plot(
            counts,
            [costs.compute_gas(shape) / shape.records for shape in shapes],
            label=f"model, {projects} projects",
        )
    axes.scatter(
        [shape.records for shape, _ in gas],
        [used / shape.records for shape, used in gas],
        label="measured, various shapes",
        s=18,
        color="black",
        zorder=3,
    )
    axes.set(xscale="log", yscale="log", xlabel="records in a settlement", ylabel="gas per record")


def _draw_blocks(axes: Axes, document: dict[str, Any], costs: GasCosts) -> None:
    full = _find_full(PROJECTS)
    lines: tuple[tuple[str, ChainLimits], ...] = (
        ("Avalanche, 2 s", AVALANCHE),
        ("Besu, 2 s", BESU),
        ("Besu, 1 s", replace(BESU, block_s=1.0)),
    )
    for label, limits in lines:
        rates = [
            compute_records_per_s(replace(limits, gas_limit=int(limit)), costs, full)
            for limit in GAS_LIMITS
        ]
        axes.plot(GAS_LIMITS / 1e6, rates, label=label)
    found = document.get("network")
    if found:
        at = REHEARSAL.gas_limit / 1e6
        axes.scatter([at], [found["settled_per_s"]], label="measured", color="C3", zorder=3)
    axes.set(xlabel="gas limit of a block, millions", ylabel="records settled per second")


def _draw_ledgers(axes: Axes, costs: GasCosts) -> None:
    full = _find_full(PROJECTS)
    loads = np.geomspace(1e2, 1e6, 200)
    for gas_limit in LEDGER_GAS_LIMITS:
        one = compute_records_per_s(replace(BESU, gas_limit=gas_limit), costs, full)
        ledgers = [count_ledgers(load, one, use_ppm=USE_PPM) for load in loads]
        label = f"{gas_limit // 1_000_000} million gas in a block, used by half"
        axes.plot(loads, ledgers, label=label, drawstyle="steps-post")
    axes.set(xscale="log", yscale="log", xlabel="records per second", ylabel="ledgers")


def _find_full(projects: int) -> Shape:
    return compute_largest_shape(frame_records=FRAME_RECORDS, projects=projects, signers=SIGNERS)
