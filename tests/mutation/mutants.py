"""Finds places in C++ sources where one thing can be changed, and writes the change behind a switch.

A mutant is a condition turned round, an operand of && or || left out, or a statement left out. Sources are read as text:
strings and comments are masked, and braces tell which text stands in a function. What is not understood is not mutated.
"""
import dataclasses
import re

KINDS = ("condition", "operand", "statement")

# A statement that begins with one of these is no expression: leaving it out would not compile, or means nothing.
NOT_DROPPED = re.compile(r"(return|co_return|co_yield|using|namespace|static_assert|constexpr|const|auto|static|throw|template|typename|"
                         r"struct|class|enum|goto|delete|typedef|friend|public|private|unsigned|int|bool|char)\b")
CALL = re.compile(r"(co_await\s+)?[\w:]+((\.|->)\w+|\[[^\]]*\]|\([^;]*\))*(\.|->|::)?\w*\(.*\)$", re.S)
ASSIGNMENT = re.compile(r"[*]?[\w:]+((\.|->)\w+|\[[^\]]*\]|\([^;=]*\))*\s*([-+*/|&^%]|<<|>>)?=(?!=)", re.S)
STEP = re.compile(r"(\+\+|--)[\w.\->\[\]]+$|[\w.\->\[\]]+(\+\+|--)$")
DECLARATION = re.compile(r"[\w:<>,&*\s]+[\w>&*]\s+[&*]*\w+\s*([({=;]|$)")


# What a mutated source is told of: the switch (switch.cpp), and warnings that only mutants earn.
PROLOGUE = """#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wunused-but-set-variable"
#pragma GCC diagnostic ignored "-Wunused-parameter"
namespace mutation {
bool on(int number);
}
#line 1
"""


@dataclasses.dataclass(frozen=True)
class Mutant:
    path: str
    line: int
    kind: str
    text: str  # of the source that is changed
    edits: tuple  # (offset, text to insert), with NUMBER for the mutant's number


def masked(source):
    """`source` with strings, characters and comments blanked, of the same length."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    def blank_inside(match):
        text = match.group(0)
        return text[0] + "_" * (len(text) - 2) + text[-1]

    pattern = re.compile(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'|^[ \t]*#[^\n]*", re.S | re.M)
    return pattern.sub(lambda m: blank_inside(m) if m.group(0)[0] in "\"'" else blank(m), source)


def closing(text, at):
    """Where the bracket at `at` is closed."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return len(text)


def operands(text, start, end):
    """The operands of the top-level && and || of text[start:end], as (start, end, operator); none where both are mixed."""
    cuts, operator, depth = [], None, 0
    i = start
    while i < end:
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
        elif depth == 0 and text[i] in "?=,;" and text[i - 1] not in "=!<>" and text[i + 1] != "=":
            return []
        elif depth == 0 and text[i:i + 2] in ("&&", "||"):
            if operator not in (None, text[i:i + 2]):
                return []
            operator = text[i:i + 2]
            cuts.append(i)
            i += 1
        i += 1
    if not cuts:
        return []
    edges = [start] + [c + 2 for c in cuts]
    return [(a, b, operator) for a, b in zip(edges, cuts + [end])]


def is_block(text, at):
    """The brace at `at` opens statements, not an initializer, class, enum or namespace."""
    before = text[:at].rstrip()
    return bool(re.search(r"(\)|\belse|\bdo|\btry|\bconst|\bnoexcept|\boverride|[{};:]|->\s*[\w:<>*&, ]+)$", before))


def statements(text):
    """Each (start, end) of a statement that stands in a function, its ';' not included."""
    stack = []  # of open brackets: True where it is a block
    start, found = 0, []
    i = 0
    while i < len(text):
        c = text[i]
        if c in "([{":
            stack.append(c == "{" and is_block(text, i))
            if stack[-1]:
                start = i + 1
        elif c in ")]}":
            block = stack.pop() if stack else False
            if block:
                start = i + 1
        elif c == ";" and (not stack or stack[-1]):
            if stack:
                found.append((start, i))
            start = i + 1
        i += 1
    return found


def begin_of(text, start, end):
    """Past labels and the heads of if, for, while and else that stand before the statement itself."""
    while True:
        piece = text[start:end]
        start += len(piece) - len(piece.lstrip())
        piece = text[start:end]
        label = re.match(r"(case\s+[\w:]+\s*|default\s*):(?!:)", piece)
        head = re.match(r"(if|for|while|switch)(\s+constexpr)?\s*\(", piece)
        if label:
            start += label.end()
        elif re.match(r"(else|do)\b", piece):
            start += piece.index(piece.split()[0]) + len(piece.split()[0])
        elif head:
            start = closing(text, start + head.end() - 1) + 1
        else:
            return start


def line_of(source, at):
    return source.count("\n", 0, at) + 1


def brief(text):
    return " ".join(text.split())[:110]


def of_operands(path, source, text, start, end):
    for a, b, operator in operands(text, start, end):
        before, after = ("(::mutation::on(NUMBER) || (", "))") if operator == "&&" else ("(!::mutation::on(NUMBER) && (", "))")
        yield Mutant(path, line_of(source, a), "operand", brief(f"{operator}: without {source[a:b].strip()}"),
                     ((a, before), (b, after)))


def find(path, source):
    """All mutants of one source."""
    text = masked(source)
    functions = statements(text)
    for match in re.finditer(r"\bif\s*\(", text):
        start, end = match.end(), closing(text, match.end() - 1)
        start = max([start] + [start + i + 1 for i in [text[start:end].rfind(";")] if i >= 0])
        if DECLARATION.match(text[start:end].strip()) or re.search(r"(?<![=!<>])=(?!=)", text[start:end].split("(")[0]):
            continue  # it declares what it tests
        yield Mutant(path, line_of(source, match.start()), "condition", brief(f"if (!({source[start:end]}))"),
                     ((start, "static_cast<bool>("), (end, ") != ::mutation::on(NUMBER)")))
        yield from of_operands(path, source, text, start, end)
    for start, end in functions:
        begin = begin_of(text, start, end)
        piece = text[begin:end].strip()
        returned = re.match(r"(co_)?return\b", piece)
        if returned:
            yield from of_operands(path, source, text, begin + returned.end(), end)
            continue
        if not piece or NOT_DROPPED.match(piece):
            continue
        if piece in ("break", "continue") or STEP.match(piece) or ASSIGNMENT.match(piece) or CALL.match(piece):
            yield Mutant(path, line_of(source, begin), "statement", brief(f"without {source[begin:end]};"),
                         ((begin, "{ if (!::mutation::on(NUMBER)) "), (end + 1, " }")))


def apply(source, numbered):
    """`source` with the (number, Mutant)s built in, each behind its switch."""
    inserts = []
    for number, mutant in numbered:
        for order, (at, what) in enumerate(mutant.edits):
            inserts.append((at, order, number, what.replace("NUMBER", str(number))))
    # At one place what closes comes before what opens; of several that open, the later ones stand inside.
    inserts.sort(key=lambda e: (e[0], 0 if e[1] else 1, -e[2] if e[1] else e[2]))
    out, last = [], 0
    for at, _, _, what in inserts:
        out += [source[last:at], what]
        last = at
    out.append(source[last:])
    return PROLOGUE + "".join(out)
