#!/usr/bin/env python3
"""Prints the dashboard, spacelet.json beside this file: manifests/grafana/spacelet.py > manifests/grafana/spacelet.json

Two views in one: the fleet, with a table whose hosts are links, and one host. What is declared here is what is asked and
how it reads; where a panel stands follows from the order and the widths. A panel with `empty` says what it means that there
is nothing to show; test/prometheus takes data in all others for granted on a healthy host. Standard library only.
"""
import json

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
FLEET = 'job="$job"'
HOST = 'job="$job",instance="$instance"'
WIDTH = 24  # of a dashboard, in columns

GREEN, YELLOW, RED, BLUE, GREY = "green", "yellow", "red", "blue", "text"
GOOD_OR_BAD = [(None, RED), (1, GREEN)]  # 0, 1
NONE_IS_GOOD = [(None, GREEN), (1, RED)]  # 0, more
NONE_IS_BEST = [(None, GREEN), (1, YELLOW)]
RATIO = [(None, RED), (0.99, YELLOW), (0.995, GREEN)]  # 0.995: spacelet:error_budget:ratio of the rules

HOST_LINK = {"title": "This host, below", "url": "/d/${__dashboard.uid}?${datasource:queryparam}&${job:queryparam}"
                                                 "&var-instance=${__value.raw}&${__url_time_range}"}


def said(zero, one):
    """How 0 and 1 read."""
    return [{"type": "value", "options": {"0": {"text": zero, "color": RED, "index": 0}, "1": {"text": one, "color": GREEN, "index": 1}}}]


def query(expr, legend="", table=False, instant=False):
    return {"datasource": DATASOURCE, "expr": expr, "legendFormat": legend or "__auto", "format": "table" if table else "time_series",
            "instant": instant or table, "range": not (instant or table), "editorMode": "code"}


def panel(kind, title, width, height, queries, about="", unit="none", steps=((None, GREY),), mappings=(), empty=None, options=None,
          custom=None, overrides=(), transformations=(), **defaults):
    if empty is not None:
        defaults["noValue"] = empty
    return {"type": kind, "title": title, "description": about, "datasource": DATASOURCE, "gridPos": {"w": width, "h": height},
            "targets": [{**one, "refId": chr(ord("A") + i)} for i, one in enumerate(queries)],
            "fieldConfig": {"defaults": {"unit": unit, "mappings": list(mappings), "color": {"mode": "thresholds"}, "custom": custom or {},
                                         "thresholds": {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]},
                                         **defaults},
                            "overrides": list(overrides)},
            "options": options or {}, "transformations": list(transformations)}


def stat(title, expr, width=4, text_mode="auto", legend="", **more):
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "background", "graphMode": "none",
               "justifyMode": "center", "orientation": "auto", "textMode": text_mode}
    return panel("stat", title, width, 3, [query(expr, legend, instant=True)], options=options, **more)


def series(title, queries, width=8, stack=False, **more):
    custom = {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 30 if stack else 10, "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stack else "none", "group": "A"}}
    options = {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}}
    more = {"min": 0, "color": {"mode": "palette-classic"}, **more}
    return panel("timeseries", title, width, 7, [query(*one) for one in queries], custom=custom, options=options, **more)


def timeline(title, expr, legend, zero, one, width=12, height=6, **more):
    options = {"mergeValues": True, "showValue": "never", "alignValue": "left", "rowHeight": 0.8,
               "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False}, "tooltip": {"mode": "single", "sort": "none"}}
    return panel("state-timeline", title, width, height, [query(expr, legend)], steps=GOOD_OR_BAD, mappings=said(zero, one),
                 custom={"fillOpacity": 70, "lineWidth": 0}, options=options, **more)


def column(name, *properties):
    return {"matcher": {"id": "byName", "options": name}, "properties": [{"id": key, "value": value} for key, value in properties]}


def cell(zero, one):
    return [("mappings", said(zero, one)), ("custom.cellOptions", {"type": "color-background", "mode": "basic"}), ("custom.width", 110)]


def colored(*steps):
    return [("thresholds", {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}),
            ("custom.cellOptions", {"type": "color-text"}), ("custom.width", 110)]


def table(title, queries, hidden, names=None, width=24, height=8, overrides=(), sort=None, joined=False, **more):
    """`hidden` and `names`: of the result's columns, in the order in which they are shown."""
    names = names or {}
    organize = {"id": "organize", "options": {"excludeByName": {name: True for name in hidden}, "renameByName": names,
                                              "indexByName": {name: i for i, name in enumerate(names)}}}
    join = [{"id": "joinByField", "options": {"byField": "instance", "mode": "outer"}}] if joined else []
    options = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}, "sortBy": [{"displayName": sort, "desc": False}] if sort else []}
    return panel("table", title, width, height, [query(one, table=True) for one in queries], custom={"align": "left", "filterable": True},
                 options=options, overrides=overrides, transformations=[*join, organize], **more)


