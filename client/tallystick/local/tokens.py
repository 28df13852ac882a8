"""Bearer tokens of validators that listen beyond their machine: each is shown to its own alone."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Final

import httpx
import msgspec

from tallystick.chain.keys import read_private
from tallystick.local.errors import FolderMalformed
from tallystick.local.folder import NetworkFolder

MAX_TOKENS_BYTES: Final = 65_536


class ValidatorTokens(httpx.Auth):
    """Adds a validator's token to what is asked of it, and nothing to any other request.

    Args:
        token_by_url: of validators, as the folder's network names them.
    """

    def __init__(self, token_by_url: Mapping[str, str]) -> None:
        self._token_by_origin = {
            _origin_of(httpx.URL(url)): token for url, token in token_by_url.items()
        }

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request goes out with the token of whom it is addressed to."""
        token = self._token_by_origin.get(_origin_of(request.url))
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token}"
        yield request


def load_tokens(folder: NetworkFolder) -> ValidatorTokens:
    """The tokens in tokens.json, by validator name; none where there is no such file.

    Raises:
        KeyFileInvalid: others may read the file.
        FolderMalformed: the file holds something else.
    """
    if not folder.tokens_file.exists():
        return ValidatorTokens({})
    network = folder.read_network()
    urls = {one.name: one.url for one in (network.validators if network is not None else ())}
    return ValidatorTokens(
        {urls[name]: token for name, token in _read_tokens(folder).items() if name in urls}
    )


def _read_tokens(folder: NetworkFolder) -> dict[str, str]:
    content = read_private(folder.tokens_file)
    try:
        return msgspec.json.decode(content[:MAX_TOKENS_BYTES], type=dict[str, str])
    except msgspec.DecodeError as error:
        raise FolderMalformed(
            f"{folder.tokens_file} cannot be read", expected="tokens by validator name"
        ) from error


def _origin_of(url: httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port; the scheme's own port is None in either spelling."""
    return url.scheme, url.host, url.port
