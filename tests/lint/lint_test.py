#!/usr/bin/env python3
"""The lints on text with a known fault, and on its mended twin: a lint that finds nothing must not be believed blindly."""
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_coawait  # noqa: E402
import check_includes  # noqa: E402
import check_tree  # noqa: E402

COAWAIT = [  # statement, refused
    ("co_await send(Request{.size = 1});", True),
    ("co_await send({name, 1});", True),
    ("co_await send(fast ? std::string(a) : std::string(b));", True),
    ("co_spawn(co_await this_executor(), [text]() {}, detached);", True),
    ("const Request request{.size = 1};\nco_await send(request);", False),
    ("auto answer = co_await resolver.query(name, type);", False),
    ("co_await send(std::string(a));", False),
    ("if (co_await ready()) { count = 1; }", False),
]
TREE = [  # file, text, refused
    ("dns/a.cpp", "// see /home/x\n", True),
    ("dns/a.cpp", "// see RFC 7208\n", False),
    ("tests/e2e/a.py", "../shared/suites\n", True),
    ("tests/e2e/a.py", "-----BEGIN " + "PRIVATE KEY-----\n", True),
    ("tests/e2e/a.py", "-----BEGIN PUBLIC KEY-----\n", False),
    ("dev", "true\n" * 501, True),
    ("dev", "true\n" * 500, False),
    ("auth/a.hpp", "int a;  // TO" + "DO\n", True),
]
INCLUDES = [  # file, text, refused
    ("dns/a.cpp", '#include "auth/evidence.hpp"\n', True),
    ("auth/a.cpp", '#include "dns/answer.hpp"\n', False),
    ("auth/a.cpp", '#include "../dns/answer.hpp"\n', True),
    ("auth/spf/a.cpp", "#include <ldns/ldns.h>\n", True),
    ("dns/wire_codec.cpp", "#include <ldns/ldns.h>\n", False),
    ("server/smtp/a.cpp", "#include <boost/asio/post.hpp>\n", True),
    ("policy/a.cpp", "int a;\n" * 501, True),
]


def includes_refused(name, text):
    with tempfile.TemporaryDirectory() as root:
        path = pathlib.Path(root, name)
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        return bool(check_includes.check(pathlib.Path(root)))


def main():
    wrong = [text for text, refused in COAWAIT
             if bool(check_coawait.findings("task f() {\n" + text + "\n}\n")) != refused]
    wrong += [text for name, text, refused in TREE if bool(list(check_tree.findings(name, text))) != refused]
    wrong += [text for name, text, refused in INCLUDES if includes_refused(name, text) != refused]
    for text in wrong:
        print(f"judged wrongly: {text[:80]!r}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
