"""The JSON of Grafana's dashboards, in its classic form. What is the same in every panel is here only.

Each look returns the kind of a panel, its options, and its field config. Every one has a text for an answer without rows.
"""

SCHEMA_VERSION = 39
# Of the stages of sleep, as HealthKit numbers them.
STAGES = {-1: ("No sleep", "transparent"), 1: ("Asleep", "#7eb6e8"), 2: ("Awake", "#f2a65a"), 3: ("Core", "#4a90d9"), 4: ("Deep", "#1f4e8c"), 5: ("REM", "#9b6bd3")}
# Of the hypnogram's steps.
LEVELS = {0: ("Deep", "#1f4e8c"), 1: ("Core", "#4a90d9"), 2: ("REM", "#9b6bd3"), 3: ("Awake", "#f2a65a")}
DOSES = {
    1: ("Not answered", "#8e8e8e"),
    2: ("Not notified", "#8e8e8e"),
    3: ("Snoozed", "#f2cc0c"),
    4: ("Taken", "#56a64b"),
    5: ("Skipped", "#f2a65a"),
    6: ("Not logged", "#c4c4c4"),
}


def mapping(names):
    options = {str(value): {"text": text, "color": color, "index": index} for index, (value, (text, color)) in enumerate(names.items())}
    return [{"type": "value", "options": options}]


def override(name, **properties):
    """What is different for one field: `unit="h"`; `custom_width=90` is `custom.width`."""
    listed = [{"id": key.replace("custom_", "custom.", 1), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": listed}


def field_config(unit, empty, custom, overrides=(), **defaults):
    config = {"color": {"mode": "palette-classic"}, "custom": custom, "mappings": [], "noValue": empty, "unit": unit}
    config["thresholds"] = {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
    return {"defaults": config | defaults, "overrides": list(overrides)}


def axis(label, **custom):
    return {
        "axisCenteredZero": False,
        "axisColorMode": "text",
        "axisLabel": label,
        "axisPlacement": "auto",
        "scaleDistribution": {"type": "linear"},
        "hideFrom": {"legend": False, "tooltip": False, "viz": False},
    } | custom


LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}


def lines(unit, label, empty, overrides=(), points="auto", **defaults):
    """Lines over time. What is absent is a gap."""
    custom = axis(
        label,
        drawStyle="line",
        fillOpacity=0,
        gradientMode="none",
        lineInterpolation="linear",
        lineWidth=1,
        pointSize=4,
        showPoints=points,
        spanNulls=False,
        stacking={"group": "A", "mode": "none"},
        thresholdsStyle={"mode": "off"},
    )
    options = {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "none"}}
    return "timeseries", options, field_config(unit, empty, custom, overrides, **defaults)


def bars(unit, label, empty, overrides=(), stacked=False, **defaults):
    """Bars over time, around their instants."""
    custom = axis(
        label,
        barAlignment=0,
        drawStyle="bars",
        fillOpacity=80,
        gradientMode="none",
        lineWidth=1,
        showPoints="never",
        spanNulls=False,
        stacking={"group": "A", "mode": "normal" if stacked else "none"},
        thresholdsStyle={"mode": "off"},
    )
    options = {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "none"}}
    return "timeseries", options, field_config(unit, empty, custom, overrides, min=0, **defaults)


def stat(unit, empty, overrides=(), decimals=0, **defaults):
    options = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "auto",
    }
    return "stat", options, field_config(unit, empty, {}, overrides, decimals=decimals, **defaults)


def aged(unit, empty, overrides=(), decimals=0):
    """A value, and beside it how long ago that was."""
    kind, options, config = stat(unit, empty, [*overrides, override("Measured", unit="dateTimeFromNow")], decimals)
    return kind, options | {"textMode": "value_and_name", "orientation": "horizontal"}, config


def table(empty, overrides=(), sort=()):
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True, "inspect": False}
    options = {"cellHeight": "sm", "showHeader": True, "sortBy": [{"displayName": name, "desc": True} for name in sort]}
    return "table", options, field_config("none", empty, custom, overrides)


def timeline(empty, names):
    """States over time."""
    custom = {"fillOpacity": 80, "lineWidth": 0, "hideFrom": {"legend": False, "tooltip": False, "viz": False}}
    options = {
        "alignValue": "left",
        "legend": LEGEND,
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "never",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return "state-timeline", options, field_config("none", empty, custom, (), mappings=mapping(names))


def history(empty, names, display):
    """A state at each of some instants."""
    custom = {"fillOpacity": 80, "lineWidth": 1, "hideFrom": {"legend": False, "tooltip": False, "viz": False}}
    options = {"colWidth": 0.9, "legend": LEGEND, "rowHeight": 0.9, "showValue": "never", "tooltip": {"mode": "single", "sort": "none"}}
    return "status-history", options, field_config("none", empty, custom, (), mappings=mapping(names), displayName=display)


def curve(unit, label, empty, x, overrides=(), steps=False, **defaults):
    """Lines over a number, such as the minutes of a workout."""
    custom = axis(
        label,
        drawStyle="line",
        fillOpacity=10 if steps else 0,
        gradientMode="none",
        lineInterpolation="stepAfter" if steps else "linear",
        lineWidth=1,
        pointSize=4,
        showPoints="never",
        spanNulls=False,
        stacking={"group": "A", "mode": "none"},
        thresholdsStyle={"mode": "off"},
    )
    options = {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "none"}, "xField": x}
    return "trend", options, field_config(unit, empty, custom, overrides, **defaults)