def row(title, *panels, collapsed=False):
    return {"type": "row", "title": title, "collapsed": collapsed, "panels": list(panels)}


def by_host(expr):
    return f"min by (instance) ({expr})"


def quantiles(name, selector, by):
    return [(f"histogram_quantile({q}, sum by (le) (rate({name}_bucket{{{selector}}}[$__rate_interval])))", f"p{int(100 * q)}{by}")
            for q in (0.5, 0.99)]


def fleet_table():
    asked = [by_host(f"spacelet_object_ready{{{FLEET}}}"), by_host(f"spacelet_object_synced{{{FLEET}}}"), by_host(f"spacelet_docker_up{{{FLEET}}}"),
             by_host(f"spacelet_config_last_reload_successful{{{FLEET}}}"),
             f"max by (instance) (spacelet_config_generation{{{FLEET}}} - spacelet_observed_generation{{{FLEET}}})",
             f"sum by (instance) (increase(spacelet_ready_running_seconds_total{{{FLEET}}}[$__range]))"
             f" / (sum by (instance) (increase(spacelet_expected_running_seconds_total{{{FLEET}}}[$__range])) > 0)",
             f"sum by (instance) (increase(spacelet_container_restarts_total{{{FLEET}}}[$__range]))",
             f"max by (instance, version) (spacelet_build_info{{{FLEET}}})", f"max by (instance) (up{{{FLEET}}})"]
    letters = "ABCDEFGHI"
    names = {"instance": "Host", "Value #I": "Agent", "Value #A": "Containers", "Value #B": "As declared", "Value #C": "Docker", "Value #D": "Document",
             "Value #E": "Generations behind", "Value #F": "Availability", "Value #G": "Restarts", "version": "Version"}
    overrides = [column("Host", ("links", [HOST_LINK])), column("Agent", *cell("down", "up")), column("Containers", *cell("not ready", "ready")),
                 column("As declared", *cell("differs", "yes")), column("Docker", *cell("down", "up")), column("Document", *cell("rejected", "taken")),
                 column("Generations behind", *colored((None, GREEN), (1, YELLOW))),
                 column("Availability", ("unit", "percentunit"), ("decimals", 2), *colored(*RATIO)),
                 column("Restarts", ("decimals", 0), *colored((None, GREEN), (1, YELLOW), (6, RED)))]
    hidden = [f"Time {i}" for i in range(1, len(letters) + 1)] + ["Time", "Value #H"]
    return table("Hosts", asked, hidden, names, overrides=overrides, sort="Host", joined=True, empty="-",
                 about="A host is a link to its view below. Availability and restarts are those of the time range above.")


def fleet():
    behind = f"spacelet_config_generation{{{FLEET}}} > spacelet_observed_generation{{{FLEET}}}"
    return row(
        "Fleet",
        stat("Hosts", f"count(up{{{FLEET}}})", steps=[(None, BLUE)]),
        stat("Agents down", f"count(up{{{FLEET}}} == 0) or vector(0)", steps=NONE_IS_GOOD),
        stat("Hosts with a container that is not ready", f"count({by_host(f'spacelet_object_ready{{{FLEET}}}')} == 0) or vector(0)", steps=NONE_IS_GOOD),
        stat("Hosts that differ from their document", f"count({by_host(f'spacelet_object_synced{{{FLEET}}}')} == 0) or vector(0)", steps=NONE_IS_BEST),
        stat("Hosts with a change under way", f"count({behind}) or vector(0)", steps=[(None, GREEN), (1, BLUE)]),
        stat("Availability", f"sum(increase(spacelet_ready_running_seconds_total{{{FLEET}}}[$__range]))"
             f" / (sum(increase(spacelet_expected_running_seconds_total{{{FLEET}}}[$__range])) > 0)", unit="percentunit", decimals=3, steps=RATIO,
             empty="nothing is expected to run", about="Of the time in which containers should have run, the part in which they were ready."),
        fleet_table(),
        timeline("Containers ready", by_host(f"spacelet_object_ready{{{FLEET}}}"), "{{instance}}", "not ready", "ready"),
        table("Alerts", [f'ALERTS{{{FLEET},alertstate=~"firing|pending"}}'], ["Time", "Value", "__name__", "job"],
              {"alertname": "Alert", "instance": "Host", "object": "Object", "severity": "Severity", "alertstate": "State"}, width=12, height=6,
              overrides=[column("Host", ("links", [HOST_LINK]))], empty="no alert of spacelet.rules.yaml is pending or firing"))


