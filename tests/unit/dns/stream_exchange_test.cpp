#include "dns/stream_exchange.hpp"

#include "tests/unit/dns/message_builder.hpp"

#include "dns/stream_framing.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <map>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
using tests::Bytes;
using tests::MessageBuilder;
namespace asio = boost::asio;

// Octets come out as they went in, however they are cut.
TEST(StreamFraming, gives_back_messages_whatever_the_portions) {
    const std::vector<Bytes> messages = {Bytes{}, Bytes{1}, Bytes(300, 7), Bytes(65535, 9), Bytes{2, 3}};
    Bytes framed;
    for (const Bytes& message : messages)
        append_framed(framed, message);
    for (const std::size_t portion : {1U, 2U, 3U, 301U, 65536U, 1000000U}) {
        FrameReader reader;
        std::vector<Bytes> got;
        for (std::size_t at = 0; at < framed.size(); at += portion) {
            reader.put(Octets(framed).subspan(at, std::min(portion, framed.size() - at)));
            while (auto message = reader.take())
                got.push_back(std::move(*message));
        }
        EXPECT_EQ(got, messages) << portion;
        EXPECT_FALSE(reader.pending());
    }
}

// A stream whose far end is the test.
struct FakeStream final : QueryStream {
    explicit FakeStream(asio::io_context& context) : news(context) { news.expires_at(never); }

    asio::awaitable<boost::system::error_code> connect() override {
        auto ready = [this] {
            return connected || closed;
        };
        co_await wait(ready);
        co_return closed ? asio::error::connection_refused : boost::system::error_code();
    }
    asio::awaitable<boost::system::error_code> write(Octets octets) override {
        written.put(octets);
        while (const auto message = written.take())
            ids.push_back(read_16_bits(*message, 0));
        co_return boost::system::error_code();
    }
    asio::awaitable<std::size_t> read(std::span<std::uint8_t> room,
                                      boost::system::error_code& error) override {
        auto ready = [this] {
            return !incoming.empty() || closed;
        };
        co_await wait(ready);
        if (incoming.empty()) error = asio::error::eof;
        const std::size_t size = std::min(room.size(), incoming.size());
        std::copy_n(incoming.begin(), size, room.begin());
        incoming.erase(incoming.begin(), incoming.begin() + static_cast<std::ptrdiff_t>(size));
        co_return size;
    }
    void close() override { change(closed); }

    template <typename Condition>
    asio::awaitable<void> wait(Condition condition) {
        boost::system::error_code woken;
        while (!condition())
            co_await news.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    void change(bool& what) {
        what = true;
        news.expires_at(never);
    }
    void reply(std::uint16_t id) {
        append_framed(incoming, MessageBuilder(id, tests::response_flags, "a.example", RrType::txt).octets());
        news.expires_at(never);
    }
    void send(const Bytes& octets) {
        incoming.insert(incoming.end(), octets.begin(), octets.end());
        news.expires_at(never);
    }

    static constexpr auto never = asio::steady_timer::time_point::max();
    asio::steady_timer news;
    bool connected = true;
    bool closed = false;
    FrameReader written;
    std::vector<std::uint16_t> ids;  // of the queries that came
    Bytes incoming;
};

struct Listener final : ExchangeListener {
    Verdict on_message(std::size_t tag, Octets message) override {
        heard[tag] = "reply " + std::to_string(read_16_bits(message, 0));
        order.push_back(tag);
        return Verdict::taken;
    }
    void on_failure(std::size_t tag, Trouble trouble, const std::string& detail) override {
        heard[tag] = std::string(to_string(trouble)) + ": " + detail;
    }
    std::map<std::size_t, std::string> heard;
    std::vector<std::size_t> order;
};

struct Fixture {
    asio::io_context context;
    std::vector<std::shared_ptr<FakeStream>> streams;
    bool connects = true;
    Listener listener;
    std::unique_ptr<StreamExchange> exchange;

    // Hands the test's own stream out, and keeps it.
    struct Shared final : QueryStream {
        explicit Shared(std::shared_ptr<FakeStream> own) : stream(std::move(own)) {}
        asio::awaitable<boost::system::error_code> connect() override { return stream->connect(); }
        asio::awaitable<boost::system::error_code> write(Octets octets) override {
            return stream->write(octets);
        }
        asio::awaitable<std::size_t> read(std::span<std::uint8_t> room,
                                          boost::system::error_code& error) override {
            return stream->read(room, error);
        }
        void close() override { stream->close(); }
        std::shared_ptr<FakeStream> stream;
    };

