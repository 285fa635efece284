#include "auth/message/header_block.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth {
namespace {

TEST(HeaderBlock, splits_fields_and_keeps_their_octets) {
    const auto header = HeaderBlock::parse("From: a@b.example\r\nSubject : one\r\n two\r\nX:\r\n\r\n");
    ASSERT_EQ(header->fields().size(), 3U);
    EXPECT_EQ(header->fault(), HeaderFault::none);
    EXPECT_EQ(header->fields()[0].raw, "From: a@b.example\r\n");
    EXPECT_EQ(header->fields()[1].name, "Subject");
    EXPECT_EQ(header->fields()[1].value, " one\r\n two");
    EXPECT_EQ(unfold(header->fields()[1].value), "one two");
    EXPECT_EQ(header->fields()[2].value, "");
    EXPECT_EQ(header->count("subject"), 1U);
    EXPECT_EQ(header->find("FROM"), &header->fields()[0]);
    EXPECT_EQ(header->find("to"), nullptr);
}

struct FaultCase {
    std::string octets;
    HeaderFault fault;
    std::size_t fields;
};

class HeaderFaults : public testing::TestWithParam<FaultCase> {};

TEST_P(HeaderFaults, are_told) {
    const auto header = HeaderBlock::parse(GetParam().octets, 3);
    EXPECT_EQ(header->fault(), GetParam().fault) << to_string(header->fault());
    EXPECT_EQ(header->fields().size(), GetParam().fields);
}

INSTANTIATE_TEST_SUITE_P(
    Table, HeaderFaults,
    testing::Values(FaultCase{"", HeaderFault::none, 0}, FaultCase{"\r\n", HeaderFault::none, 0},
                    FaultCase{"A: b\r\n", HeaderFault::none, 1},
                    FaultCase{"A: b\r\nnonsense\r\nB: c\r\n\r\n", HeaderFault::line_without_colon, 2},
                    FaultCase{" A: b\r\nB: c\r\n\r\n", HeaderFault::leading_continuation, 1},
                    FaultCase{": b\r\n\r\n", HeaderFault::empty_name, 1},
                    FaultCase{"A B: c\r\n\r\n", HeaderFault::invalid_name, 1},
                    FaultCase{std::string("A: b\0\r\n\r\n", 9), HeaderFault::nul, 1},
                    FaultCase{"A: b\nB: c\r\n\r\n", HeaderFault::bare_cr_or_lf, 2},
                    FaultCase{"A: b\rB: c\r\n\r\n", HeaderFault::bare_cr_or_lf, 1},
                    FaultCase{"A:\r\nB:\r\nC:\r\nD:\r\n\r\n", HeaderFault::too_many_fields, 3},
                    FaultCase{"A\r\n : b\r\n\r\n", HeaderFault::line_without_colon, 0}));

TEST(HeaderBlock, keeps_what_another_reader_could_take_for_a_field) {
    const auto header = HeaderBlock::parse("A: b\r\nX-One\r\n : c\r\nnonsense\r\nB: d\r\n\r\n");
    ASSERT_EQ(header->strays().size(), 1U);
    EXPECT_EQ(header->strays()[0].raw, "X-One\r\n : c\r\n");
    EXPECT_EQ(header->strays()[0].value, " c");
    EXPECT_TRUE(header->strays()[0].reads_as("x-one"));
    EXPECT_EQ(header->line_of(HeaderFault::line_without_colon), 2U);
    EXPECT_EQ(header->line_of(HeaderFault::nul), 0U);
    // They are within the bound, too.
    const auto bounded = HeaderBlock::parse("A: b\r\nX\r\n : c\r\nB: d\r\nC: e\r\n\r\n", 3);
    EXPECT_TRUE(bounded->has(HeaderFault::too_many_fields));
    EXPECT_EQ(bounded->line_of(HeaderFault::too_many_fields), 5U);
    EXPECT_EQ(HeaderBlock::parse(" A: b\r\nB: c\r\n\r\n")->strays().size(), 1U);
}

TEST(HeaderField, reads_as_what_is_left_without_invisible_octets) {
    for (const std::string name :
         {"X-Quarantine", "x-quarantine", "\xef\xbb\xbfX-Quarantine", "X-Quarantine\x01",
          "\xc2\xa0X-Quarantine", "X-\x7fQuarantine", "X -Quarantine"}) {
        const auto header = HeaderBlock::parse(name + ": no\r\n\r\n");
        ASSERT_EQ(header->fields().size(), 1U) << name;
        EXPECT_TRUE(header->fields()[0].reads_as("X-Quarantine")) << name;
        EXPECT_FALSE(header->fields()[0].reads_as("X-Quarantin")) << name;
        EXPECT_FALSE(header->fields()[0].reads_as("X-Quarantined")) << name;
    }
    EXPECT_FALSE(HeaderBlock::parse("XX-Quarantine: no\r\n")->fields()[0].reads_as("X-Quarantine"));
}

}  // namespace
}  // namespace gatepost::auth