def host():
    left = f"spacelet_delegate_end_of_support_timestamp_seconds{{{HOST}}} - time()"
    one_object = "{{object}}"
    return row(
        "Host: $instance",
        stat("Containers", f"min(spacelet_object_ready{{{HOST}}})", 3, steps=GOOD_OR_BAD, mappings=said("not ready", "ready")),
        stat("As declared", f"min(spacelet_object_synced{{{HOST}}})", 3, steps=GOOD_OR_BAD, mappings=said("differs", "yes")),
        stat("Docker", f"spacelet_docker_up{{{HOST}}}", 3, steps=GOOD_OR_BAD, mappings=said("down", "up")),
        stat("Newest document", f"spacelet_config_last_reload_successful{{{HOST}}}", 3, steps=GOOD_OR_BAD, mappings=said("rejected", "taken")),
        stat("Generation in force", f"spacelet_config_generation{{{HOST}}}", 3, steps=[(None, BLUE)]),
        stat("Seen in sync up to", f"spacelet_observed_generation{{{HOST}}}", 3, steps=[(None, BLUE)]),
        stat("Support of the delegate", left, 3, unit="s", decimals=0, steps=[(None, RED), (0, YELLOW), (30 * 86400, GREEN)],
             empty="no month in its tag", about="Until Harness's support of the delegate's image ends."),
        stat("Boot until ready", f"spacelet_boot_to_ready_seconds{{{HOST}}} > 0", 3, unit="s", decimals=0, steps=[(None, GREEN), (300, YELLOW), (600, RED)],
             empty="not measured", about="From the kernel's boot to the first time that the host was ready; only of boots that began with the agent."),
        timeline("Ready", f"spacelet_object_ready{{{HOST}}}", one_object, "not ready", "ready"),
        timeline("As the document wants it", f"spacelet_object_synced{{{HOST}}}", one_object, "differs", "in sync"),
        table("Conditions", [f"spacelet_condition{{{HOST}}} == 1"], ["Time", "Value", "__name__", "job", "instance"],
              {"object": "Object", "type": "Condition", "status": "Status", "reason": "Reason"}, width=12, sort="Object",
              about="What `spacelet status` says; the sentences to the reasons are there."),
        table("Images", [f"spacelet_container_info{{{HOST}}}"], ["Time", "Value", "__name__", "job", "instance"],
              {"object": "Object", "image": "Image", "image_id": "Image id"}, width=12, sort="Object"),
        series("Not ready", [(f"1 - rate(spacelet_ready_running_seconds_total{{{HOST}}}[$__rate_interval])"
                              f" / (rate(spacelet_expected_running_seconds_total{{{HOST}}}[$__rate_interval]) > 0)", one_object)], unit="percentunit",
               max=1, empty="nothing is expected to run", about="Of the time in which it should have run, the part in which it was not ready."),
        series("Restarts", [(f"increase(spacelet_container_restarts_total{{{HOST}}}[$__rate_interval])", one_object)], decimals=0,
               about="By Docker's restart policy, and by the agent after a failed liveness probe."),
        series("Differences found", [(f"sum by (object, field) (increase(spacelet_drift_detected_total{{{HOST}}}[$__rate_interval]))", "{{object}} {{field}}")],
               stack=True, empty="no difference yet"),
        series("Rollouts ended", [(f"sum by (object, result) (increase(spacelet_rollouts_total{{{HOST}}}[$__rate_interval]))", "{{object}} {{result}}")],
               stack=True, decimals=0),
        series("Time to converge", [(f"sum by (object) (rate(spacelet_time_to_converge_seconds_sum{{{HOST}}}[$__rate_interval]))"
                                     f" / (sum by (object) (rate(spacelet_time_to_converge_seconds_count{{{HOST}}}[$__rate_interval])) > 0)", one_object)],
               unit="s", empty="nothing had to converge", about="Mean, from first seen out of sync to in sync and ready."),
        series("Differences that no event told of", [(f"increase(spacelet_drift_missed_by_events_total{{{HOST}}}[$__rate_interval])", one_object)], decimals=0,
               about="Found by the resync alone: Docker's events are lossy. Now and then is nothing."))