    explicit Fixture(StreamExchange::Limits limits = StreamExchange::Limits()) {
        auto make = [this] {
            streams.push_back(std::make_shared<FakeStream>(context));
            streams.back()->connected = connects;
            return std::make_unique<Shared>(streams.back());
        };
        exchange = std::make_unique<StreamExchange>(context.get_executor(), make, limits);
    }
    std::optional<StreamExchange::Ticket> ask(std::uint16_t id, std::size_t tag) {
        Query query;
        query.id = id;
        query.name = *DomainName::parse("a.example");
        query.type = RrType::txt;
        return exchange->ask(query, listener, tag);
    }
    void settle(std::chrono::milliseconds time = 5ms) {
        context.restart();
        context.run_for(time);
    }
};

// RFC 7766 §6.2.1, §7.
TEST(StreamExchange, sends_queries_without_waiting_and_takes_answers_in_any_order) {
    Fixture f;
    f.ask(1, 10);
    f.ask(2, 20);
    f.settle();
    f.ask(3, 30);
    f.settle();
    ASSERT_EQ(f.streams.size(), 1U);
    EXPECT_EQ(f.streams[0]->ids, (std::vector<std::uint16_t>{1, 2, 3}));
    f.streams[0]->reply(3);
    f.streams[0]->reply(1);
    f.settle();
    f.streams[0]->reply(2);
    f.settle();
    EXPECT_EQ(f.listener.order, (std::vector<std::size_t>{30, 10, 20}));
    f.ask(4, 40);
    f.settle();
    f.streams[0]->reply(4);
    f.settle();
    EXPECT_EQ(f.listener.heard[40], "reply 4");
    EXPECT_EQ(f.exchange->connections(), 1U) << "the connection is used again";
}

// RFC 7766 §6.2.1: MUST NOT reuse the identifier of a query in flight.
TEST(StreamExchange, gives_each_query_an_identifier_of_its_own) {
    Fixture f;
    EXPECT_EQ(f.ask(65535, 1)->id, 65535);
    EXPECT_EQ(f.ask(65535, 2)->id, 0);
    EXPECT_EQ(f.ask(65535, 3)->id, 1);
    f.settle();
    f.streams[0]->reply(0);
    f.settle();
    EXPECT_EQ(f.listener.heard[2], "reply 0");
    EXPECT_EQ(f.listener.heard.count(1), 0U);
}

TEST(StreamExchange, retries_once_what_a_closed_connection_left_unanswered) {
    Fixture f;
    f.ask(1, 10);
    f.ask(2, 20);
    f.settle();
    f.streams[0]->reply(2);
    f.settle();
    f.streams[0]->close();
    f.settle();
    ASSERT_EQ(f.streams.size(), 2U);
    EXPECT_EQ(f.streams[1]->ids, (std::vector<std::uint16_t>{1}));
    f.streams[1]->close();
    f.settle();
    EXPECT_EQ(f.streams.size(), 2U);
    EXPECT_EQ(f.listener.heard[10], "unreachable: the connection was closed early");
    EXPECT_EQ(f.listener.heard[20], "reply 2");
}

TEST(StreamExchange, tells_at_once_that_nobody_listens) {
    Fixture f;
    f.connects = false;
    f.ask(1, 10);
    f.settle();
    f.streams[0]->close();
    f.settle();
    EXPECT_EQ(f.streams.size(), 1U);
    EXPECT_EQ(f.listener.heard[10], "unreachable: Connection refused");
}

// Half a length prefix, half a message, nothing at all: a second connection, then it has failed.
TEST(StreamExchange, gives_up_a_connection_that_brings_nothing) {
    for (const Bytes& sent : {Bytes{}, Bytes{0}, Bytes{0, 40, 1, 2}}) {
        StreamExchange::Limits limits;
        limits.stalled = 40ms;
        Fixture f(limits);
        f.ask(1, 10);
        f.settle();
        f.streams[0]->send(sent);
        f.settle(60ms);
        ASSERT_EQ(f.streams.size(), 2U);
        f.settle(60ms);
        EXPECT_EQ(f.listener.heard[10], "timeout: timeout");
        EXPECT_TRUE(f.streams[1]->closed);
    }
}

TEST(StreamExchange, closes_an_idle_connection) {
    StreamExchange::Limits limits;
    limits.idle = 40ms;
    Fixture f(limits);
    f.ask(1, 10);
    f.settle();
    f.streams[0]->reply(1);
    f.settle(60ms);
    EXPECT_TRUE(f.streams[0]->closed);
    f.ask(2, 20);
    f.settle();
    EXPECT_EQ(f.streams.size(), 2U);
}

TEST(StreamExchange, leaves_what_nobody_asked_for_and_then_the_server) {
    Fixture f;
    f.ask(1, 10);
    f.settle();
    for (int i = 0; i < 20; ++i)
        f.streams[0]->reply(99);
    f.settle();
    EXPECT_FALSE(f.streams[0]->closed);
    f.streams[0]->reply(99);
    f.settle();
    EXPECT_TRUE(f.streams[0]->closed);
    EXPECT_EQ(f.streams.size(), 2U);
}

TEST(StreamExchange, tells_nothing_to_who_forgot) {
    Fixture f;
    const auto ticket = f.ask(1, 10);
    f.settle();
    f.exchange->forget(*ticket);
    EXPECT_EQ(f.ask(1, 20)->id, 2) << "its reply may still come";
    f.settle();
    f.streams[0]->reply(1);
    f.settle();
    EXPECT_TRUE(f.listener.heard.empty());
}

TEST(StreamExchange, takes_so_many_queries_and_no_more) {
    StreamExchange::Limits limits;
    limits.queries = 2;
    Fixture f(limits);
    EXPECT_TRUE(f.ask(1, 1));
    EXPECT_TRUE(f.ask(2, 2));
    EXPECT_FALSE(f.ask(3, 3));
}

TEST(StreamExchange, may_die_at_any_time) {
    for (int steps = 0; steps < 4; ++steps) {
        Fixture f;
        f.connects = steps > 0;
        f.ask(1, 10);
        if (steps > 1) f.settle();
        if (steps > 2) f.streams[0]->send(Bytes{0});
        f.exchange.reset();
        f.settle();
        EXPECT_TRUE(f.listener.heard.empty());
    }
}

}  // namespace
}  // namespace gatepost::dns
