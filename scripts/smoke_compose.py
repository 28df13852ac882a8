"""Checks a running network of containers from outside: scripts/smoke-compose.

Everything is asked over the ports that the machine publishes; commands run in the container `cli`,
where the containers' names are known. The replay leaves a few records of the organisation `smoke`.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
from eth_account import Account

RPC_URLS: Final = tuple(f"http://127.0.0.1:{port}" for port in range(8545, 8549))
VALIDATOR_URLS: Final = tuple(f"http://127.0.0.1:{port}" for port in range(7301, 7305))
COMMAND: Final = "docker compose run --rm -T cli"
TOKEN_FILE: Final = Path("network/secrets/token")
ROWS: Final = 8
SUMS: Final = ("records", "quarantined", "cost_ucr", "accumulator")
NOT_AUTHORISED: Final = -32007
"""Besu's answer to the transaction of an account that is not permitted."""
PATIENCE_S: Final = 120.0
"""For one thing to come true; an idle chain makes a block every 30 s."""
POLL_S: Final = 1.0
TRANSFER_GAS: Final = 21_000


@dataclass(frozen=True)
class Network:
    """Where everything answers."""

    rpc_urls: Sequence[str]
    validator_urls: Sequence[str]
    command: Sequence[str]
    token: str | None
    prometheus: str | None
    patience_s: float
    http: httpx.Client

    def call(self, url: str, method: str, *parameters: object) -> Any:  # noqa: ANN401 - JSON
        """The whole answer of a chain node."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        return self.http.post(url, json=body).json()

    def read(self, url: str) -> Any:  # noqa: ANN401 - JSON
        """A validator's answer to whoever has its token."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.http.get(url, headers=headers).raise_for_status().json()

    def run(self, *words: str, stdin: str = "") -> Any:  # noqa: ANN401 - JSON
        """The document of a command that must succeed."""
        done = subprocess.run(
            [*self.command, *words, "--json", "--yes"],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        require(done.returncode == 0, done.stdout + done.stderr)
        return json.loads(done.stdout)

    @property
    def is_permissioned(self) -> bool:
        """Whether the chain is one that keeps strangers out; a development chain does not."""
        return "besu" in str(self.call(self.rpc_urls[0], "web3_clientVersion")["result"]).lower()


class Failed(Exception):
    """Something does not hold."""


def require(holds: bool, found: object) -> None:  # noqa: FBT001 - the statement itself
    """The statement holds.

    Raises:
        Failed: it does not.
    """
    if not holds:
        raise Failed(str(found))


def check_one_chain(network: Network) -> str:
    """Every chain node has the same genesis block."""
    hashes = {
        url: network.call(url, "eth_getBlockByNumber", "0x0", False)["result"]["hash"]
        for url in network.rpc_urls
    }
    require(len(set(hashes.values())) == 1, hashes)
    return f"genesis {hashes[network.rpc_urls[0]]} on {len(hashes)} chain nodes"


def check_peers(network: Network) -> str:
    """Every chain node knows every other."""
    if not network.is_permissioned:
        return "passed over: a development chain has no peers"
    peers = {url: int(network.call(url, "net_peerCount")["result"], 16) for url in network.rpc_urls}
    require(min(peers.values()) >= len(peers) - 1, peers)
    return f"at least {min(peers.values())} each"


def check_stranger_refused(network: Network) -> str:
    """A well-formed, free transaction of an account that nobody permitted is refused everywhere."""
    if not network.is_permissioned:
        return "passed over: a development chain takes everybody's"
    chain_id = int(network.call(network.rpc_urls[0], "eth_chainId")["result"], 16)
    stranger = Account.create()
    transaction = {
        "to": stranger.address,
        "value": 0,
        "gas": TRANSFER_GAS,
        "gasPrice": 0,
        "nonce": 0,
        "chainId": chain_id,
    }
    raw = "0x" + stranger.sign_transaction(transaction).raw_transaction.hex()
    for url in network.rpc_urls:
        answer = network.call(url, "eth_sendRawTransaction", raw)
        require(answer.get("error", {}).get("code") == NOT_AUTHORISED, f"{url}: {answer}")
    return f"error {NOT_AUTHORISED} of {len(network.rpc_urls)} chain nodes"


def check_ready(network: Network) -> str:
    """Every validator says that it is ready."""
    for url in network.validator_urls:
        wait_until(network, partial(is_ready, network, url), f"{url}/readyz")
    return f"{len(network.validator_urls)} validators"


def check_readers_need_token(network: Network) -> str:
    """Nobody reads a validator's index without its token."""
    if network.token is None:
        return "passed over: no token file"
    for url in network.validator_urls:
        status = network.http.get(f"{url}/v1/status").status_code
        require(status == httpx.codes.UNAUTHORIZED, f"{url}: {status}")
    return "401 without it"


def check_settling(network: Network) -> str:
    """A replayed file settles, and every chain node has gone on meanwhile."""
    heads = {url: read_head(network, url) for url in network.rpc_urls}
    now_s = int(time.time())
    rows = "".join(f"{now_s - row},smoke/check,gpt-4o,1000,100\n" for row in range(ROWS))
    fields = ("time", "project", "resource", "in_fresh", "out_visible")
    columns = ",".join(f"{field}={field}" for field in fields)
    options = ("--format", "csv", "--columns", columns, "--create", "--again")
    done = network.run("replay", "-", *options, stdin=",".join(fields) + "\n" + rows)
    require((done["settled"], done["quarantined"]) == (ROWS, 0), done)
    for url, head in heads.items():
        wait_until(network, partial(has_gone_on, network, url, head), f"a block of {url}")
    return f"{ROWS} records in {done['seconds']} s"


def check_validators_agree(network: Network) -> str:
    """Every validator's index has added up the same records."""
    wait_until(network, lambda: len(set(read_sums(network))) == 1, "equal sums")
    records, *_ = read_sums(network)[0]
    return f"{records} records on {len(network.validator_urls)} validators"


def check_verified(network: Network) -> str:
    """The ledger can be recomputed from the chain alone."""
    done = network.run("verify")
    require(done["verified"] is True, done)
    return f"{done['records']} records up to block {done['block']}"


def check_monitoring(network: Network) -> str:
    """Prometheus reaches all that it scrapes."""
    if network.prometheus is None:
        return "passed over: --no-prometheus"
    url = f"{network.prometheus}/api/v1/targets?state=active"
    targets = network.http.get(url).raise_for_status().json()["data"]["activeTargets"]
    down = [one["scrapeUrl"] for one in targets if one["health"] != "up"]
    require(not down and len(targets) > len(network.validator_urls), down or targets)
    return f"{len(targets)} targets up"


CHECKS: Final[tuple[Callable[[Network], str], ...]] = (
    check_one_chain,
    check_peers,
    check_stranger_refused,
    check_ready,
    check_readers_need_token,
    check_settling,
    check_validators_agree,
    check_verified,
    check_monitoring,
)


def read_sums(network: Network) -> list[tuple[Any, ...]]:
    """What each validator has added up."""
    totals = [network.read(f"{url}/v1/totals") for url in network.validator_urls]
    return [tuple(one[name] for name in SUMS) for one in totals]


def is_ready(network: Network, url: str) -> bool:
    """Whether a validator says that it is."""
    return network.http.get(f"{url}/readyz").is_success


def has_gone_on(network: Network, url: str, head: int) -> bool:
    """Whether a chain node knows a newer block."""
    return read_head(network, url) > head


def read_head(network: Network, url: str) -> int:
    """The number of a chain node's newest block."""
    return int(network.call(url, "eth_blockNumber")["result"], 16)


def wait_until(network: Network, holds: Callable[[], bool], what: str) -> None:
    """It holds, sooner or later.

    Raises:
        Failed: not in time.
    """
    deadline = time.monotonic() + network.patience_s
    while True:
        try:
            if holds():
                return
        except httpx.TransportError:
            pass
        require(time.monotonic() < deadline, f"waited {network.patience_s:.0f} s for {what}")
        time.sleep(POLL_S)


def run_checks(network: Network) -> list[dict[str, str | bool]]:
    """What each check found; one that fails keeps none of the others from being tried."""
    findings: list[dict[str, str | bool]] = []
    for check in CHECKS:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        try:
            ok, detail = True, check(network)
        except (Failed, httpx.HTTPError, OSError, LookupError, ValueError) as error:
            ok, detail = False, f"{type(error).__name__}: {error}"
        findings.append({"check": name, "ok": ok, "detail": detail})
        print(f"{'ok  ' if ok else 'FAIL'} {name}: {detail}", file=sys.stderr, flush=True)
    return findings


def parse_words() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/smoke-compose",
        description="Check a running network of containers from outside.",
        epilog="scripts/smoke-compose; scripts/smoke-compose http://127.0.0.1:8545 --json",
    )
    parser.add_argument("rpc", nargs="*", default=RPC_URLS, help="chain nodes (default: four)")
    parser.add_argument("--validator", action="append", help="a validator's URL; repeat it")
    parser.add_argument("--command", default=COMMAND, help="runs tallystick in the network")
    parser.add_argument("--token-file", type=Path, default=TOKEN_FILE, help="of the validators")
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090")
    parser.add_argument("--no-prometheus", action="store_true")
    parser.add_argument("--patience", type=float, default=PATIENCE_S, help="seconds for one thing")
    parser.add_argument("--json", action="store_true", help="one document on stdout")
    return parser.parse_args()


def main() -> None:
    """Exits 0 where everything holds."""
    words = parse_words()
    token = words.token_file.read_text().strip() if words.token_file.exists() else None
    with httpx.Client(timeout=30.0, trust_env=False) as http:
        network = Network(
            rpc_urls=[url.rstrip("/") for url in words.rpc],
            validator_urls=[url.rstrip("/") for url in words.validator or VALIDATOR_URLS],
            command=shlex.split(words.command),
            token=token,
            prometheus=None if words.no_prometheus else words.prometheus.rstrip("/"),
            patience_s=words.patience,
            http=http,
        )
        findings = run_checks(network)
    holds = all(finding["ok"] for finding in findings)
    if words.json:
        print(json.dumps({"ok": holds, "checks": findings}))
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