def docker():
    requests = f"spacelet_docker_requests_total{{{HOST}}}"
    return row(
        "Docker and images of $instance",
        series("Requests", [(f"sum by (operation) (rate({requests}[$__rate_interval]))", "{{operation}}")], unit="reqps", stack=True),
        series("Requests that failed", [(f'sum by (operation, code) (rate(spacelet_docker_requests_total{{{HOST},code=~"4..|5..|error"}}[$__rate_interval]))',
                                         "{{operation}} {{code}}")], unit="reqps", stack=True, empty="none failed",
               about="A 404 is an answer as well: the agent asks whether a thing is there."),
        series("Duration of requests", quantiles("spacelet_docker_request_duration_seconds", HOST, ""), unit="s"),
        series("Events received", [(f"rate(spacelet_docker_events_total{{{HOST}}}[$__rate_interval])", "{{type}}"),
                                   (f"rate(spacelet_docker_event_stream_reconnects_total{{{HOST}}}[$__rate_interval])", "reconnects")], unit="ops"),
        series("Pulled", [(f"rate(spacelet_image_pull_bytes_total{{{HOST}}}[$__rate_interval])", "bytes")], unit="Bps"),
        series("Duration of pulls", [(f"rate(spacelet_image_pull_duration_seconds_sum{{{HOST}}}[$__rate_interval])"
                                      f" / (rate(spacelet_image_pull_duration_seconds_count{{{HOST}}}[$__rate_interval]) > 0)", "mean")], unit="s",
               empty="nothing was pulled"))


def agent():
    return row(
        "Agent of $instance",
        series("Looks at objects", [(f"sum by (result) (rate(spacelet_reconcile_total{{{HOST}}}[$__rate_interval]))", "{{result}}")], unit="ops", stack=True),
        series("Work queue", [(f"spacelet_workqueue_depth{{{HOST}}}", "waiting"),
                              (f"increase(spacelet_workqueue_retries_total{{{HOST}}}[$__rate_interval])", "tried again after an error")]),
        series("Work in progress", [(f"spacelet_workqueue_unfinished_work_seconds{{{HOST}}}", "unfinished"),
                                    *quantiles("spacelet_workqueue_queue_duration_seconds", HOST, " in the queue")], unit="s"),
        series("CPU", [(f"rate(process_cpu_seconds_total{{{HOST}}}[$__rate_interval])", "cores")], unit="percentunit"),
        series("Memory", [(f"process_resident_memory_bytes{{{HOST}}}", "resident")], unit="bytes"),
        series("File descriptors", [(f"process_open_fds{{{HOST}}}", "open")]))


def placed(rows):
    """Ids, and places from left to right, a new line where a panel no longer fits."""
    panels, y, identity = [], 0, 0
    for one in rows:
        identity += 1
        panels.append({**one, "id": identity, "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1}, "panels": []})
        x, y, line = 0, y + 1, 0
        for inner in one["panels"]:
            identity += 1
            width, height = inner["gridPos"]["w"], inner["gridPos"]["h"]
            if x + width > WIDTH:
                x, y, line = 0, y + line, 0
            panels.append({**inner, "id": identity, "gridPos": {"x": x, "y": y, "w": width, "h": height}})
            x, line = x + width, max(line, height)
        y += line
    return panels


def variable(name, label, asked):
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE, "definition": asked,
            "query": {"query": asked, "refId": f"variable-{name}"}, "refresh": 2, "sort": 1, "multi": False, "includeAll": False, "hide": 0}


def annotation(name, color, expr, title):
    return {"name": name, "datasource": DATASOURCE, "enable": True, "iconColor": color, "expr": expr, "step": "60s", "titleFormat": title,
            "textFormat": "{{instance}} {{object}}", "tagKeys": "result"}


def dashboard():
    return {
        "uid": "spacelet", "title": "spacelet: Gitspaces hosts", "description": "Hosts kept by spacelet: the fleet, and one host. Generated by spacelet.py.",
        "tags": ["spacelet"], "schemaVersion": 38, "version": 1, "editable": True, "graphTooltip": 1, "refresh": "1m", "timezone": "",
        "time": {"from": "now-6h", "to": "now"}, "fiscalYearStartMonth": 0, "links": [],
        "templating": {"list": [
            {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "refresh": 1, "hide": 0, "multi": False,
             "includeAll": False},
            variable("job", "Job", "label_values(spacelet_build_info, job)"),
            variable("instance", "Host", 'label_values(spacelet_build_info{job="$job"}, instance)')]},
        "annotations": {"list": [
            annotation("New documents", BLUE, f"changes(spacelet_config_generation{{{HOST}}}[2m]) > 0", "New document"),
            annotation("Rollouts", "purple", f"increase(spacelet_rollouts_total{{{HOST}}}[2m]) > 0", "Rollout {{result}}"),
            annotation("Starts of the agent", "orange", f"changes(process_start_time_seconds{{{HOST}}}[2m]) > 0", "The agent was started")]},
        "panels": placed([fleet(), host(), docker(), agent()])}


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=1, ensure_ascii=False))
