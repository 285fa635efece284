#include "auth/message/author_domain.hpp"

#include <gtest/gtest.h>

namespace gatepost::auth {
namespace {

struct AuthorCase {
    std::string header;
    AuthorFault fault;
    std::string domain;
    std::string address;
};

class Authors : public testing::TestWithParam<AuthorCase> {};

TEST_P(Authors, are_one_domain_or_none) {
    const AuthorCase& expected = GetParam();
    const Author author = extract_author(*HeaderBlock::parse(expected.header));
    EXPECT_EQ(author.fault, expected.fault) << expected.header << to_string(author.fault);
    EXPECT_EQ(author.domain ? author.domain->text() : "", expected.domain) << expected.header;
    EXPECT_EQ(author.address, expected.address) << expected.header;
}

INSTANTIATE_TEST_SUITE_P(
    Table, Authors,
    testing::Values(
        AuthorCase{"From: A <a@Example.COM>\r\n\r\n", AuthorFault::none, "example.com", "a@example.com"},
        AuthorCase{"From : a@b.example\r\n\r\n", AuthorFault::none, "b.example", "a@b.example"},
        AuthorCase{"From: a@b\xc3\xbc"
                   "cher.example\r\n",
                   AuthorFault::none, "xn--bcher-kva.example", "a@xn--bcher-kva.example"},
        AuthorCase{"From: a@b\xc3\xbc"
                   "cher.example, b@XN--bcher-kva.example\r\n",
                   AuthorFault::none, "xn--bcher-kva.example", "a@xn--bcher-kva.example"},
        AuthorCase{"From: a@b.example, c@B.Example\r\n", AuthorFault::none, "b.example", "a@b.example"},
        AuthorCase{"From: a@b.example, c@d.example\r\n", AuthorFault::several_domains, "", "a@b.example"},
        AuthorCase{"From: a@b.example, c@[192.0.2.1]\r\n", AuthorFault::several_domains, "", "a@b.example"},
        AuthorCase{"From: a@[192.0.2.1]\r\n", AuthorFault::invalid_domain, "", "a@[192.0.2.1]"},
        AuthorCase{"From: a@b!c.example\r\n", AuthorFault::invalid_domain, "", "a@b!c.example"},
        AuthorCase{"From: a@under_score.example\r\n", AuthorFault::none, "under_score.example",
                   "a@under_score.example"},
        AuthorCase{"From: try..this.@b.example\r\n", AuthorFault::none, "b.example", "try..this.@b.example"},
        AuthorCase{"From: root (Cron Daemon)\r\n", AuthorFault::no_domain, "", ""},
        AuthorCase{"From: G:;\r\n", AuthorFault::no_domain, "", ""},
        AuthorCase{"From:\r\n", AuthorFault::no_domain, "", ""},
        AuthorCase{"From: Doe, Jane <jane@b.example>\r\n", AuthorFault::none, "b.example", "jane@b.example"},
        AuthorCase{"From: Doe, Jane <jane@b.example>, c@d.example\r\n", AuthorFault::malformed_from, "", ""},
        AuthorCase{"From: a@b@c.example\r\n", AuthorFault::malformed_from, "", ""},
        AuthorCase{"To: a@b.example\r\n", AuthorFault::no_from, "", ""},
        AuthorCase{"", AuthorFault::no_from, "", ""},
        AuthorCase{"From: a@b.example\r\nfrom : a@b.example\r\n", AuthorFault::several_from, "", ""},
        AuthorCase{"nonsense\r\nFrom: a@b.example\r\n", AuthorFault::malformed_header, "", ""},
        AuthorCase{" From: c@d.example\r\nFrom: a@b.example\r\n", AuthorFault::malformed_header, "", ""},
        AuthorCase{"From: a@b.example\nTo: x\r\n", AuthorFault::malformed_header, "", ""},
        AuthorCase{std::string("From: a@b.example\r\nX: \0\r\n", 26), AuthorFault::malformed_header, "", ""},
        // A fault that hides nothing must not hide one that does.
        AuthorCase{"X Y: z\r\nnonsense\r\nFrom: a@b.example\r\n", AuthorFault::malformed_header, "", ""},
        AuthorCase{"X Y: z\r\n: w\r\nFrom: a@b.example\r\n", AuthorFault::none, "b.example", "a@b.example"},
        AuthorCase{"\xef\xbb\xbf"
                   "From: c@d.example\r\nFrom: a@b.example\r\n",
                   AuthorFault::malformed_from, "", ""},
        AuthorCase{"From\x01: c@d.example\r\nFrom: a@b.example\r\n", AuthorFault::malformed_from, "", ""},
        // A line of mbox tools is no field; another line that begins so may be one to some reader.
        AuthorCase{"From c@d.example Mon Sep  1 10:00:00 2025\r\nFrom: a@b.example\r\n", AuthorFault::none,
                   "b.example", "a@b.example"},
        AuthorCase{"From c@d.example Mon Sep  1 10:00:00 2025\r\n", AuthorFault::no_from, "", ""},
        AuthorCase{"From c@d.example Mon Sep  1 10:00:00 2025\r\n x\r\nFrom: a@b.example\r\n",
                   AuthorFault::malformed_header, "", ""},
        AuthorCase{"From c@d.example: x\r\nFrom: a@b.example\r\n", AuthorFault::malformed_from, "", ""},
        AuthorCase{"From: a@b.example\r\nfrom x: c@d.example\r\n", AuthorFault::malformed_from, "", ""},
        AuthorCase{"From : c@d.example Mon Sep  1 10:00:00 2025\r\nFrom: a@b.example\r\n",
                   AuthorFault::several_from, "", ""},
        AuthorCase{"From: a@b.example\r\nFrom x Mon Sep  1 10:00:00 2025\r\n c@d.example\r\n",
                   AuthorFault::malformed_from, "", ""},
        AuthorCase{"From: a@b.example\r\nFrom x Mon Sep  1 10:00:00 2025\r\n", AuthorFault::none, "b.example",
                   "a@b.example"},
        AuthorCase{"Fr om: c@d.example\r\nFrom: a@b.example\r\n", AuthorFault::none, "b.example",
                   "a@b.example"}));

TEST(Author, is_not_taken_from_a_header_with_fields_left_out) {
    const auto header = HeaderBlock::parse("From: a@b.example\r\nA: 1\r\nFrom: c@d.example\r\n", 2);
    const Author author = extract_author(*header);
    EXPECT_EQ(author.fault, AuthorFault::malformed_header);
    EXPECT_EQ(author.header_problem, "malformed header: too many fields (line 3 of the message)");
}

TEST(Author, fault_of_the_header_is_the_topmost_one) {
    struct Case {
        std::string octets;
        std::string problem;
    };
    const Case cases[] = {
        {"A: b\r\nnone\r\nB: c\rd\r\n", "a line without a colon (line 2 of the message)"},
        {"A: b\rc\r\nnone\r\n", "a bare CR or LF (line 1 of the message)"},
        {"X Y: z\r\n folded\r\nnone\r\nnone\r\n", "a line without a colon (line 3 of the message)"},
        {" A\r\nnone\r\n", "the first line is a continuation (line 1 of the message)"},
    };
    for (const Case& c : cases) {
        const Author author = extract_author(*HeaderBlock::parse(c.octets));
        EXPECT_EQ(author.header_problem, "malformed header: " + c.problem);
    }
    EXPECT_EQ(extract_author(*HeaderBlock::parse("From: a@b@c\r\n")).header_problem, "");
}

TEST(Author, domain_is_bounded_before_it_is_converted) {
    std::string long_name;
    while (long_name.size() < 16'000)
        long_name += "\xc3\xbc";
    const Author author = extract_author(*HeaderBlock::parse("From: a@" + long_name + ".example\r\n"));
    EXPECT_EQ(author.fault, AuthorFault::invalid_domain);
}

// 510 KiB of dots or addresses took a worker 27 ms at a stretch.
TEST(Author, field_is_bounded_before_it_is_read) {
    constexpr std::size_t bound = 96 * 1024;
    for (const std::size_t octets : {bound, bound + 1}) {
        const std::string address = " <a@b.example>";
        const std::string value = ' ' + std::string(octets - address.size() - 1, 'x') + address;
        const Author author = extract_author(*HeaderBlock::parse("From:" + value + "\r\n"));
        EXPECT_EQ(author.fault, octets > bound ? AuthorFault::malformed_from : AuthorFault::none);
    }
}

}  // namespace
}  // namespace gatepost::auth
