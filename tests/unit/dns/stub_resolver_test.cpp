#include "dns/stub_resolver.hpp"

#include "tests/support/run.hpp"
#include "tests/unit/dns/loopback_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
using tests::Bytes;
using tests::LoopbackServer;
using tests::MessageBuilder;
using Script = LoopbackServer::Script;
namespace asio = boost::asio;

using Replies = std::vector<Bytes>;

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

Bytes good(const Query& query, std::string_view text = "good") {
    return MessageBuilder(query).answer(query.name.text(), RrType::txt, 60, tests::txt(text)).octets();
}

Replies silent(const Query&, bool) {
    return {};
}
Replies answers(const Query& query, bool) {
    return {good(query)};
}
Replies fails(const Query& query, bool) {
    return {MessageBuilder(query, 0x8182).octets()};
}
Replies refuses(const Query& query, bool) {
    return {MessageBuilder(query, 0x8185).octets()};
}
Replies truncates(const Query& query, bool over_tcp) {
    if (over_tcp) return {good(query, std::string(200, 'x'))};
    return {MessageBuilder(query, tests::truncated_flags).octets()};
}
Replies truncates_then_silent(const Query& query, bool over_tcp) {
    if (over_tcp) return {};
    return {MessageBuilder(query, tests::truncated_flags).octets()};
}
Replies truncates_always(const Query& query, bool) {
    return {MessageBuilder(query, tests::truncated_flags).octets()};
}
Replies forged_first(const Query& query, bool) {
    Query other_id = query;
    other_id.id ^= 1;
    Query other_name = query;
    other_name.name = *DomainName::parse("evil.example");
    other_name.spelling.clear();
    Query other_type = query;
    other_type.type = RrType::a;
    return {good(other_id, "forged"),
            good(other_name, "forged"),
            good(other_type, "forged"),
            Bytes{1, 2, 3},
            Bytes(),
            good(query)};
}
Replies only_forged(const Query& query, bool over_tcp) {
    if (over_tcp) return {good(query)};
    Query other_id = query;
    other_id.id ^= 1;
    return Replies(70, good(other_id, "forged"));
}
Replies garbage(const Query& query, bool) {
    Bytes message = good(query);
    message.resize(message.size() - 3);
    return {message};
}
Replies knows_no_edns(const Query& query, bool) {
    if (query.edns) return {MessageBuilder(query, 0x8181).octets()};
    return {good(query)};
}
Replies alias_only(const Query& query, bool) {
    if (query.name != *DomainName::parse("a.example")) return {good(query)};
    return {MessageBuilder(query).answer("a.example", RrType::cname, 5, tests::wire_name("b.test")).octets()};
}
Replies alias_for_ever(const Query& query, bool) {
    const std::string target = 'x' + query.name.text();
    return {
        MessageBuilder(query).answer(query.name.text(), RrType::cname, 5, tests::wire_name(target)).octets()};
}

struct Net {
    asio::io_context context;
    SystemRandomSource random;
    std::vector<std::unique_ptr<LoopbackServer>> servers;
    ResolverOptions options;
    std::shared_ptr<SocketPlaces> places;
    std::unique_ptr<StubResolver> resolver;

    Net(std::vector<Script> scripts, std::chrono::milliseconds timeout) {
        options.timeout = timeout;
        for (Script& script : scripts) {
            servers.push_back(std::make_unique<LoopbackServer>(context, std::move(script)));
            options.servers.push_back(servers.back()->address());
        }
        restart();
    }
    void restart() {
        resolver = std::make_unique<StubResolver>(context.get_executor(), options, random, places);
    }
    std::string at(std::size_t server) const {
        return " from 127.0.0.1:" + std::to_string(options.servers[server].port);
    }
    void close() {
        for (const auto& server : servers)
            server->close();
        counted = resolver->statistics();
        resolver.reset();  // its connections too
    }
    StubStatistics counted;
};

asio::awaitable<AnswerPtr> ask(Net& net, RrType type) {
    AnswerPtr answer = co_await net.resolver->query(name("a.example"), type);
    net.close();
    co_return answer;
}

struct Case {
    std::string_view what;
    std::vector<Script> servers;
    Outcome outcome;
    std::string text;  // of the record
    // Of a failure: the trouble, then what was said; server numbers stand as {0}, {1}.
    std::string detail;
    std::size_t asked_first;  // questions that reached the first server
    std::chrono::milliseconds timeout{3000};
};

std::string filled(std::string text, const Net& net) {
    for (std::size_t i = 0; i < net.options.servers.size(); ++i) {
        const std::string mark = '{' + std::to_string(i) + '}';
        for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark))
            text.replace(at, mark.size(), "127.0.0.1:" + std::to_string(net.options.servers[i].port));
    }
    return text;
}

