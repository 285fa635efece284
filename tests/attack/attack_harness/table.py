"""The table of all attacks: printed at the end, and kept beside the results."""
import os
import pathlib

FILE = os.environ.get("GATEPOST_ATTACK_TABLE", "build/results/attack/table.md")


def lines_of(rows):
    if not rows:
        return []
    names = list(rows[0])
    widths = [max(len(name), *(len(str(row[name])) for row in rows)) for name in names]
    out = ["| " + " | ".join(name.ljust(width) for name, width in zip(names, widths)) + " |",
           "|" + "|".join("-" * (width + 2) for width in widths) + "|"]
    out += ["| " + " | ".join(str(row[name]).ljust(width) for name, width in zip(names, widths)) + " |" for row in rows]
    return out


def keep(rows, slow=(), name=None):
    """As FILE, or beside it. `slow`: of attacks beside which a message was slow, which one and what each step of it took."""
    path = pathlib.Path(FILE)
    path = path.with_name(name) if name else path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines_of(rows), "", *slow]) + "\n", encoding="utf-8")
