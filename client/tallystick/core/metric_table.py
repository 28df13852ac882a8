"""The metric table: every metric of every program, once.

Programs look up here what they count, so that nothing is counted that no page explains;
docs/operations/metrics.md and the dashboards are made of it, alert rules are checked against it.
"""

from __future__ import annotations

from typing import Final

from tallystick.core.metrics import Metric, MetricKind

_COUNTER, _GAUGE, _HISTOGRAM = MetricKind.COUNTER, MetricKind.GAUGE, MetricKind.HISTOGRAM

NODE_METRICS: Final = (
    Metric("tallystick_info", _GAUGE, "1", "Always 1; says which version runs", ("version",)),
    Metric("tallystick_ready", _GAUGE, "1", "Whether each check of /readyz passes", ("check",)),
    Metric(
        "tallystick_loop_age_seconds",
        _GAUGE,
        "s",
        "For how long a loop's step has run without an end; 0 while it waits for work",
        ("loop",),
    ),
    Metric("tallystick_head_block", _GAUGE, "blocks", "Newest block followed"),
    Metric("tallystick_chain_lag_blocks", _GAUGE, "blocks", "The chain's head is ahead by so many"),
    Metric(
        "tallystick_chain_lag_seconds",
        _GAUGE,
        "s",
        "Since the follower last stood at the chain's head; -1 before it first did",
    ),
    Metric(
        "tallystick_block_age_seconds",
        _GAUGE,
        "s",
        "Since the newest block's time; grows on idle chains that make no empty blocks",
    ),
    Metric("tallystick_index_lag_blocks", _GAUGE, "blocks", "Blocks not in the index yet"),
    Metric("tallystick_index_bytes", _GAUGE, "bytes", "Size of the index on disk"),
    Metric("tallystick_validators", _GAUGE, "validators", "Members of the set in force"),
    Metric("tallystick_quorum", _GAUGE, "validators", "How many must attest a batch"),
    Metric(
        "tallystick_peers_reachable",
        _GAUGE,
        "validators",
        "Other validators that answered when last asked",
    ),
    Metric(
        "tallystick_clock_offset_seconds",
        _GAUGE,
        "s",
        "This clock minus the median of the peers' clocks",
    ),
    Metric("tallystick_queue_frames", _GAUGE, "frames", "Frames that wait for settlement"),
    Metric("tallystick_queue_bytes", _GAUGE, "bytes", "Size of the frames that wait, in memory"),
    Metric("tallystick_queue_limit_bytes", _GAUGE, "bytes", "Where intake answers queue_full"),
    Metric("tallystick_journal_bytes", _GAUGE, "bytes", "Size of the frames that wait, on disk"),
    Metric("tallystick_journal_limit_bytes", _GAUGE, "bytes", "Where intake answers 507"),
    Metric("tallystick_disk_free_bytes", _GAUGE, "bytes", "Left on the disk of the data folder"),
    Metric(
        "tallystick_frames_received",
        _COUNTER,
        "frames",
        "Frames by what became of them",
        ("status",),
    ),
    Metric(
        "tallystick_records_accepted",
        _COUNTER,
        "records",
        "Records acknowledged for the first time",
    ),
    Metric(
        "tallystick_equivocations", _COUNTER, "proofs", "Meters caught signing two different frames"
    ),
    Metric("tallystick_batches_proposed", _COUNTER, "batches", "Batches proposed"),
    Metric(
        "tallystick_batches_finished",
        _COUNTER,
        "batches",
        "Batches of this validator by outcome",
        ("outcome",),
    ),
    Metric("tallystick_batches_in_flight", _GAUGE, "batches", "Batches without outcome"),
    Metric(
        "tallystick_oldest_batch_seconds",
        _GAUGE,
        "s",
        "Since the oldest batch without outcome was proposed; 0 where there is none",
    ),
    Metric(
        "tallystick_head_nonce_age_blocks",
        _GAUGE,
        "blocks",
        "For how many blocks the oldest submission has waited",
    ),
    Metric(
        "tallystick_quorum_misses",
        _COUNTER,
        "batches",
        "Proposals that too few validators attested in time",
    ),
    Metric(
        "tallystick_attestations",
        _COUNTER,
        "batches",
        "Answers to peers, attested or the code of the refusal",
        ("answer",),
    ),
    Metric("tallystick_collect_seconds", _HISTOGRAM, "s", "From proposal to quorum"),
    Metric("tallystick_attest_seconds", _HISTOGRAM, "s", "Judging and signing one batch of a peer"),
    Metric(
        "tallystick_settle_seconds", _HISTOGRAM, "s", "From proposal to the block that settled it"
    ),
    Metric(
        "tallystick_records_settled", _COUNTER, "records", "Records settled on chain, by anyone"
    ),
    Metric(
        "tallystick_records_quarantined", _COUNTER, "records", "Settled records with a reason code"
    ),
    Metric(
        "tallystick_settle_gas",
        _COUNTER,
        "gas",
        "Gas of this validator's settlements that were looked at, one every few seconds",
    ),
    Metric("tallystick_settle_gas_records", _COUNTER, "records", "Records in those settlements"),
    Metric(
        "tallystick_attester_balance_wei",
        _GAUGE,
        "wei",
        "What the attestation key holds, which should be nothing; -1 before it is known",
    ),
    Metric("tallystick_gas_price_wei", _GAUGE, "wei", "What a unit of gas costs; 0 on free chains"),
    Metric(
        "tallystick_sender_balance_wei",
        _GAUGE,
        "wei",
        "What the sending key holds; -1 before it is known",
    ),
)

