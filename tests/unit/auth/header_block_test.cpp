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

// The line is left out of all that is read; what is merely like it is not.
TEST(HeaderBlock, leaves_a_line_of_mbox_tools_out) {
    const std::string rest = "From: a@b.example\r\n\r\n";
    for (const std::string line : {
             "From alice@a.example Mon Sep  1 10:00:00 2025",
             ">From alice@a.example Mon Sep  1 10:00:00 2025",
             "From - Mon Sep 01 10:00:00 2025",
             "From MAILER-DAEMON  Fri Jul 11 21:00:37 2003",
             "From \"a b\"@a.example Mon Sep  1 10:00 2025",
             "From alice at a.example  Mon, 1 Sep 2025 10:00:00 +0200 (CEST)",
             "From alice@[IPv6:2001:db8::1] Mon Sep  1 10:00:00 2025",
             "From alice Mon Sep  1 10:00:00 CEST 2025 remote from host",
             "From 9ab1 Mon Sep 17 00:00:00 2001",
             "From j\xc3\xbc@a.example\tMon Sep  1 9:00:00 2025",
         }) {
        const auto header = HeaderBlock::parse(line + "\r\n" + rest);
        EXPECT_EQ(header->octets(), rest) << line;
        EXPECT_EQ(header->fault(), HeaderFault::none) << line;
        ASSERT_EQ(header->fields().size(), 1U) << line;
        EXPECT_EQ(header->fields()[0].raw, "From: a@b.example\r\n") << line;
    }
}

TEST(HeaderBlock, leaves_only_a_line_of_mbox_tools_out) {
    for (const std::string line : {
             "From : alice@bank.example Mon Sep  1 10:00:00 2025",
             ">From : alice@bank.example Mon Sep  1 10:00:00 2025",
             "From alice@bank.example: x",
             "From alice: Mon Sep  1 10:00:00 2025",
             "From alice:@[IPv6:2001:db8::1] Mon Sep  1 10:00:00 2025",
             "From alice@[IPv6:2001:db8::1]: Mon Sep  1 10:00:00 2025",
             "From a@[IPv6:x]:<ceo@bank.example>] Mon Sep  1 10:00:00 2025",
             "From x Mon Sep  1 10:00:00 2025 ceo@bank.example",
             "From alice@bank.example",
             "From alice@bank.example 10:00:00",
             "From alice@bank.example Mon Sep  1 2025",
             "From Monday on we are closed: see 10:00",
             "From Mon Sep  1 10:00:00 2025",
             "From ",
             "from alice@a.example Mon Sep  1 10:00:00 2025",
             "FROM alice@a.example Mon Sep  1 10:00:00 2025",
             ">>From alice@a.example Mon Sep  1 10:00:00 2025",
             "> From alice@a.example Mon Sep  1 10:00:00 2025",
             " From alice@a.example Mon Sep  1 10:00:00 2025",
             "From\talice@a.example Mon Sep  1 10:00:00 2025",
             "From a\x01 Mon Sep  1 10:00:00 2025",
         }) {
        const std::string octets = line + "\r\nTo: a@b.example\r\n\r\n";
        EXPECT_EQ(HeaderBlock::parse(octets)->octets(), octets) << line;
    }
    const std::string mbox_line = "From a@b.example Mon Sep  1 10:00:00 2025";
    for (const std::string& octets :
         {mbox_line, mbox_line + "\n", mbox_line + "\r", mbox_line + "\nTo: x\r\n"})
        EXPECT_EQ(HeaderBlock::parse(octets)->octets(), octets);
    // Once, and on top alone.
    const std::string twice = mbox_line + "\r\n" + mbox_line + "\r\nTo: x\r\n";
    EXPECT_EQ(HeaderBlock::parse(twice)->octets(), twice.substr(mbox_line.size() + 2));
    EXPECT_TRUE(HeaderBlock::parse(twice)->has(HeaderFault::invalid_name));
    const std::string below = "To: x\r\n" + mbox_line + "\r\n";
    EXPECT_EQ(HeaderBlock::parse(below)->octets(), below);
    // Faults in it are told, and no field is hidden by it.
    EXPECT_TRUE(HeaderBlock::parse(mbox_line + "\r\n x: y\r\n")->has(HeaderFault::leading_continuation));
    EXPECT_TRUE(HeaderBlock::parse("From a Mon 1:00\r\r\nTo: x\r\n")->has(HeaderFault::bare_cr_or_lf));
    EXPECT_EQ(HeaderBlock::parse(mbox_line + "\r\n\r\n")->octets(), "\r\n");
    EXPECT_EQ(HeaderBlock::parse(mbox_line + "\r\n")->octets(), "");
}

}  // namespace
}  // namespace gatepost::auth
