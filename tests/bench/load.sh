#!/usr/bin/env bash
# GATEPOST_HARNESS=FOLDER load.sh [ROUNDS]: by the load harness in FOLDER, whose setup.sh has run, its yardstick Z and this
# server in turn, ROUNDS (5) times, as root; then CPU a message of each round, and the ratio.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
harness=${GATEPOST_HARNESS:?the folder of the load harness}
gatepost=${GATEPOST_BIN:-$here/../../build/release/gatepost}
[ -x "$gatepost" ] || { echo "load.sh: no $gatepost: ./dev test unit builds it" >&2; exit 2; }
[ -x "$harness/run-one.sh" ] || { echo "load.sh: no harness in $harness" >&2; exit 2; }

work=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then kill "$server" && wait "$server" || true; fi
    for part in Z sink dns; do "$harness/ctl.sh" stop $part; done
    rm -rf "$work"
}
trap finish EXIT
mkdir "$work/load-state"
cp "$here/load.yaml" "$work/"
for part in dns sink Z; do
    case $("$harness/ctl.sh" status $part) in *": 0 processes") "$harness/ctl.sh" start $part ;; esac
done
"$gatepost" serve --config "$work/load.yaml" 2>"$work/log" &
server=$!
for _ in $(seq 50); do
    if (exec 3<>/dev/tcp/127.0.0.1/2525) 2>/dev/null; then break; fi
    sleep 0.1
done

for round in $(seq "${1:-5}"); do
    CSV=$work/load.csv FIRST=$round PEERS=Z EXTRA=0 "$harness/bench.sh" "$round"
    CSV=$work/load.csv ROUND=$round "$harness/run-one.sh" 127.0.0.1:2525 gatepost "$server"
done
python3 - "$work/load.csv" <<'P'
import csv, statistics, sys
rows = [row for row in csv.DictReader(open(sys.argv[1])) if (row["corpus"], row["conc"], row["per_conn"]) == ("good4k", "20", "0")]
cost = {(row["peer"], row["round"]): float(row["cpu_us_per_msg"]) for row in rows}
ratios = []
for number in sorted({row["round"] for row in rows}, key=int):
    ours, floor = cost["gatepost", number], cost["Z", number]
    ratios.append(ours / floor)
    print(f"round {number}: gatepost {ours:.1f} us, Z {floor:.1f} us, {ours / floor:.2f} times")
print(f"median of the ratios: {statistics.median(ratios):.2f}")
P
