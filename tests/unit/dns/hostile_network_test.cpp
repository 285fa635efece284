// The resolver against servers and networks that fail, lie, or know only half of the protocol: real sockets
// on loopback. Every question ends rightly within its bound, and nothing forged is believed.
#include "tests/support/run.hpp"
#include "tests/unit/dns/loopback_server.hpp"

#include "dns/ascii.hpp"
#include "dns/stub_resolver.hpp"

#include <boost/asio/steady_timer.hpp>

#include <gtest/gtest.h>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
using tests::Bytes;
using tests::LoopbackServer;
using tests::MessageBuilder;
using Script = LoopbackServer::Script;
using Replies = std::vector<Bytes>;
namespace asio = boost::asio;
using Socket = std::shared_ptr<asio::ip::tcp::socket>;

constexpr std::string_view asked_name = "host.example";

Bytes reply(const Query& query, std::string_view text) {
    return MessageBuilder(query).answer(query.name.text(), RrType::txt, 60, tests::txt(text)).octets();
}
Bytes good(const Query& query) {
    return reply(query, "good");
}
Bytes truncated(const Query& query) {
    return MessageBuilder(query, tests::truncated_flags).octets();
}

// The same query in another case: what a forger sends who knows all but that, and what a server sends that
// folds.
Query other_case(Query query) {
    for (char& c : query.spelling)
        c = ascii::is_upper(c) ? ascii::to_lower(c) : ascii::is_lower(c) ? static_cast<char>(c - 32) : c;
    return query;
}
Query folded(Query query) {
    query.spelling = ascii::to_lower(query.spelling);
    return query;
}

struct Net {
    asio::io_context context;
    SystemRandomSource random;
    std::vector<std::unique_ptr<LoopbackServer>> servers;
    ResolverOptions options;
    std::unique_ptr<StubResolver> resolver;
    StubStatistics counted;

    explicit Net(std::vector<Script> scripts, std::chrono::milliseconds timeout = 3000ms) {
        options.timeout = timeout;
        for (Script& script : scripts) {
            servers.push_back(std::make_unique<LoopbackServer>(context, std::move(script)));
            options.servers.push_back(servers.back()->address());
        }
        resolver = std::make_unique<StubResolver>(context.get_executor(), options, random);
    }
    LoopbackServer& server(std::size_t i = 0) { return *servers[i]; }
    void close() {
        for (const auto& one : servers)
            one->close();
        counted = resolver->statistics();
        resolver.reset();
    }
};

asio::awaitable<int> ask_in_turn(Net& net, std::vector<std::string>& got, int times,
                                 std::chrono::milliseconds pause) {
    for (int i = 0; i < times; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const AnswerPtr answer = co_await net.resolver->query(*DomainName::parse(asked_name), RrType::txt);
        EXPECT_LT(std::chrono::steady_clock::now() - start, net.options.timeout + 300ms);
        got.push_back(answer->found() ? std::get<std::string>(answer->records.at(0))
                                      : std::string(to_string(answer->trouble)) + ": " +
                                            (answer->servers.empty() ? answer->detail : answer->servers));
        if (pause.count() == 0) continue;
        asio::steady_timer timer(net.context, pause);
        co_await timer.async_wait(asio::use_awaitable);
    }
    net.close();
    co_return 0;
}

std::vector<std::string> ask(Net& net, int times = 1, std::chrono::milliseconds pause = 0ms) {
    std::vector<std::string> got;
    gatepost::tests::run(net.context, ask_in_turn(net, got, times, pause));
    return got;
}

const std::vector<std::string> once_good = {"good"};

std::vector<std::string> good_times(std::size_t times) {
    return std::vector<std::string>(times, "good");
}