std::string trouble_of(const Answer& answer) {
    // Strangers read `detail`: our servers stand in `servers` alone.
    EXPECT_EQ(answer.detail.find("127.0.0.1"), std::string::npos) << answer.detail;
    const std::string& said = answer.servers.empty() ? answer.detail : answer.servers;
    return answer.failed() ? std::string(to_string(answer.trouble)) + ": " + said : said;
}

TEST(StubResolver, gets_its_answer_or_says_why_not) {
    const std::string long_text(200, 'x');
    const Case cases[] = {
        {"an answer", {answers}, Outcome::success, "good", "", 1},
        {"truncated, then TCP (RFC 7766 §5)", {truncates}, Outcome::success, long_text, "", 2},
        {"truncated, and TCP is silent: the next server",
         {truncates_then_silent, answers},
         Outcome::success,
         "good",
         "",
         2,
         900ms},
        {"truncated over TCP too",
         {truncates_always},
         Outcome::temp_error,
         "",
         "malformed: truncated from {0}",
         2},
        {"what does not match is waited past (RFC 5452 §9.1)",
         {forged_first},
         Outcome::success,
         "good",
         "",
         1},
        {"a flood of forgeries: TCP (RFC 5452 §9.3)", {only_forged}, Outcome::success, "good", "", 2},
        {"a silent server, then the second", {silent, answers}, Outcome::success, "good", "", 1, 1200ms},
        {"SERVFAIL from the first", {fails, answers}, Outcome::success, "good", "", 1},
        {"SERVFAIL and REFUSED",
         {fails, refuses},
         Outcome::temp_error,
         "",
         "server_failure: SERVFAIL from {0}; REFUSED from {1}",
         1},
        {"a broken reply",
         {garbage},
         Outcome::temp_error,
         "",
         "malformed: malformed reply: broken record from {0}",
         1},
        {"a broken reply, then the second", {garbage, answers}, Outcome::success, "good", "", 1},
        {"silence: asked again, then the bound",
         {silent},
         Outcome::temp_error,
         "",
         "timeout: timeout from {0}",
         2,
         600ms},
        {"a server without EDNS (RFC 6891 §7)", {knows_no_edns}, Outcome::success, "good", "", 2},
        {"an alias whose target was not told (RFC 6604 §3)", {alias_only}, Outcome::success, "good", "", 2},
        {"aliases without end",
         {alias_for_ever},
         Outcome::temp_error,
         "",
         "malformed: CNAME chain too long, or a loop",
         9},
    };
    for (const Case& c : cases) {
        SCOPED_TRACE(c.what);
        Net net(c.servers, c.timeout);
        const auto start = std::chrono::steady_clock::now();
        const AnswerPtr got = gatepost::tests::run(net.context, ask(net, RrType::txt));
        EXPECT_LT(std::chrono::steady_clock::now() - start, c.timeout + 300ms);
        EXPECT_EQ(got->outcome, c.outcome);
        EXPECT_EQ(trouble_of(*got), filled(c.detail, net));
        EXPECT_EQ(net.servers[0]->asked.size(), c.asked_first);
        ASSERT_EQ(got->records.size(), c.text.empty() ? 0U : 1U);
        if (c.text.empty()) continue;
        EXPECT_EQ(std::get<std::string>(got->records[0]), c.text);
    }
}

TEST(StubResolver, a_chain_over_two_replies_lives_as_long_as_its_shortest_link) {
    Net net({alias_only}, 3000ms);
    EXPECT_EQ(gatepost::tests::run(net.context, ask(net, RrType::txt))->ttl, 5s);
}

TEST(StubResolver, a_closed_port_fails_at_once_and_the_next_server_answers) {
    for (const bool second : {false, true}) {
        Net net({answers, answers}, 3000ms);
        net.servers[0]->close();
        if (!second) net.options.servers.pop_back();
        net.restart();
        const auto start = std::chrono::steady_clock::now();
        const AnswerPtr got = gatepost::tests::run(net.context, ask(net, RrType::txt));
        EXPECT_LT(std::chrono::steady_clock::now() - start, 500ms);
        EXPECT_EQ(got->found(), second);
        if (!second) {
            EXPECT_EQ(got->detail, "Connection refused");
            EXPECT_EQ(got->servers, "Connection refused" + net.at(0));
        }
    }
}

TEST(StubResolver, without_servers_every_question_fails) {
    Net net({}, 3000ms);
    EXPECT_EQ(gatepost::tests::run(net.context, ask(net, RrType::txt))->detail, "no DNS server configured");
    EXPECT_EQ(net.counted.failures, 1U);
}

