"""Alert rules and dashboard: PromQL that parses, over metrics and labels that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml

from pipeline.observe.catalogue import METRICS

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "dashboards" / "dateline.json"
BY_PROMETHEUS = {"job", "instance"}

PROMISED = {
    *("DatelineDown", "DatelineLagGrowing", "DatelineRejectsRising", "DatelineCommitConflicts"),
    *("DatelineOldestUncommitted", "DatelineWorkerMemory", "DatelineStoreFailing"),
}


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    return [p for p in json.loads(DASHBOARD.read_text("utf-8"))["panels"] if p["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Where it stands, and the PromQL, Grafana's own variables replaced."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            query = target["expr"].replace("$__rate_interval", "5m").replace("$instance", ".*")
            yield panel["title"], query


def exposed() -> dict[str, set[str]]:
    """Every series' name that a scrape shows, with its labels."""
    found = {"up": set(BY_PROMETHEUS)}
    for metric in METRICS.values():
        labels = {*metric.exposed_labels, *BY_PROMETHEUS}
        if metric.kind == "histogram":
            found[f"{metric.name}_bucket"] = labels | {"le"}
            found[f"{metric.name}_sum"] = found[f"{metric.name}_count"] = labels
        else:
            found[metric.name] = labels
    return found


def nodes(query: str) -> list[Any]:
    return inner(promql.parse(query))


def inner(node: Any) -> list[Any]:
    """The node and all below it."""
    seen: list[Any] = []
    promql.walk(node, pre_visit=seen.append)
    return seen


def series(node: Any) -> tuple[str, set[str]] | None:
    """The name and the labels that a selector asks for."""
    selector = getattr(node, "vector_selector", node)
    if not isinstance(selector, promql.VectorSelector):
        return None
    return selector.name, {m.name for m in selector.matchers.matchers} - {"__name__"}


@pytest.mark.parametrize(("place", "query"), expressions())
def test_every_metric_and_label_exists(place: str, query: str) -> None:
    """Selectors name what is exposed; aggregations keep labels that what is below them has."""
    known = exposed()
    found = [asked for node in nodes(query) if (asked := series(node))]
    assert found, place
    for name, labels in found:
        assert name in known, (place, name)
        assert labels <= known[name], (place, name, labels - known[name])
    for node in nodes(query):
        if isinstance(node, promql.AggregateExpr) and node.modifier:
            below = set().union(*(known[asked[0]] for n in inner(node) if (asked := series(n))))
            assert set(node.modifier.labels) <= below, (place, node.modifier.labels)


def test_the_alerts_that_the_runbook_names_are_there() -> None:
    """Each once, with a severity, words for whom it wakes, and the page that helps."""
    names = [rule["alert"] for rule in rules()]
    assert set(names) >= PROMISED
    assert len(names) == len(set(names))
    for rule in rules():
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description", "runbook"} <= set(rule["annotations"])


def test_an_alert_speaks_only_of_labels_that_it_has() -> None:
    """`{{ $labels.x }}` of a label that the expression drops would be empty."""
    for rule in rules():
        said = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        kept = set(BY_PROMETHEUS)
        for node in nodes(rule["expr"]):
            if isinstance(node, promql.AggregateExpr) and node.modifier:
                kept |= set(node.modifier.labels)
        assert said <= kept, rule["alert"]


def test_a_misspelt_metric_would_be_noticed() -> None:
    """The check itself finds a name and a label that do not exist."""
    with pytest.raises(AssertionError):
        test_every_metric_and_label_exists("-", "rate(dateline_record_total[5m])")
    with pytest.raises(AssertionError):
        test_every_metric_and_label_exists("-", "sum by (kynd) (dateline_rejects_total)")
    with pytest.raises(ValueError, match="unclosed left parenthesis"):
        nodes("sum(rate(dateline_records_total[5m])")


def test_the_dashboard_shows_every_metric() -> None:
    """What is measured and never shown would be measured for nothing."""
    shown = " ".join(query for _, query in expressions())
    assert [name for name in METRICS if name not in shown] == []


def test_prometheus_and_grafana_find_each_other() -> None:
    """The rules, the source of data and the dashboard are named as they stand."""
    configured = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text("utf-8"))
    assert configured["rule_files"] == [ALERTS.name]
    assert [s["job_name"] for s in configured["scrape_configs"]] == ["dateline"]
    folder = DEPLOY / "grafana" / "provisioning"
    sources = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text("utf-8"))
    uids = {source["uid"] for source in sources["datasources"]}
    assert {p["datasource"]["uid"] for p in panels()} == uids
    ids = [p["id"] for p in panels()]
    assert len(ids) == len(set(ids))
    boards = yaml.safe_load((folder / "dashboards" / "dateline.yml").read_text("utf-8"))
    compose = (DEPLOY / "compose.yaml").read_text("utf-8")
    assert f"./grafana/dashboards:{boards['providers'][0]['options']['path']}:ro" in compose