METER_METRICS: Final = (
    Metric(
        "tallystick_meter_records", _COUNTER, "records", "Records in the journal, ever", ("meter",)
    ),
    Metric(
        "tallystick_meter_settled", _COUNTER, "records", "Records that the chain has", ("meter",)
    ),
    Metric(
        "tallystick_meter_unsettled_records",
        _GAUGE,
        "records",
        "Recorded and not settled",
        ("meter",),
    ),
    Metric(
        "tallystick_meter_spool_age_seconds",
        _GAUGE,
        "s",
        "For how long the cursor has stood still while something is unsettled",
        ("meter",),
    ),
    Metric("tallystick_meter_spool_bytes", _GAUGE, "bytes", "Signed frames on disk", ("meter",)),
    Metric("tallystick_meter_journal_bytes", _GAUGE, "bytes", "Records on disk", ("meter",)),
    Metric(
        "tallystick_meter_sender_up",
        _GAUGE,
        "1",
        "0 where nothing is sent any more and a person has to look",
        ("meter",),
    ),
    Metric("tallystick_meter_open_calls", _GAUGE, "calls", "Begun and not finished", ("meter",)),
    Metric(
        "tallystick_meter_held_events",
        _GAUGE,
        "events",
        "Events that wait for their resource to be registered",
        ("meter",),
    ),
    Metric(
        "tallystick_meter_lost_details",
        _COUNTER,
        "details",
        "Details that could not be kept; never records",
        ("meter",),
    ),
    Metric(
        "tallystick_meter_disk_free_bytes",
        _GAUGE,
        "bytes",
        "Left on the disk of the meter's folder",
        ("meter",),
    ),
)