// RFC 5452 §9.3: the port is known and all identifiers are tried; what is missing is the case of the letters.
TEST(HostileNetwork, a_forger_who_tries_all_identifiers_is_left_for_tcp) {
    Net net({[](const Query& query, bool over_tcp) {
        if (over_tcp) return Replies{good(query)};
        Replies forged(65536, reply(other_case(query), "forged"));
        for (std::size_t id = 0; id < forged.size(); ++id) {
            forged[id][0] = static_cast<std::uint8_t>(id >> 8);
            forged[id][1] = static_cast<std::uint8_t>(id);
        }
        return forged;
    }});
    EXPECT_EQ(ask(net), once_good);
    EXPECT_EQ(net.server().over_tcp, 1U);
    EXPECT_EQ(net.server().asked.size(), 2U);
    EXPECT_GE(net.counted.servers[0].mismatches, 1U);
}

struct Liar {
    std::string_view what;
    std::function<Query(Query)> lie;
};

// Nineteen lies are waited past, and the truth that comes behind them is taken.
TEST(HostileNetwork, lies_are_waited_past) {
    const Liar liars[] = {
        {"another identifier",
         [](Query q) {
             return q.id ^= 0x40, q;
         }},
        {"another type",
         [](Query q) {
             return q.type = RrType::a, q;
         }},
        {"another name",
         [](Query q) {
             return q.name = *DomainName::parse("other.example"), q.spelling.clear(), q;
         }},
        {"another identifier and case",
         [](Query q) {
             return q.id ^= 1, other_case(q);
         }},
    };
    for (const Liar& liar : liars) {
        Net net({[&liar](const Query& query, bool) {
            Replies replies(19, reply(liar.lie(query), "forged"));
            replies.push_back(good(query));
            return replies;
        }});
        EXPECT_EQ(ask(net), once_good) << liar.what;
        EXPECT_EQ(net.server().over_tcp, 0U) << liar.what;
        EXPECT_EQ(net.counted.servers[0].mismatches, 19U) << liar.what;
    }
}

// Only lies, on whatever way: no answer, in time, and none of them believed.
TEST(HostileNetwork, only_lies_are_no_answer) {
    for (const bool tcp_too : {false, true}) {
        Net net({[&](const Query& query, bool over_tcp) {
                    Query lie = query;
                    lie.id ^= 1;
                    if (over_tcp && !tcp_too) return Replies();
                    return Replies(25, reply(lie, "forged"));
                }},
                600ms);
        const auto got = ask(net);
        EXPECT_TRUE(got[0].starts_with("malformed: ") || got[0].starts_with("forged: ")) << got[0];
    }
}

// A server that folds case is asked over TCP once, and then by UDP without that proof.
TEST(HostileNetwork, a_server_that_folds_case_is_found_out_over_tcp) {
    Net net({[](const Query& query, bool) {
        return Replies{good(folded(query))};
    }});
    EXPECT_EQ(ask(net, 6), good_times(6));
    EXPECT_EQ(net.server().over_tcp, 1U);
    EXPECT_EQ(net.server().asked.size(), 7U);
    EXPECT_EQ(net.server().asked.back().spelling, asked_name);
}

TEST(HostileNetwork, a_server_that_folds_case_and_has_no_tcp) {
    Net net({[](const Query& query, bool) {
        return Replies{good(folded(query))};
    }});
    net.server().refuse_tcp();
    EXPECT_EQ(ask(net, 3), good_times(3));
    EXPECT_LE(net.server().asked.size(), 7U);
}

// A forger beside a server that keeps the case cannot make it seem to fold: it goes on to be asked in mixed
// case.
TEST(HostileNetwork, a_forger_cannot_switch_the_case_off) {
    Net net({[](const Query& query, bool over_tcp) {
        if (over_tcp) return Replies{good(query)};
        return Replies{reply(folded(query), "forged"), good(query)};
    }});
    EXPECT_EQ(ask(net, 8), good_times(8));
    for (const Query& query : net.server().asked)
        EXPECT_FALSE(query.spelling.empty());
    std::size_t mixed = 0;
    for (const Query& query : net.server().asked)
        if (query.spelling != asked_name) ++mixed;
    EXPECT_GE(mixed, net.server().asked.size() - 1);
}

