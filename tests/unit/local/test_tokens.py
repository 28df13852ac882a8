import json
from pathlib import Path

import httpx
import pytest

from tallystick.chain.errors import KeyFileInvalid
from tallystick.local.errors import FolderMalformed
from tallystick.local.folder import NetworkFolder
from tallystick.local.tokens import ValidatorTokens, load_tokens

TOKENS = ValidatorTokens({"http://one:7300": "t1", "https://two.example": "t2"})


def show(url: str, tokens: ValidatorTokens = TOKENS) -> str | None:
    """The authorisation that a request to the URL carries."""
    request = next(tokens.auth_flow(httpx.Request("GET", url)))
    authorisation: str | None = request.headers.get("Authorization")
    return authorisation


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://one:7300/v1/usage?by=team", "Bearer t1"),
        ("https://two.example:443/v1/status", "Bearer t2"),
        ("http://one:7301/v1/usage", None),
        ("https://one:7300/v1/usage", None),
        ("http://two.example/v1/usage", None),
        ("http://one.example:7300/", None),
    ],
)
def test_token_is_shown_to_its_validator_alone(url: str, expected: str | None) -> None:
    assert show(url) == expected


def test_tokens_are_none_where_the_folder_has_no_file(tmp_path: Path) -> None:
    assert show("http://one:7300", load_tokens(NetworkFolder(tmp_path))) is None


def test_tokens_are_refused_when_others_may_read_them(tmp_path: Path) -> None:
    folder = NetworkFolder(tmp_path)
    folder.tokens_file.write_text("{}")
    folder.tokens_file.chmod(0o640)
    with pytest.raises(KeyFileInvalid, match="others may read"):
        load_tokens(folder)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"a": 1}', '{"a": "b"', json.dumps({"a": "b" * 70_000})]
)
def test_tokens_are_refused_when_malformed(tmp_path: Path, content: str) -> None:
    folder = NetworkFolder(tmp_path)
    folder.tokens_file.touch(mode=0o600)
    folder.tokens_file.write_text(content)
    with pytest.raises(FolderMalformed):
        load_tokens(folder)


def test_tokens_are_in_no_text_of_their_holder() -> None:
    assert "t1" not in repr(TOKENS)
