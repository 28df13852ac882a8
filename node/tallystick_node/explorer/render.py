"""Pages: templates made into responses, nothing of them ever taken for markup or script."""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from tallystick_node.explorer import formats
from tallystick_node.explorer.navigation import GROUPS, find_group

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Renderer:
    """Templates of this package, autoescaped, undefined names an error.

    Args:
        network_name: shown in every page's head.
    """

    def __init__(self, network_name: str) -> None:
        self._environment = Environment(
            loader=PackageLoader("tallystick_node.explorer"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["network_name"] = network_name
        self._environment.filters.update(
            credits=formats.format_fixed_credits,
            number=formats.format_number,
            time=formats.format_time,
            iso=formats.format_iso,
            hash=formats.format_hash,
            ppm=formats.format_ppm,
            ppm_percent=formats.format_ppm_percent,
            gpu_hours=formats.format_gpu_hours,
            duration=formats.format_duration,
            usd=formats.format_usd,
            cents=formats.format_cents,
        )
        self._environment.globals.update(
            share=formats.format_permille,
            velocity=formats.format_velocity,
            groups=GROUPS,
            find_group=find_group,
        )

    def page(self, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:  # noqa: ANN401 - whatever the template names
        """The template as an answer."""
        html = self._environment.get_template(template).render(context)
        return HTMLResponse(html, status, HEADERS)


def find_assets() -> str:
    """The folder of stylesheets and pictures."""
    return str(resources.files("tallystick_node.explorer") / "assets")