TEST(HostileNetwork, servers_that_know_little_of_edns) {
    struct EdnsCase {
        std::string_view what;
        Script script;
        int questions;
        std::size_t asked;   // at most
        bool plain_at_last;  // it is asked without EDNS in the end
    };
    const EdnsCase cases[] = {
        {"ignores EDNS", [](const Query& q, bool) { return Replies{good(q)}; }, 4, 4, false},
        {"FORMERR",
         [](const Query& q, bool) {
             return q.edns ? Replies{MessageBuilder(q, 0x8181).octets()} : Replies{good(q)};
         },
         4, 5, true},
        {"NOTIMP",
         [](const Query& q, bool) {
             return q.edns ? Replies{MessageBuilder(q, 0x8184).octets()} : Replies{good(q)};
         },
         4, 5, true},
        {"BADVERS",
         [](const Query& q, bool) {
             return q.edns ? Replies{MessageBuilder(q).opt({}, 1).octets()} : Replies{good(q)};
         },
         4, 8, false},
        {"a bare header that says FORMERR",
         [](const Query& q, bool) {
             if (!q.edns) return Replies{good(q)};
             Bytes header(12);
             header[0] = static_cast<std::uint8_t>(q.id >> 8);
             header[1] = static_cast<std::uint8_t>(q.id);
             header[2] = 0x81;
             header[3] = 0x81;
             return Replies{header};
         },
         4, 5, true},
        {"silent to EDNS", [](const Query& q, bool) { return q.edns ? Replies() : Replies{good(q)}; }, 4, 6,
         true},
    };
    for (const EdnsCase& c : cases) {
        SCOPED_TRACE(c.what);
        Net net({c.script});
        EXPECT_EQ(ask(net, c.questions), good_times(static_cast<std::size_t>(c.questions)));
        EXPECT_LE(net.server().asked.size(), c.asked);
        if (c.plain_at_last) {
            EXPECT_FALSE(net.server().asked.back().edns);
        }
    }
}

Bytes with_server_part(const Query& query, std::uint8_t fill) {
    const Octets client = query.cookie->octets().first(8);
    Bytes cookie(client.begin(), client.end());
    cookie.resize(16, fill);
    return cookie;
}

Bytes good_with_cookie(const Query& query, std::uint8_t fill) {
    return MessageBuilder(query)
        .answer(query.name.text(), RrType::txt, 60, tests::txt("good"))
        .opt(with_server_part(query, fill))
        .octets();
}

// RFC 7873 §5.3: once a server gives cookies, a reply without is not believed, nor one with another's.
TEST(HostileNetwork, cookies_are_wanted_back) {
    int asked = 0;
    Net net({[&](const Query& query, bool over_tcp) {
        ++asked;
        Replies replies;
        if (asked > 1 && !over_tcp) {
            Query stranger = query;
            stranger.cookie = Cookie::read(Bytes(8, 0xee));
            Bytes forged = good_with_cookie(stranger, 1);
            replies.push_back(forged);
        }
        replies.push_back(good_with_cookie(query, 7));
        return replies;
    }});
    EXPECT_EQ(ask(net, 3), good_times(3));
    EXPECT_EQ(net.server().over_tcp, 0U);
    EXPECT_FALSE(net.server().asked[0].cookie->has_server_part());
    EXPECT_TRUE(net.server().asked[1].cookie->has_server_part());
    EXPECT_EQ(net.counted.servers[0].mismatches, 2U);
}

TEST(HostileNetwork, a_reply_without_the_cookie_that_is_due_is_asked_again_over_tcp) {
    int asked = 0;
    Net net({[&](const Query& query, bool over_tcp) {
        if (++asked == 1) return Replies{good_with_cookie(query, 7)};
        return Replies{over_tcp ? good(query) : asked == 2 ? reply(query, "forged") : good(query)};
    }});
    EXPECT_EQ(ask(net, 4), good_times(4));
    EXPECT_EQ(net.server().over_tcp, 1U) << "over TCP it said that it has no cookies any more";
}

