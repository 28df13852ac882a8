"""What can go wrong between a program of ours and the chain.

TallystickError
├── InvalidInput
│   ├── NetworkMismatch        another chain or ledger than the one expected
│   ├── KeyFileInvalid         no key in the file, or readable by others
│   ├── KeystoreMalformed      no keystore that we read
│   ├── PassphraseWrong        does not open a keystore
│   ├── PassphraseMissing      nobody to ask for one
│   ├── ConfigInvalid          a chain configuration that cannot be deployed
│   ├── ArgumentInvalid        a value that does not fit a contract's parameter
│   ├── CalldataMalformed      not the canonical encoding of a settle call
│   └── TransactionReverted    a contract said no; meanings/ has the leaf per contract error
├── TemporaryFailure
│   ├── ChainUnreachable       no endpoint answered
│   ├── SignerUnreachable      the signer of a key did not answer
│   ├── SignerAnswerWrong      it refused, or answered what is no signature of its key
│   ├── ChainMoved             blocks changed while they were read
│   └── TransactionUnconfirmed sent, but not mined in time
└── FatalFailure
    ├── RpcRefused             an endpoint answered with an error
    ├── SettlementUnreadable   a batch settled whose records its transaction does not show
    ├── AnswerMalformed        an endpoint answered with nonsense
    └── DeploymentFailed       what was deployed is not what was configured
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tallystick.core.errors import FatalFailure, InvalidInput, TemporaryFailure


class NetworkMismatch(InvalidInput):
    """A chain, ledger or endpoint belongs to another network than the one expected."""

    code = "network_mismatch"


class KeyFileInvalid(InvalidInput):
    """A key file is missing, holds no key, or may be read by others."""

    code = "key_file_invalid"


class KeystoreMalformed(InvalidInput):
    """A keystore is not of the kind that we read, or costs too much to open."""

    code = "keystore_malformed"


class PassphraseWrong(InvalidInput):
    """A passphrase does not open a keystore."""

    code = "passphrase_wrong"


class PassphraseMissing(InvalidInput):
    """A key is encrypted, and there is neither a passphrase file nor somebody to ask."""

    code = "passphrase_missing"


class ConfigInvalid(InvalidInput):
    """A network configuration or tariff breaks a rule before anything is deployed."""

    code = "config_invalid"


class TransactionReverted(InvalidInput):
    """A contract refused a transaction; nothing has changed on chain.

    Args:
        message: the refusal in plain words.
        error_name: the contract's error, empty where it gave none.
        arguments: the error's arguments by their Solidity names.
    """

    code = "transaction_reverted"
    http_status = 409

    def __init__(
        self,
        message: str,
        *,
        error_name: str = "",
        arguments: Mapping[str, object] | None = None,
        expected: str | int | None = None,
        actual: str | int | None = None,
    ) -> None:
        super().__init__(message, expected=expected, actual=actual)
        self.error_name = error_name
        self.arguments = dict(arguments or {})


class NotAuthorised(TransactionReverted):
    """The sender lacks the role or the authority over the account."""

    code = "not_authorised"
    http_status = 403


class NotFound(TransactionReverted):
    """A contract knows no account, meter, resource or rates of that name or id."""

    code = "not_found"
    http_status = 404


class AlreadyExists(TransactionReverted):
    """What was to be made exists: a name, a slug, an idempotency key, a resource's first rates."""

    code = "already_exists"


class ValueRefused(TransactionReverted):
    """A value lies outside what the contract accepts."""

    code = "value_refused"
    http_status = 400


class FundsInsufficient(TransactionReverted):
    """A balance or mint allowance is smaller than the amount."""

    code = "funds_insufficient"


class TransactionUnconfirmed(TemporaryFailure):
    """A transaction was sent and not mined in the time given; it may still be."""

    code = "transaction_unconfirmed"


class ChainUnreachable(TemporaryFailure):
    """No endpoint of the chain answered."""

    code = "chain_unreachable"


class EndpointBehind(TemporaryFailure):
    """The endpoint that answered has not come to the block yet that was asked about."""

    code = "endpoint_behind"


class SignerUnreachable(TemporaryFailure):
    """The signer that holds a key did not answer."""

    code = "signer_unreachable"


class SignerAnswerWrong(TemporaryFailure):
    """A signer refused to sign, or answered what is no signature of its key; nothing was sent."""

    code = "signer_answer_wrong"


class ChainMoved(TemporaryFailure):
    """Blocks were replaced while they were being read; read them again."""

    code = "chain_moved"


class ArgumentInvalid(InvalidInput):
    """A value does not fit the parameter of a contract's function."""

    code = "argument_invalid"


class CalldataMalformed(InvalidInput):
    """The calldata is not the canonical encoding of a settle call."""

    code = "calldata_malformed"


