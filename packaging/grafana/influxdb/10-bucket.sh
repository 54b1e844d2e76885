#!/bin/sh
# InfluxDB's image runs this once, after it has made the bucket. By default a bucket without an end has a shard for each week: ten years
# of health data are 520 of them, which takes memory and time. One for each year is enough.
set -eu
influx bucket update --id "$DOCKER_INFLUXDB_INIT_BUCKET_ID" --shard-group-duration 52w