TEST(HostileNetwork, a_server_without_tcp_may_lose_its_cookies) {
    int asked = 0;
    Net net({[&](const Query& query, bool) {
        return Replies{++asked == 1 ? good_with_cookie(query, 7) : good(query)};
    }});
    net.server().refuse_tcp();
    EXPECT_EQ(ask(net, 3), good_times(3));
}

TEST(HostileNetwork, bad_cookie_is_asked_again_and_then_over_tcp) {
    for (const bool always : {false, true}) {
        Net net({[always](const Query& query, bool over_tcp) {
            const bool bad = !over_tcp && (always || !query.cookie->has_server_part());
            if (!bad) return Replies{good_with_cookie(query, 7)};
            return Replies{MessageBuilder(query, 0x8187).opt(with_server_part(query, 7), 1).octets()};
        }});
        EXPECT_EQ(ask(net), once_good);
        EXPECT_EQ(net.server().asked.size(), always ? 3U : 2U);
        EXPECT_EQ(net.server().over_tcp, always ? 1U : 0U);
    }
}

Replies truncates(const Query& query, bool over_tcp) {
    return {over_tcp ? good(query) : truncated(query)};
}

asio::awaitable<Query> read_one(Socket client) {
    std::array<std::uint8_t, 2> length{};
    co_await asio::async_read(*client, asio::buffer(length), asio::use_awaitable);
    Bytes message(read_16_bits(length, 0));
    co_await asio::async_read(*client, asio::buffer(message), asio::use_awaitable);
    co_return tests::read_query(message);
}

asio::awaitable<void> write_all(Socket client, Bytes octets) {
    co_await asio::async_write(*client, asio::buffer(octets), asio::use_awaitable);
}

Bytes framed(const Bytes& message) {
    Bytes out;
    append_framed(out, message);
    return out;
}

// RFC 7766 §6.2.1: one connection for all.
TEST(HostileNetwork, tcp_connections_are_used_again) {
    Net net({truncates});
    EXPECT_EQ(ask(net, 10), good_times(10));
    EXPECT_EQ(net.server().connections, 1U);
}

TEST(HostileNetwork, a_server_that_closes_early_is_asked_once_more) {
    for (const int closes : {1, 2}) {
        Net net({truncates}, 1000ms);
        int connections = 0;
        net.server().serve_tcp_by([&](Socket client) -> asio::awaitable<void> {
            const Query query = co_await read_one(client);
            if (++connections <= closes) {
                client->close();
                co_return;
            }
            Bytes octets = framed(good(query));
            co_await write_all(client, std::move(octets));
        });
        const auto got = ask(net);
        EXPECT_EQ(got[0].starts_with(closes == 1 ? "good" : "unreachable: the connection was closed early"),
                  true)
            << got[0];
        EXPECT_EQ(connections, 2);
    }
}

TEST(HostileNetwork, half_a_length_prefix_ends_with_the_bound) {
    Net net({truncates}, 700ms);
    net.server().serve_tcp_by([](Socket client) -> asio::awaitable<void> {
        (void)co_await read_one(client);
        Bytes half(1, 0);
        co_await write_all(client, std::move(half));
    });
    const auto got = ask(net);
    EXPECT_TRUE(got[0].starts_with("timeout: timeout from")) << got[0];
}

TEST(HostileNetwork, a_slow_connection_is_read_octet_by_octet) {
    Net net({truncates});
    net.server().serve_tcp_by([&](Socket client) -> asio::awaitable<void> {
        const Query query = co_await read_one(client);
        for (const std::uint8_t octet : framed(good(query))) {
            Bytes one(1, octet);
            co_await write_all(client, std::move(one));
            asio::steady_timer timer(client->get_executor(), 2ms);
            co_await timer.async_wait(asio::use_awaitable);
        }
    });
    EXPECT_EQ(ask(net), once_good);
}