class SettlementUnreadable(FatalFailure):
    """A batch settled, and its transaction does not show the records that did.

    Args:
        message: what is wrong with the transaction.
        check: the requirement it breaks: `direct_call`, `calldata` or `data_hash`.
        number: the batch's.
        tx_hash: the transaction's.
    """

    code = "settlement_unreadable"

    def __init__(
        self,
        message: str,
        *,
        check: str,
        number: int,
        tx_hash: str,
        expected: str | int | None = None,
        actual: str | int | None = None,
    ) -> None:
        super().__init__(message, expected=expected, actual=actual)
        self.check = check
        self.number = number
        self.tx_hash = tx_hash


class AnswerMalformed(FatalFailure):
    """An endpoint's answer is no JSON-RPC, or a log is none that our contracts emit."""

    code = "answer_malformed"


class DeploymentFailed(FatalFailure):
    """What reads back from a new deployment differs from what was configured."""

    code = "deployment_failed"


class Refusal(StrEnum):
    """Why a chain node refused a call, whatever the engine's own code and wording."""

    NONCE_TOO_LOW = "nonce_too_low"
    NONCE_TOO_HIGH = "nonce_too_high"
    ALREADY_KNOWN = "already_known"
    UNDERPRICED = "underpriced"
    UNFUNDED = "unfunded"
    GAS_LIMIT = "gas_limit"
    OVER_LIMIT = "over_limit"
    NOT_ALLOWED = "not_allowed"
    REVERTED = "reverted"
    STATE_UNAVAILABLE = "state_unavailable"
    METHOD_UNKNOWN = "method_unknown"
    OTHER = "other"


class RpcRefused(FatalFailure):
    """An endpoint answered a call with an error.

    Args:
        rpc_code: JSON-RPC error code; engines disagree on them, `refusal` does not.
        rpc_message: the node's words.
        data: revert data or what else the node added.
    """

    code = "rpc_refused"

    def __init__(self, rpc_code: int, rpc_message: str, data: object = None) -> None:
        super().__init__(f"the chain node refused: {rpc_message}", actual=rpc_code)
        self.rpc_code = rpc_code
        self.rpc_message = rpc_message
        self.data = data
        self.refusal = classify_refusal(rpc_code, rpc_message)


# By wording first: anvil, Besu and subnet-evm share words more than codes. The first that fits.
_REFUSAL_BY_WORDS = (
    ("nonce too low", Refusal.NONCE_TOO_LOW),
    ("nonce too high", Refusal.NONCE_TOO_HIGH),
    ("nonce too distant", Refusal.NONCE_TOO_HIGH),
    ("already known", Refusal.ALREADY_KNOWN),
    ("known transaction", Refusal.ALREADY_KNOWN),
    ("already imported", Refusal.ALREADY_KNOWN),
    ("underpriced", Refusal.UNDERPRICED),
    ("gas price below", Refusal.UNDERPRICED),
    ("fee cap less than", Refusal.UNDERPRICED),
    ("max fee per gas less than", Refusal.UNDERPRICED),
    ("insufficient funds", Refusal.UNFUNDED),
    ("upfront cost", Refusal.UNFUNDED),
    ("execution reverted", Refusal.REVERTED),
    ("exceeds block gas limit", Refusal.GAS_LIMIT),
    ("intrinsic gas", Refusal.GAS_LIMIT),
    ("gas too low", Refusal.GAS_LIMIT),
    ("out of gas", Refusal.GAS_LIMIT),
    ("not authorized", Refusal.NOT_ALLOWED),
    ("allow list", Refusal.NOT_ALLOWED),
    ("missing trie node", Refusal.STATE_UNAVAILABLE),
    ("historical state", Refusal.STATE_UNAVAILABLE),
    ("world state unavailable", Refusal.STATE_UNAVAILABLE),
    ("query returned more than", Refusal.OVER_LIMIT),
    ("range exceeds", Refusal.OVER_LIMIT),
    ("too large", Refusal.OVER_LIMIT),
)
_REFUSAL_BY_CODE = {
    3: Refusal.REVERTED,
    -32001: Refusal.NONCE_TOO_LOW,
    -32004: Refusal.UNFUNDED,
    -32005: Refusal.OVER_LIMIT,
    -32006: Refusal.NONCE_TOO_HIGH,
    -32007: Refusal.NOT_ALLOWED,
    -32009: Refusal.UNDERPRICED,
    -32601: Refusal.METHOD_UNKNOWN,
}


def classify_refusal(rpc_code: int, rpc_message: str) -> Refusal:
    """What a node meant by an error code and its words."""
    words = rpc_message.lower()
    for part, refusal in _REFUSAL_BY_WORDS:
        if part in words:
            return refusal
    return _REFUSAL_BY_CODE.get(rpc_code, Refusal.OTHER)
