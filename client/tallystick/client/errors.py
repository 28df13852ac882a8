"""What a caller of the client can get wrong, beyond what chain and meter refuse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure

NEAREST: Final = 3


class NameUnknown(InvalidInput):
    """No account, resource or meter has this name; the nearest ones are listed."""

    http_status = 404

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        nearest = find_nearest(name, known)
        super().__init__(
            f"no {kind} has this name",
            expected=f"one such as {', '.join(nearest)}" if nearest else f"a known {kind}",
            actual=name,
        )
        self.name = name
        self.nearest = nearest


class AccountUnknown(NameUnknown):
    """No account has this path."""

    code = "account_unknown"


class ResourceUnknown(NameUnknown):
    """No resource has this slug."""

    code = "resource_unknown"


class MeterUnknown(NameUnknown):
    """No meter has this name."""

    code = "meter_unknown"


class KeyUnknown(NameUnknown):
    """The network's folder holds no key of this name."""

    code = "key_unknown"


class SenderNotPermitted(InvalidInput):
    """The chain asks who sends, and was not told of this key."""

    code = "sender_not_permitted"


class KeyExists(InvalidInput):
    """The folder holds another key of the same name; a key is never overwritten."""

    code = "key_exists"
    http_status = 409


class KeyMissing(InvalidInput):
    """The network's folder holds no key that may do this."""

    code = "key_missing"


class LeaseUnknown(InvalidInput):
    """A project has no open lease for a meter, or nothing that could end it."""

    code = "lease_unknown"
    http_status = 404


class InvoiceUnknown(NameUnknown):
    """No invoice was reported under this number or hash."""

    code = "invoice_unknown"


class QuoteInvalid(InvalidInput):
    """A quote's file is malformed, or was signed for another network."""

    code = "quote_invalid"


class ProposalInvalid(InvalidInput):
    """A proposal's file is no YAML, names what there is not, or values that cannot be."""

    code = "proposal_invalid"


class PathInvalid(InvalidInput):
    """An account's path is malformed or too deep."""

    code = "path_invalid"


class FolderRequired(InvalidInput):
    """The command needs the network's folder: its keys or its meters lie there."""

    code = "folder_required"


class ResourceExists(InvalidInput):
    """A resource of this slug exists with other properties."""

    code = "resource_exists"


class KeyUsedOtherwise(InvalidInput):
    """The idempotency key was used before for something else."""

    code = "key_used_otherwise"


class ImportFinished(InvalidInput):
    """The same file was replayed before with the same options."""

    code = "import_finished"
    http_status = 409


class OrganisationsMixed(InvalidInput):
    """A file bills projects of several organisations; a meter belongs to one."""

    code = "organisations_mixed"


class QueryInvalid(InvalidInput):
    """A query asks for keys or a range that there are none of."""

    code = "query_invalid"


class IndexMissing(InvalidInput):
    """The database that answers from the chain alone is not installed."""

    code = "index_missing"


class NodesUnreachable(TemporaryFailure):
    """No validator answered a question about usage."""

    code = "nodes_unreachable"


class IncreaseScheduled(TemporaryFailure):
    """A budget's increase is announced, and happens when the same is asked for after the delay."""

    code = "increase_scheduled"


class UserUnknown(NameUnknown):
    """The table of pseudonyms knows nobody of this name."""

    code = "user_unknown"


class NodeRefused(InvalidInput):
    """A validator found something wrong with a question.

    Args:
        document: what it answered with.
    """

    code = "node_refused"

    def __init__(self, document: Mapping[str, Any]) -> None:
        super().__init__(
            f"{document['code']}: {document.get('message', 'a validator refused')}",
            expected=document.get("expected"),
            actual=document.get("actual"),
        )
        self.node_code = str(document["code"])


class NodeFailed(FatalFailure):
    """A validator answered with what no Tallystick node answers."""

    code = "node_failed"


def find_nearest(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that look most like `name`, the likeliest first."""
    names = sorted(set(known))
    close = get_close_matches(name, names, n=NEAREST, cutoff=0.5)
    last = name.rpartition("/")[2]
    same_end = [other for other in names if last and other.rpartition("/")[2] == last]
    return list(dict.fromkeys([*close, *same_end]))[:NEAREST]
