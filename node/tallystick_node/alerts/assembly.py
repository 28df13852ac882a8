"""The webhook, put together from the settings."""

from __future__ import annotations

from tallystick.projection import Projection, Queries
from tallystick_node.alerts.cursor import AlertCursor
from tallystick_node.alerts.webhook import Webhook, WebhookTarget
from tallystick_node.basis import Basis
from tallystick_node.errors import SettingsInvalid
from tallystick_node.keys import load_secret


def assemble_webhook(basis: Basis, projection: Projection) -> Webhook | None:
    """The webhook, None where none is configured. It begins with what happens from now on.

    Raises:
        SettingsInvalid: a URL without a secret.
    """
    settings = basis.settings
    if settings.webhook_url is None:
        return None
    if settings.webhook_secret_file is None:
        raise SettingsInvalid("webhook_url needs webhook_secret_file", expected="a secret's file")
    secret = load_secret(settings.webhook_secret_file)
    start = projection.position
    return Webhook(
        WebhookTarget(settings.webhook_url, secret, basis.network.network_id.hex()),
        Queries(projection),
        AlertCursor(settings.data_dir / "webhook.json"),
        basis.clock,
        start=(start[0] + 1, -1) if start else (-1, -1),
    )
