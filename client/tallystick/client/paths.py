"""Account paths: `organisation/team/project`, as people write them."""

from __future__ import annotations

import re
from typing import Final

from tallystick.client.errors import PathInvalid

MAX_DEPTH: Final = 4
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)


def split_path(path: str) -> list[str]:
    """The names in a path, organisation first.

    Raises:
        PathInvalid: a name is malformed, or there are too many.
    """
    names = path.strip("/").split("/")
    if len(names) > MAX_DEPTH:
        raise PathInvalid("a path is too deep", expected=f"at most {MAX_DEPTH} names", actual=path)
    for name in names:
        if _NAME.fullmatch(name) is None:
            raise PathInvalid(
                "an account's name is malformed",
                expected="lower-case letters, digits, dots, dashes, such as acme/support/chat",
                actual=repr(path[:80]),
            )
    return names
