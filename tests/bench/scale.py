"""`scripts/scale`: the measured points of docs/scale.md, and the model drawn through them."""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Final

from scripts.scale_model import fit_costs, parse_measured
from tests.bench.scale_gas import measure_gas
from tests.bench.scale_plots import draw_plots
from tests.network.figures import FIGURES, read_figures

MEASURED: Final = Path("docs/scale.json")
IMAGES: Final = Path("docs/images")
CHAIN_FIGURES: Final = (
    "settled_per_s",
    "ceiling_per_s",
    "block_s",
    "settlements_per_block",
    "gas_per_record",
    "bytes_per_record",
    "disk_bytes_per_record",
)


def main() -> None:
    """docs/images/scale-*.svg show what docs/scale.json says, and what the model makes of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true", help="gas anew, on a development chain")
    parser.add_argument(
        "--network", action="store_true", help="take what `make test-network` measured"
    )
    options = parser.parse_args()
    document = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    if options.measure:
        with tempfile.TemporaryDirectory(prefix="tallystick-scale-") as folder:
            document["gas"] = [
                {**asdict(shape), "gas": gas} for shape, gas in measure_gas(Path(folder))
            ]
    if options.network:
        found = read_figures(FIGURES)
        document["network"] = {name: found[name] for name in CHAIN_FIGURES}
    MEASURED.write_text(json.dumps(document, indent=2) + "\n")
    measured = parse_measured(document["gas"])
    print(json.dumps(asdict(fit_costs(measured)), indent=2))
    draw_plots(document, measured, IMAGES)


if __name__ == "__main__":
    main()