asio::awaitable<AnswerPtr> ask_many(Net& net, int times) {
    AnswerPtr answer;
    for (int i = 0; i < times; ++i)
        answer = co_await net.resolver->query(name("a.example"), RrType::txt);
    net.close();
    co_return answer;
}

// RFC 5452 §9.2: identifiers and ports are drawn anew for each query.
TEST(StubResolver, identifiers_and_ports_are_never_the_same_for_long) {
    Net net({answers}, 3000ms);
    gatepost::tests::run(net.context, ask_many(net, 32));
    std::set<std::uint16_t> ids;
    for (const Query& query : net.servers[0]->asked)
        ids.insert(query.id);
    const std::set<std::uint16_t> ports(net.servers[0]->ports.begin(), net.servers[0]->ports.end());
    EXPECT_GT(ids.size(), 28U);
    EXPECT_GT(ports.size(), 28U);
    const StubStatistics counted = net.counted;
    EXPECT_EQ(counted.queries, 32U);
    EXPECT_EQ(counted.exchanges, 32U);
    EXPECT_EQ(counted.failures, 0U);
}

// A server that is down is waited for once, not for every question.
TEST(StubResolver, stays_with_the_server_that_answers) {
    Net net({silent, answers}, 1200ms);
    gatepost::tests::run(net.context, ask_many(net, 5));
    EXPECT_EQ(net.servers[0]->asked.size(), 1U);
    EXPECT_EQ(net.servers[1]->asked.size(), 5U);
    EXPECT_EQ(net.counted.timeouts, 1U);
}

asio::awaitable<void> ask_into(Net& net, AnswerPtr& answer) {
    answer = co_await net.resolver->query(name("a.example"), RrType::txt);
}

TEST(StubResolver, ends_at_once_when_it_is_cancelled) {
    for (const Script& script : {Script(silent), Script(truncates_then_silent)}) {
        Net net({script}, 60s);
        asio::cancellation_signal signal;
        AnswerPtr answer;
        bool ended = false;
        auto on_end = [&](std::exception_ptr) {
            ended = true;
            net.close();
        };
        asio::co_spawn(net.context, ask_into(net, answer),
                       asio::bind_cancellation_slot(signal.slot(), on_end));
        asio::steady_timer timer(net.context, 50ms);
        timer.async_wait([&](boost::system::error_code) { signal.emit(asio::cancellation_type::terminal); });
        const auto start = std::chrono::steady_clock::now();
        net.context.run();
        EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
        EXPECT_TRUE(ended);
        ASSERT_NE(answer, nullptr);
        EXPECT_EQ(answer->detail, "cancelled");
    }
}

// Three questions and one place: each in its turn, and none beyond its own time.
TEST(StubResolver, questions_wait_for_a_place) {
    for (const bool answered : {true, false}) {
        Net net({answered ? Script(answers) : Script(silent)}, 400ms);
        net.places = std::make_shared<SocketPlaces>(1);
        net.restart();
        std::vector<AnswerPtr> got(3);
        std::size_t ended = 0;
        const auto ask_one = [&](std::size_t i) -> asio::awaitable<void> {
            got[i] = co_await net.resolver->query(name("a.example"), RrType::txt);
            if (++ended == got.size()) net.close();
        };
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < got.size(); ++i)
            asio::co_spawn(net.context, ask_one(i), asio::detached);
        net.context.run();
        EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
        EXPECT_EQ(net.places->counts().taken, 0U);
        EXPECT_EQ(net.places->counts().waits, 2U);
        const auto without_place = std::count_if(got.begin(), got.end(), [](const AnswerPtr& answer) {
            return answer->failed() && answer->trouble == Trouble::no_place;
        });
        if (answered)
            for (const AnswerPtr& answer : got)
                EXPECT_TRUE(answer->found());
        else
            EXPECT_EQ(without_place, 2);
    }
}

// Where places are scarce a later try goes out all the same, from the socket of the first.
TEST(StubResolver, asks_again_within_its_one_place) {
    Net net({silent}, 1500ms);
    net.places = std::make_shared<SocketPlaces>(1);
    net.restart();
    const AnswerPtr got = gatepost::tests::run(net.context, ask(net, RrType::txt));
    EXPECT_EQ(got->trouble, Trouble::timeout);
    EXPECT_GT(net.servers[0]->asked.size(), 1U);
    EXPECT_EQ(net.places->counts().taken, 0U);
}

TEST(StubResolver, dies_with_its_io_context) {
    AnswerPtr answer;
    {
        Net net({silent}, 60s);
        asio::co_spawn(net.context, ask_into(net, answer), asio::detached);
        net.context.run_for(20ms);
    }
    EXPECT_EQ(answer, nullptr);
}

}  // namespace
}  // namespace gatepost::dns
