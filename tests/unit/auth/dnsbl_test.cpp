#include "tests/support/run.hpp"

#include "auth/dnsbl/list.hpp"
#include "auth/dnsbl/lookup.hpp"

#include "dns/zone_resolver.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatepost::auth::dnsbl {
namespace {

namespace asio = boost::asio;

dns::DomainName name(std::string_view text) {
    return dns::DomainName::parse(text).value();
}

dns::IpAddress address(std::string_view text) {
    return dns::IpAddress::parse(text).value();
}

List list(std::string_view zone, std::vector<std::string> answers = {}) {
    List made{name(zone), std::string(zone), 1, {}};
    for (const std::string& answer : answers)
        made.answers.push_back(AnswerRange::parse(answer).value());
    return made;
}

// RFC 5782 §2.1, §2.4: the examples of the text.
TEST(Dnsbl, makes_the_names_to_ask_for) {
    const auto zone = name("ugly.example.com");
    EXPECT_EQ(query_name(address("192.0.2.99"), name("bad.example.com")), name("99.2.0.192.bad.example.com"));
    EXPECT_EQ(query_name(address("::ffff:192.0.2.99"), zone), name("99.2.0.192.ugly.example.com"));
    EXPECT_EQ(query_name(address("2001:db8:1:2:3:4:567:89ab"), zone),
              name("b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ugly.example.com"));
    const std::string long_zone = std::string(63, 'a') + '.' + std::string(63, 'b') + '.' +
                                  std::string(63, 'c') + '.' + std::string(10, 'd');
    EXPECT_EQ(query_name(address("2001:db8::1"), name(long_zone)), std::nullopt);
    EXPECT_TRUE(query_name(address("192.0.2.1"), name(long_zone)));
}

// RFC 5782 §5.
TEST(Dnsbl, knows_the_name_that_no_list_has) {
    const auto zone = name("bl.example");
    EXPECT_EQ(test_name(address("192.0.2.1"), zone), name("1.0.0.127.bl.example"));
    EXPECT_EQ(test_name(address("2001:db8::1"), zone),
              name("1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.bl.example"));
}

TEST(Dnsbl, reads_ranges_of_answers) {
    const struct {
        const char* text;
        bool good;
    } cases[] = {
        {"127.0.0.2", true},
        {"127.0.0.2-127.0.0.11", true},
        {"127.0.0.1", true},  // a list's own affair
        {"127.255.255.0", false},
        {"127.0.0.2-127.255.255.1", false},
        {"127.0.0.3-127.0.0.2", false},
        {"192.0.2.1", false},
        {"127.0.0.2-", false},
        {"-127.0.0.2", false},
        {"127.0.0.2-127.0.0.3-127.0.0.4", false},
        {"::1", false},
        {"", false},
    };
    for (const auto& entry : cases)
        EXPECT_EQ(AnswerRange::parse(entry.text).has_value(), entry.good) << entry.text;
    const auto range = AnswerRange::parse("127.0.0.2-127.0.1.1").value();
    EXPECT_TRUE(range.contains(address("127.0.0.255")));
    EXPECT_FALSE(range.contains(address("127.0.1.2")));
    EXPECT_FALSE(range.contains(address("::1")));
}

TEST(Dnsbl, reads_answers) {
    const List any = list("bl.example");
    const List some = list("bl.example", {"127.0.0.2-127.0.0.3", "127.0.0.9"});
    const struct {
        const char* what;
        const List& asked;
        std::vector<std::string> answers;
        Result result;
    } cases[] = {
        {"no such name", any, {}, Result::not_listed},
        {"the conventional code", any, {"127.0.0.2"}, Result::listed},
        {"another code", any, {"127.3.0.4"}, Result::listed},
        {"127.0.0.1 is often an error", any, {"127.0.0.1"}, Result::not_listed},
        {"a web server", any, {"192.0.2.80"}, Result::not_listed},
        {"a web server of all", any, {"192.0.2.80", "198.51.100.7"}, Result::not_listed},
        {"a code and an address", any, {"192.0.2.80", "127.0.0.4"}, Result::listed},
        {"an allowed code", some, {"127.0.0.9"}, Result::listed},
        {"one of several is allowed", some, {"127.0.0.10", "127.0.0.3"}, Result::listed},
        {"none is allowed", some, {"127.0.0.10", "127.0.0.4"}, Result::not_listed},
        {"an error", any, {"127.255.255.254"}, Result::unusable},
        {"an error beside a code", some, {"127.0.0.2", "127.255.255.252"}, Result::unusable},
    };
    for (const auto& entry : cases) {
        dns::Answer answer;
        answer.outcome = entry.answers.empty() ? dns::Outcome::nx_domain : dns::Outcome::success;
        for (const std::string& text : entry.answers)
            answer.records.emplace_back(address(text));
        const Finding finding = read_answer(entry.asked, answer);
        EXPECT_EQ(finding.result, entry.result) << entry.what;
        EXPECT_EQ(finding.reason.empty(), entry.result != Result::unusable) << entry.what;
    }
    dns::Answer failed;
    failed.detail = "timeout";
    EXPECT_EQ(read_answer(any, failed), (Finding{Result::trouble, "timeout"}));
}

asio::awaitable<std::vector<Finding>> look_up(dns::Resolver& resolver, const char* client,
                                              std::vector<List> lists, std::size_t queries) {
    const auto executor = co_await asio::this_coro::executor;
    const dns::QueryBudget budget{queries, std::chrono::steady_clock::now() + std::chrono::seconds(5)};
    Lookup lookup(executor, resolver, address(client), std::move(lists), budget);
    co_await lookup.finish();
    EXPECT_TRUE(lookup.is_complete());
    co_return lookup.findings();
}

TEST(Dnsbl, asks_all_lists) {
    dns::ZoneResolver zone;
    zone.add(name("66.2.0.192.one.example"), dns::RrType::a, address("127.0.0.2"));
    zone.add_failure(name("66.2.0.192.dead.example"), std::nullopt, "SERVFAIL");
    // Given up, and with a wildcard since.
    zone.add(name("66.2.0.192.sold.example"), dns::RrType::a, address("127.0.0.2"));
    zone.add(name("1.0.0.127.sold.example"), dns::RrType::a, address("127.0.0.2"));
    // Whether it lists everybody cannot be known.
    zone.add(name("66.2.0.192.half.example"), dns::RrType::a, address("127.0.0.2"));
    zone.add_failure(name("1.0.0.127.half.example"), std::nullopt, "SERVFAIL");
    const std::vector<List> lists{list("none.example"), list("one.example"), list("dead.example"),
                                  list("sold.example"), list("half.example")};
    const auto found = tests::run(look_up(zone, "192.0.2.66", lists, 10));
    ASSERT_EQ(found.size(), 5U);
    EXPECT_EQ(found[0].result, Result::not_listed);
    EXPECT_EQ(found[1].result, Result::listed);
    EXPECT_EQ(found[2].result, Result::trouble);
    EXPECT_EQ(found[3].result, Result::unusable);
    EXPECT_EQ(found[4].result, Result::trouble);
    // A spent budget is trouble, and no listing.
    for (const Finding& finding : tests::run(look_up(zone, "192.0.2.66", {list("one.example")}, 1)))
        EXPECT_EQ(finding.result, Result::trouble);
    EXPECT_TRUE(tests::run(look_up(zone, "192.0.2.66", {}, 0)).empty());
}

}  // namespace
}  // namespace gatepost::auth::dnsbl