GATEWAY_METRICS: Final = (
    Metric("tallystick_worker_up", _GAUGE, "1", "Whether a worker answers"),
    Metric(
        "tallystick_gateway_calls", _COUNTER, "calls", "Calls ended", ("dialect", "model", "status")
    ),
    Metric("tallystick_gateway_in_flight", _GAUGE, "calls", "Calls under way"),
    Metric("tallystick_gateway_refusals", _COUNTER, "calls", "Requests refused", ("code",)),
    Metric(
        "tallystick_gateway_lease_refusals",
        _COUNTER,
        "calls",
        "Calls refused, by what allowed no more",
        ("why",),
    ),
    Metric(
        "tallystick_gateway_duration_seconds",
        _HISTOGRAM,
        "s",
        "Calls, from admission to record",
    ),
    Metric("tallystick_gateway_tokens", _COUNTER, "LLM tokens", "Tokens", ("model", "side")),
    Metric("tallystick_gateway_cost_ucr", _COUNTER, "ucr", "Cost at local rates", ("model",)),
    Metric("tallystick_gateway_flagged", _COUNTER, "records", "Records flagged", ("flag",)),
    Metric(
        "tallystick_gateway_unpriced_tier",
        _COUNTER,
        "calls",
        "Calls at a price tier without a resource",
        ("model", "tier"),
    ),
    Metric(
        "tallystick_gateway_clients_gone",
        _COUNTER,
        "calls",
        "Streams whose client left before their end",
    ),
    Metric("tallystick_gateway_cut_off", _COUNTER, "calls", "Streams ended at their reservation"),
    Metric("tallystick_gateway_overruns", _COUNTER, "calls", "Calls dearer than their reservation"),
    Metric("tallystick_gateway_overrun_ucr", _COUNTER, "ucr", "By how much, in all"),
    Metric("tallystick_gateway_unleased", _COUNTER, "calls", "Calls admitted without a lease"),
    Metric("tallystick_gateway_drains", _GAUGE, "calls", "Answers read on without their client"),
    Metric("tallystick_gateway_left_ucr", _GAUGE, "ucr", "Left of the lease", ("project",)),
    Metric(
        "tallystick_gateway_granted_ucr",
        _GAUGE,
        "ucr",
        "Set aside by the lease in force, used or not",
        ("project",),
    ),
    Metric(
        "tallystick_gateway_network_up",
        _GAUGE,
        "1",
        "0 where some lease could not be asked for when that was last tried",
    ),
    Metric(
        "tallystick_account_spent_ucr",
        _GAUGE,
        "ucr",
        "Spent in this period, by the ledger",
        ("account",),
    ),
    Metric(
        "tallystick_account_limit_ucr",
        _GAUGE,
        "ucr",
        "Limit of this period, where there is one",
        ("account",),
    ),
    Metric("tallystick_account_leased_ucr", _GAUGE, "ucr", "Set aside for meters", ("account",)),
    Metric("tallystick_account_overdraft_ucr", _GAUGE, "ucr", "Owed", ("account",)),
)

COLLECTOR_METRICS: Final = (
    Metric("tallystick_collector_readings", _COUNTER, "readings", "Readings of sources"),
    Metric("tallystick_collector_failures", _COUNTER, "readings", "Readings that failed"),
    Metric("tallystick_collector_recorded", _COUNTER, "records", "Records made"),
    Metric("tallystick_collector_compute_ms", _COUNTER, "ms", "GPU time charged to work"),
    Metric("tallystick_collector_idle_ms", _COUNTER, "ms", "GPU time charged to the operator"),
    Metric("tallystick_collector_tokens", _COUNTER, "LLM tokens", "Tokens of model servers"),
    Metric("tallystick_collector_energy_mj", _COUNTER, "mJ", "Energy of the devices"),
    Metric("tallystick_collector_waiting", _GAUGE, "entries", "Could not be recorded yet"),
)

OBSERVER_METRICS: Final = (
    Metric(
        "tallystick_observer_calls",
        _COUNTER,
        "calls",
        "Calls seen, by what became of them",
        ("outcome",),
    ),
)

VERIFY_METRICS: Final = (
    Metric("tallystick_verify_passed", _GAUGE, "1", "Whether the last verification passed"),
    Metric("tallystick_verify_finished_seconds", _GAUGE, "s", "When it ended, Unix seconds"),
    Metric("tallystick_verify_records", _GAUGE, "records", "How many records it recomputed"),
)

TABLE_BY_PROGRAM: Final = {
    "Validator": NODE_METRICS,
    "Meters of gateways, collectors and observers": METER_METRICS,
    "Gateway": GATEWAY_METRICS,
    "Collector": COLLECTOR_METRICS,
    "Observer": OBSERVER_METRICS,
    "Verification": VERIFY_METRICS,
}
"""The whole table, as the page of metrics shows it."""

METRIC_BY_NAME: Final = {
    metric.name: metric for table in TABLE_BY_PROGRAM.values() for metric in table
}