asio::awaitable<void> ask_into(Net& net, std::string& got, int& left) {
    const AnswerPtr answer = co_await net.resolver->query(*DomainName::parse(asked_name), RrType::txt);
    got = answer->found() ? std::get<std::string>(answer->records.at(0)) : answer->detail;
    if (--left == 0) net.close();
}

// RFC 7766 §7.
TEST(HostileNetwork, answers_over_tcp_come_in_any_order) {
    Net net({truncates});
    net.server().serve_tcp_by([](Socket client) -> asio::awaitable<void> {
        std::vector<Query> queries;
        for (int i = 0; i < 4; ++i) {
            Query query = co_await read_one(client);
            queries.insert(queries.begin(), query);
        }
        for (const Query& query : queries) {
            Bytes octets = framed(good(query));
            co_await write_all(client, std::move(octets));
        }
    });
    std::vector<std::string> got(4);
    int left = 4;
    for (std::string& one : got)
        asio::co_spawn(net.context, ask_into(net, one, left), asio::detached);
    net.context.run();
    EXPECT_EQ(got, good_times(4));
    EXPECT_EQ(net.server().connections, 1U);
}

// A dead first server costs one question the hedge, and no question its answer.
TEST(HostileNetwork, a_dead_first_server) {
    for (const bool silent : {false, true}) {
        Net net({[](const Query&, bool) { return Replies(); },
                 [](const Query& q, bool) {
                     return Replies{good(q)};
                 }});
        if (!silent) net.server().close();
        const auto start = std::chrono::steady_clock::now();
        EXPECT_EQ(ask(net, 5), good_times(5));
        EXPECT_LT(std::chrono::steady_clock::now() - start, 700ms);
        EXPECT_LE(net.server(0).asked.size(), 1U);
    }
}

// The first answer is not given up when the second server is asked: here it is the only one.
TEST(HostileNetwork, a_late_first_answer_counts) {
    Net net({[](const Query& q, bool) { return Replies{good(q)}; },
             [](const Query&, bool) {
                 return Replies();
             }});
    net.server(0).delay = 400ms;
    EXPECT_EQ(ask(net), once_good);
    EXPECT_EQ(net.server(0).asked.size(), 1U);
    EXPECT_EQ(net.server(1).asked.size(), 1U);
}

// The only server is away and comes back: the next question has its answer, whatever was thought of it
// before.
TEST(HostileNetwork, the_only_server_is_always_asked) {
    bool away = true;
    Net net({[&](const Query& q, bool) {
                return away ? Replies() : Replies{good(q)};
            }},
            500ms);
    std::vector<std::string> got;
    auto run = [&]() -> asio::awaitable<int> {
        for (int i = 0; i < 6; ++i) {
            away = i < 4;
            const AnswerPtr answer =
                co_await net.resolver->query(*DomainName::parse(asked_name), RrType::txt);
            got.push_back(answer->found() ? "good" : std::string(to_string(answer->trouble)));
        }
        EXPECT_TRUE(net.resolver->statistics().servers[0].alive);
        net.close();
        co_return 0;
    };
    gatepost::tests::run(net.context, run());
    EXPECT_EQ(got, (std::vector<std::string>{"timeout", "timeout", "timeout", "timeout", "good", "good"}));
}

// A dead server is probed by a try that rides along with a question, after a second.
TEST(HostileNetwork, a_dead_server_is_probed_and_costs_nothing) {
    Net net({[](const Query&, bool) { return Replies(); },
             [](const Query& q, bool) {
                 return Replies{good(q)};
             }});
    net.server(0).close();
    EXPECT_EQ(ask(net, 13, 100ms), good_times(13));
    EXPECT_FALSE(net.counted.servers[0].alive);
    EXPECT_EQ(net.counted.servers[0].queries, 2U) << "the first question, and a probe";
    EXPECT_LT(net.counted.servers[1].queries, 20U);
}

}  // namespace
}  // namespace gatepost::dns
