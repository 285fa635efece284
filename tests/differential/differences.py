"""A difference from an oracle is explained by a row of a table, or it fails the test.

A row says which differences it explains, the section that decides, and who is right by it. Rows are as narrow as
they can be: they ask for what the generator put into the case, and for both results."""
import collections
import dataclasses
import typing

OURS, THEIRS, OPEN = "ours", "theirs", "open"  # OPEN: the RFC leaves it to the implementation


@dataclasses.dataclass(frozen=True)
class Explanation:
    name: str
    section: str
    right: str
    applies: typing.Callable  # (case, our result, their result) -> bool


class Comparison:
    """Of one program with one oracle, over all cases."""

    def __init__(self, oracle, table):
        self.oracle = oracle
        self.table = table
        self.cases = self.equal = 0
        self.explained = collections.Counter()
        self.unexplained = []

    def add(self, case, ours, theirs, words=""):
        self.cases += 1
        if ours == theirs:
            self.equal += 1
            return
        for row in self.table:
            if row.applies(case, ours, theirs):
                self.explained[row.name] += 1
                return
        self.unexplained.append(f"{case}\n    ours:   {ours}\n    {self.oracle}: {theirs} {words}")

    def report(self):
        """Prints the numbers; gives what remains unexplained, as one text."""
        print(f"\n{self.oracle}: {self.cases} cases, {self.equal} equal, {sum(self.explained.values())} explained, "
              f"{len(self.unexplained)} unexplained")
        for row in self.table:
            if self.explained[row.name]:
                print(f"  {self.explained[row.name]:4}  {row.name} ({row.section}; right: {row.right})")
        unused = [row.name for row in self.table if not self.explained[row.name]]
        if unused:
            print("        not seen: " + ", ".join(unused))
        return "\n".join(self.unexplained)
