"""What load.sh measured: load_summary.py PROOF.tsv CELLS.csv REMARKS. Exit 1 where a message was lost, was not authenticated, or
was let in against its domain's policy."""
import csv
import statistics
import sys

proof_file, cells_file, remarks_file = sys.argv[1:]
faults = []


def cost(rows_of_one):
    return [float(row["cpu_us_per_msg"]) for row in rows_of_one]


with open(proof_file, encoding="utf-8") as file:
    proof = list(csv.DictReader(file, delimiter="\t"))
for row in proof:
    if row["corpus"].startswith("good"):
        shown = {row[key] for key in ("sent", "captured", "spf=pass", "dkim=pass", "dmarc=pass")}
        if len(shown) != 1:
            faults.append(f"{row['corpus']}: not every message is shown spf, dkim and dmarc=pass: {row}")
    elif row["corpus"] == "fail4k" and row["captured"] != "0":
        faults.append(f"fail4k: {row['captured']} messages were let in")
if not {"good4k", "good50k", "good1m", "fail4k"} <= {row["corpus"] for row in proof}:
    faults.append("the proof is not whole")

with open(cells_file, encoding="utf-8") as file:
    rows = list(csv.DictReader(file))
cells = {}
for row in rows:
    cells.setdefault((row["corpus"], row["conc"], row["per_conn"]), {})[row["peer"], row["round"]] = row
    if row["peer"] != "gatepost":
        continue
    wanted = "rej" if row["corpus"] == "fail4k" else "ok"
    if row[wanted] != row["sent"]:
        faults.append(f"round {row['round']}, {row['corpus']}: {row['sent']} sent, {wanted} {row[wanted]}")

print("cell                     rounds  gatepost us  Z us   ratios (median of interleaved pairs)  p50 ms  p99 ms  a second")
for (corpus, connections, per_connection), cell in cells.items():
    rounds = sorted({number for _, number in cell}, key=int)
    ours = [cell["gatepost", number] for number in rounds]
    floor = [cell["Z", number] for number in rounds]
    ratios = [mine / least for mine, least in zip(cost(ours), cost(floor))]
    kept = "kept" if per_connection == "0" else f"{per_connection} each"
    print(f"{corpus:8} {connections:>3} {kept:10} {len(rounds):>6} {statistics.median(cost(ours)):>12.1f} "
          f"{statistics.median(cost(floor)):>6.1f}   {' '.join(f'{ratio:.2f}' for ratio in ratios)}: {statistics.median(ratios):.2f}"
          + "".join(f"  {statistics.median(float(row[key]) for row in ours):.1f}" for key in ("p50_ms", "p99_ms", "e2e_per_s")))

with open(remarks_file, encoding="utf-8") as file:
    faults += [line.strip() for line in file if "sink got" in line or "replies" in line]
for fault in faults:
    print("FAULT:", fault)
sys.exit(1 if faults else 0)
