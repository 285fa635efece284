// The suite from-header: the author domain of hard From fields, and domains that must never be taken for it.
#include "tests/support/suite.hpp"

#include "auth/message/author_domain.hpp"

#include <gtest/gtest.h>

namespace gatepost::tests {
namespace {

bool holds(const SuiteCase& test) {
    const auto header = auth::HeaderBlock::parse(decode_base64(test.node["header_b64"].text()));
    const auth::Author author = auth::extract_author(*header);
    const std::string taken = author.domain ? author.domain->text() : "";
    bool usable = false;
    for (const Node& use : test.node["use"].items())
        usable = usable || (use.is_null() ? !author.domain : author.domain && use.text() == taken);
    EXPECT_TRUE(usable) << test.id << ": took \"" << taken << "\", " << to_string(author.fault);
    for (const Node& forbidden : test.node["must_not_use"].items()) {
        EXPECT_NE(taken, forbidden.text()) << test.id;
        usable = usable && taken != forbidden.text();
    }
    // Where the field is in the grammar and has one domain, it is to be found, not given up.
    const auto& domains = test.node["author_domains"].items();
    if (usable && domains.size() == 1 && test.node["use"].items().size() == 1) {
        EXPECT_EQ(author.domain.has_value(), !test.node["use"].items().front().is_null()) << test.id;
    }
    return usable;
}

TEST(Suite, from_header) {
    GATEPOST_REQUIRE_SUITE(folder, "from-header");
    Tally tally("from-header");
    for (const Node& document : load_yaml(folder / "cases.yml"))
        for (const SuiteCase& test : cases_of(document))
            tally.count(test.id, holds(test));
    EXPECT_EQ(tally.total(), 125U);
}

}  // namespace
}  // namespace gatepost::tests
