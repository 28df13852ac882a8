"""A collector's configuration is judged before anything is metered."""

import re
from pathlib import Path

import pytest

from tallystick.meter.gpu.attribution import Rule
from tallystick.sidecar.collect.settings import (
    CollectConfig,
    build_rules,
    check_collect,
    list_projects,
    parse_pairs,
)
from tallystick.sidecar.documents import parse_config
from tallystick.sidecar.errors import ConfigInvalid

WHOLE = """
operator: acme/platform
record_users: true
spot: true
sample: 500ms
nvml: true
dcgm: ["http://node-a:9400/metrics"]
gpu_types: {"Tesla T4": l4}
engines:
  - url: http://node-a:8000/metrics
    kind: vllm
    project: acme/support
    models: {"*": llama-3.1-70b}
    processes: [{command: "*vllm serve*"}, {pod: "vllm-*"}]
rules:
  - {match: {slurm_job: "*"}, project: "acme/{user}", user: "{user}", step: 3}
"""


def read(text: str) -> CollectConfig:
    return check_collect(parse_config(text, CollectConfig, name="collect.yaml"))


def test_config_of_the_docs_page_is_one() -> None:
    page = Path("docs/collect.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    config = read(example)
    assert (config.operator, config.account, len(build_rules(config))) == (
        "acme/platform",
        "acme",
        3,
    )


def test_config_is_read_and_completed() -> None:
    config = read(WHOLE)
    assert (config.account, config.shared) == ("acme", "acme/platform")
    assert list_projects(config) == ["acme/platform", "acme/support"]
    assert config.engines[0].kind == "vllm"


def test_rules_give_servers_charged_by_tokens_to_the_operator_first() -> None:
    assert build_rules(read(WHOLE)) == [
        Rule({"command": "*vllm serve*"}, "acme/platform"),
        Rule({"pod": "vllm-*"}, "acme/platform"),
        Rule({"slurm_job": "*"}, "acme/{user}", "{user}", 3),
    ]


def test_rules_record_nobody_when_users_are_not_recorded() -> None:
    config = read(WHOLE.replace("record_users: true", "record_users: false"))
    assert [rule.user for rule in build_rules(config)] == ["", "", ""]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("operator: acme/platform\n", "", "operator"),
        ("sample: 500ms", "sample: 2m", "sample"),
        ("sample: 500ms", "sample: 0s", "sample"),
        ("sample: 500ms", "sample: soon", "length"),
        ("http://node-a:9400/metrics", "ftp://node-a", "address"),
        ("http://node-a:9400/metrics", "http://user:pw@node-a/metrics", "address"),
        ("http://node-a:9400/metrics", "http://node-a:8000/metrics", "repeat"),
        ('    processes: [{command: "*vllm serve*"}, {pod: "vllm-*"}]\n', "", "processes"),
        ('{"*": llama-3.1-70b}', "{}", "models"),
        ("kind: vllm", "kind: tgi", "kind"),
        ("slurm_job:", "job:", "fact"),
        ('acme/{user}"', 'acme/{team}"', "fact"),
        ('{slurm_job: "*"}', "{}", "shared"),
        ("step: 3", "step: 65536", "step"),
        ("spot: true", "spott: true", "spot"),
    ],
)
def test_config_is_refused_when_it_cannot_be(old: str, new: str, said: str) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigInvalid) as caught:
        read(WHOLE.replace(old, new))
    assert said in str(caught.value)


def test_config_without_sources_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="nothing to meter"):
        check_collect(CollectConfig(operator="acme/platform"))


def test_servers_that_run_elsewhere_need_no_processes() -> None:
    text = WHOLE.replace('[{command: "*vllm serve*"}, {pod: "vllm-*"}]', "[]")
    assert len(build_rules(read(text))) == 1


def test_pairs_are_split_at_the_last_equals_sign() -> None:
    assert parse_pairs(["a=b=c", "x=y"], "model") == {"a=b": "c", "x": "y"}


@pytest.mark.parametrize("word", ["a", "=b", "a=", ""])
def test_pairs_are_refused_when_half_is_missing(word: str) -> None:
    with pytest.raises(ConfigInvalid, match="NAME=VALUE"):
        parse_pairs([word], "model")
