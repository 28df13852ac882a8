from tallystick.sidecar.gateway.exposition import merge_expositions

FIRST = """\
# HELP calls_total Calls ended
# TYPE calls_total counter
calls_total{model="a b",status="200"} 3.0
# HELP wait_seconds Waits
# TYPE wait_seconds histogram
wait_seconds_bucket{le="+Inf"} 2.0
wait_seconds_count 2.0
wait_seconds_sum 0.5
"""
SECOND = """\
# HELP calls_total Calls ended
# TYPE calls_total counter
calls_total{model="}",status="200"} 4.0
"""


def test_pages_of_workers_become_one_with_each_family_once() -> None:
    merged = merge_expositions({"0": FIRST, "1": SECOND})
    assert merged == (
        "# HELP calls_total Calls ended\n"
        "# TYPE calls_total counter\n"
        'calls_total{model="a b",status="200",worker="0"} 3.0\n'
        'calls_total{model="}",status="200",worker="1"} 4.0\n'
        "# HELP wait_seconds Waits\n"
        "# TYPE wait_seconds histogram\n"
        'wait_seconds_bucket{le="+Inf",worker="0"} 2.0\n'
        'wait_seconds_count{worker="0"} 2.0\n'
        'wait_seconds_sum{worker="0"} 0.5\n'
    )


def test_page_is_empty_when_nothing_is_exposed() -> None:
    assert merge_expositions({"0": ""}) == ""
