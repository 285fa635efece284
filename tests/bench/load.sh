#!/usr/bin/env bash
# GATEPOST_HARNESS=FOLDER load.sh [ROUNDS]: by the load harness in FOLDER, whose setup.sh has run, as root. First the proof that
# messages are authenticated, from what its sink captures; then its yardstick Z and this server in turn, ROUNDS (5) times.
# Prints all cells and the ratios, and fails where a message was lost, was not authenticated, or was let in against its policy.
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

PEERS=gatepost ADDR_gatepost=127.0.0.2 "$harness/verify.sh" | tee "$work/proof.tsv"
for round in $(seq "${1:-5}"); do
    CSV=$work/load.csv FIRST=$round PEERS=Z EXTRA=0 "$harness/bench.sh" "$round"
    CSV=$work/load.csv ROUND=$round "$harness/run-one.sh" 127.0.0.1:2525 gatepost "$server" 2> >(tee -a "$work/remarks" >&2)
done
python3 "$here/load_summary.py" "$work/proof.tsv" "$work/load.csv" "$work/remarks"