def columns(unit, label, empty, x):
    """Bars beside names."""
    custom = axis(label, fillOpacity=80, gradientMode="none", lineWidth=1)
    options = {
        "barRadius": 0,
        "barWidth": 0.95,
        "fullHighlight": False,
        "groupWidth": 0.7,
        "legend": LEGEND | {"showLegend": False},
        "orientation": "auto",
        "showValue": "never",
        "stacking": "none",
        "tooltip": {"mode": "single", "sort": "none"},
        "xField": x,
        "xTickLabelRotation": 0,
        "xTickLabelSpacing": 100,
    }
    return "barchart", options, field_config(unit, empty, custom, (), min=0)


def pie(unit, empty, name, value):
    options = {
        "displayLabels": ["name"],
        "legend": LEGEND | {"values": ["value", "percent"], "placement": "right"},
        "pieType": "donut",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": f"/^{value}$/", "values": True},
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return "piechart", options, field_config(unit, empty, {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}, (), decimals=1)


def heatmap(unit, label, empty):
    """A column of the answer is a row of the picture."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "RdYlBu", "steps": 64, "reverse": True, "exponent": 0.5, "fill": "dark-orange"},
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto", "value": "Heart rate"},
        "showValue": "never",
        "tooltip": {"show": True, "yHistogram": False},
        "yAxis": {"axisLabel": label, "axisPlacement": "left", "reverse": False, "unit": "none"},
        "cellValues": {"unit": unit},
    }
    custom = {"scaleDistribution": {"type": "linear"}, "hideFrom": {"legend": False, "tooltip": False, "viz": False}}
    return "heatmap", options, field_config(unit, empty, custom)


def geomap(empty):
    style = {
        "color": {"fixed": "dark-orange"},
        "opacity": 1,
        "lineWidth": 3,
        "size": {"fixed": 4, "max": 8, "min": 2},
        "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"},
        "rotation": {"fixed": 0, "max": 360, "min": -360, "mode": "mod"},
        "textConfig": {"fontSize": 12, "offsetX": 0, "offsetY": 0, "textAlign": "center", "textBaseline": "middle"},
    }
    layer = {
        "type": "route",
        "name": "Route",
        "config": {"style": style, "arrow": 0},
        "location": {"mode": "coords", "latitude": "latitude", "longitude": "longitude"},
        "tooltip": True,
    }
    options = {
        "basemap": {"type": "default", "name": "Map", "config": {}},
        "controls": {"mouseWheelZoom": True, "showAttribution": True, "showDebug": False, "showMeasure": False, "showScale": True, "showZoom": True},
        "layers": [layer],
        "tooltip": {"mode": "details"},
        "view": {"id": "fit", "allLayers": True, "lat": 0, "lon": 0, "zoom": 15, "padding": 5},
    }
    overrides = [override("altitude", unit="lengthm"), override("speed", unit="velocityms")]
    return "geomap", options, field_config("none", empty, {"hideFrom": {"legend": False, "tooltip": False, "viz": False}}, overrides)


def panel(number, title, description, place, look, targets, source, transformations=(), links=(), interval=None):
    kind, options, config = look
    made = {
        "id": number,
        "type": kind,
        "title": title,
        "description": description,
        "datasource": source,
        "gridPos": place,
        "targets": targets,
        "options": options,
        "fieldConfig": config,
    }
    if transformations:
        made["transformations"] = list(transformations)
    if links:
        made["fieldConfig"]["defaults"]["links"] = list(links)
    if interval:
        made["interval"] = interval
    return made


def row(number, title, y):
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": {"h": 1, "w": 24, "x": 0, "y": y}, "panels": []}


def variable(name, label, query, source, refresh, description, pattern):
    return {
        "type": "query",
        "name": name,
        "label": label,
        "description": description,
        "hide": 0,
        "datasource": source,
        "query": query,
        "regex": pattern,
        "refresh": refresh,
        "sort": 0,
        "multi": False,
        "includeAll": False,
        "skipUrlSync": False,
        "options": [],
        "current": {},
    }


def dashboard(uid, title, description, tags, panels, variables, links, span):
    return {
        "id": None,
        "uid": uid,
        "title": title,
        "description": description,
        "tags": tags,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "refresh": "5m",
        "timezone": "browser",
        "weekStart": "monday",
        "time": {"from": span[0], "to": span[1]},
        "timepicker": {"refresh_intervals": ["1m", "5m", "15m", "1h"]},
        "annotations": {"list": []},
        "links": links,
        "templating": {"list": variables},
        "panels": panels,
    }
