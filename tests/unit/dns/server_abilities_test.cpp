#include "dns/server_abilities.hpp"

#include "dns/name_case.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
using Time = ServerAbilities::Time;
using Way = ServerAbilities::Way;

const Time start = Time(1000h);

// Octets that count up, so that each draw is another.
class Counter final : public RandomSource {
  public:
    void fill(std::span<std::uint8_t> octets) override {
        for (std::uint8_t& octet : octets)
            octet = next_++;
    }

  private:
    std::uint8_t next_ = 1;
};

Query spelled(std::string spelling) {
    Query query;
    query.name = *DomainName::parse("a.example");
    query.spelling = std::move(spelling);
    return query;
}

TEST(NameCase, changes_the_case_and_nothing_else) {
    SystemRandomSource random;
    for (const auto* text : {"", "a", "1.2.3.4.in-addr.arpa", "selector._domainkey.example.org", "-_.0"}) {
        const DomainName name = text[0] ? *DomainName::parse(text) : DomainName();
        bool raised = false;
        bool kept = false;
        for (int i = 0; i < 64; ++i) {
            const std::string mixed = mix_case(name, random);
            EXPECT_EQ(DomainName::parse(mixed.empty() ? "." : mixed), name);
            raised = raised || tells_case(mixed);
            kept = kept || mixed[0] == text[0];
        }
        const bool letters = name.text().find_first_of("abcdefghijklmnopqrstuvwxyz") != std::string::npos;
        EXPECT_EQ(raised, letters) << text;
        EXPECT_TRUE(kept) << text;
    }
}

// Each event is told a minute after the last: k the case came back (K: of a spelling that tells nothing), f
// folded over UDP alone, g folded over UDP among other datagrams, t folded over TCP.
TEST(ServerAbilities, learns_that_a_server_folds_case_where_nobody_can_have_forged_it) {
    const std::pair<std::string, bool> cases[] = {
        {"", true},      {"k", true},     {"f", true},       {"ff", true},    {"fff", false},
        {"ffkff", true}, {"ffKf", false}, {"ffgf", true},    {"ggggg", true}, {"t", false},
        {"tk", true},    {"kt", false},   {"kkkfff", false}, {"fffk", true},
    };
    for (const auto& [events, keeps] : cases) {
        ServerAbilities abilities;
        Time now = start;
        for (const char event : events) {
            now += 1min;
            if (event == 'k') abilities.on_case_kept(spelled("A.example"));
            if (event == 'K') abilities.on_case_kept(spelled("a.example"));
            if (event == 'f') abilities.on_case_folded(Way::udp_alone, now);
            if (event == 'g') abilities.on_case_folded(Way::udp_among_others, now);
            if (event == 't') abilities.on_case_folded(Way::tcp, now);
        }
        EXPECT_EQ(abilities.keeps_case(now), keeps) << events;
        EXPECT_TRUE(abilities.keeps_case(now + 16min)) << events << ": it is forgotten";
    }
}

// o an OPT record came, n an answer to a query with EDNS but without OPT, e a plain answer after a format
// error, s a plain answer after silence.
TEST(ServerAbilities, learns_what_a_server_makes_of_edns) {
    const std::pair<std::string, EdnsUse> cases[] = {
        {"", EdnsUse::unsure},  {"o", EdnsUse::yes}, {"n", EdnsUse::yes},   {"e", EdnsUse::no},
        {"s", EdnsUse::unsure}, {"ss", EdnsUse::no}, {"oe", EdnsUse::yes},  {"oss", EdnsUse::yes},
        {"eo", EdnsUse::yes},   {"ne", EdnsUse::no}, {"sos", EdnsUse::yes},
    };
    for (const auto& [events, use] : cases) {
        ServerAbilities abilities;
        Time now = start;
        for (const char event : events) {
            now += 1min;
            ReplyOptions options;
            options.edns = event == 'o';
            if (event == 'o' || event == 'n') abilities.on_options(spelled("A.example"), options, now);
            if (event == 'e' || event == 's') abilities.on_plain_answer(event == 'e', now);
        }
        EXPECT_EQ(abilities.edns_use(now), use) << events;
        EXPECT_NE(abilities.edns_use(now + 16min), EdnsUse::no) << events << ": it is forgotten";
    }
}

Cookie with_server_part(const Cookie& client, std::uint8_t fill) {
    std::vector<std::uint8_t> octets(client.octets().begin(), client.octets().begin() + 8);
    octets.resize(16, fill);
    return *Cookie::read(octets);
}

struct Cookies {
    Counter random;
    ServerAbilities abilities;
    Time now = start;

    Query query() {
        Query sent = spelled("A.example");
        sent.cookie = abilities.cookie(now, random);
        return sent;
    }
    CookieCheck reply(std::optional<Cookie> cookie, Way way = Way::udp_among_others) {
        ReplyOptions options;
        options.edns = true;
        options.cookie = cookie;
        return abilities.check_cookie(query(), options, way, now);
    }
    Cookie own() { return *query().cookie; }
};

TEST(ServerAbilities, sends_a_cookie_and_wants_it_back) {
    Cookies c;
    EXPECT_FALSE(c.own().has_server_part());
    EXPECT_EQ(c.own(), c.own()) << "one for each server";
    EXPECT_EQ(c.reply(std::nullopt), CookieCheck::fine) << "a server without cookies";
    EXPECT_EQ(c.reply(c.own()), CookieCheck::fine) << "only our own part";
    EXPECT_FALSE(c.own().has_server_part());

    std::vector<std::uint8_t> other(8, 0xee);
    EXPECT_EQ(c.reply(Cookie::read(other)), CookieCheck::wrong) << "RFC 7873 §5.3";
    EXPECT_EQ(c.reply(with_server_part(*Cookie::read(other), 1)), CookieCheck::wrong);
    EXPECT_FALSE(c.own().has_server_part());

    EXPECT_EQ(c.reply(with_server_part(c.own(), 1)), CookieCheck::fine);
    EXPECT_EQ(c.own(), with_server_part(c.own(), 1)) << "the server's part goes with the next query";
    EXPECT_EQ(c.reply(with_server_part(c.own(), 2)), CookieCheck::fine);
    EXPECT_EQ(c.own(), with_server_part(c.own(), 2)) << "the newest counts";

    EXPECT_EQ(c.reply(std::nullopt), CookieCheck::missing) << "it is due now";
    EXPECT_EQ(c.reply(std::nullopt, Way::tcp), CookieCheck::fine) << "over TCP only the server can say that";
    EXPECT_EQ(c.reply(std::nullopt), CookieCheck::fine) << "and then it is due no more";
}

// A server without TCP that has cookies no more.
TEST(ServerAbilities, learns_that_cookies_are_gone_of_three_lone_replies) {
    Cookies c;
    EXPECT_EQ(c.reply(with_server_part(c.own(), 1)), CookieCheck::fine);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_alone), CookieCheck::missing);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_alone), CookieCheck::missing);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_among_others), CookieCheck::missing);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_alone), CookieCheck::missing);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_alone), CookieCheck::missing);
    EXPECT_EQ(c.reply(with_server_part(c.own(), 1)), CookieCheck::fine);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_alone), CookieCheck::missing);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_alone), CookieCheck::missing);
    EXPECT_EQ(c.reply(std::nullopt, Way::udp_alone), CookieCheck::fine);
}

TEST(ServerAbilities, forgets_cookies_in_time) {
    Cookies c;
    EXPECT_EQ(c.reply(with_server_part(c.own(), 1)), CookieCheck::fine);
    const Cookie client = c.own();
    c.now += 59min;
    EXPECT_TRUE(c.own().has_server_part());
    c.now += 2min;
    EXPECT_FALSE(c.own().has_server_part());
    EXPECT_TRUE(c.own().same_client(client));
    EXPECT_EQ(c.reply(std::nullopt), CookieCheck::fine);
    c.now += 24h;
    EXPECT_FALSE(c.own().same_client(client));
}

TEST(ServerAbilities, a_broken_option_list_spoils_a_reply_to_a_query_with_a_cookie) {
    Cookies c;
    ReplyOptions options;
    options.edns = true;
    options.broken = true;
    EXPECT_EQ(c.abilities.check_cookie(c.query(), options, Way::udp_alone, c.now), CookieCheck::wrong);
    EXPECT_EQ(c.abilities.check_cookie(spelled("A.example"), options, Way::udp_alone, c.now),
              CookieCheck::fine);
}

}  // namespace
}  // namespace gatepost::dns
