// One question, from the first query to the answer: the tries that its schedule wants, over whatever
// transport, and the judgement of what comes back. Belongs to the coroutine that asks; all of it happens on
// its thread.
#pragma once

#include "dns/exchange_listener.hpp"
#include "dns/query_schedule.hpp"
#include "dns/reply_reader.hpp"
#include "dns/resolver_options.hpp"
#include "dns/server_abilities.hpp"
#include "dns/server_timing.hpp"
#include "dns/socket_places.hpp"
#include "dns/stream_exchange.hpp"
#include "dns/udp_exchange.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gatepost::dns {

// A server as the resolver of one worker knows it. The counters may be read from any thread.
struct NameServer {
    explicit NameServer(const ServerAddress& given) : address(given), text(to_string(given)) {}

    ServerAddress address;
    std::string text;
    ServerTiming timing;
    ServerAbilities abilities;
    std::unique_ptr<StreamExchange> stream;  // TCP or TLS; null until it is wanted

    std::atomic<std::uint64_t> queries{0};
    std::atomic<std::uint64_t> over_stream{0};
    std::atomic<std::uint64_t> answers{0};
    std::atomic<std::uint64_t> failures{0};
    std::atomic<std::uint64_t> timeouts{0};
    std::atomic<std::uint64_t> mismatches{0};
    std::atomic<std::int64_t> round_trip{0};  // microseconds, smoothed
    std::atomic<bool> alive{true};
};

// What all questions of one worker share.
struct Network {
    using StreamMaker = std::function<std::unique_ptr<StreamExchange>(const ServerAddress& server)>;

    Network(boost::asio::any_io_executor own, const ResolverOptions& options, RandomSource& generator,
            StreamMaker maker);

    boost::asio::any_io_executor executor;
    BufferedRandomSource random;
    std::vector<std::unique_ptr<NameServer>> servers;
    StreamMaker make_stream;
    bool closed = false;  // the resolver is gone: no connections any more
};

class QuestionExchange final : private ExchangeListener {
  public:
    using Clock = std::chrono::steady_clock;

    // `network` outlives the question. `wake` is called when something came, after which advance() wants to
    // be called. `bound`: the time for all of it. `places` outlives it too, and has one at least: it is the
    // bound on its sockets.
    QuestionExchange(Network& network, HeldPlaces& places, DomainName name, RrType type,
                     std::chrono::milliseconds bound, std::function<void()> wake);
    ~QuestionExchange();
    QuestionExchange(const QuestionExchange&) = delete;
    QuestionExchange& operator=(const QuestionExchange&) = delete;

    // Begins the tries that are due. False: the question has ended, see finish().
    bool advance();
    // When to call advance() again although nothing came.
    Clock::time_point wake_at() const { return start_ + schedule_.wake_at(); }
    // The answer, or what went wrong at each server: "timeout from 192.0.2.53:53; SERVFAIL from
    // 192.0.2.54:53".
    Reply finish();

  private:
    struct Try;

    Verdict on_message(std::size_t tag, Octets message) override;
    void on_failure(std::size_t tag, Trouble trouble, const std::string& detail) override;

    std::chrono::milliseconds elapsed() const;
    Query make_query(const QueryStep& step, NameServer& server);
    void begin(const QueryStep& step);
    void begin_udp(Try& one, NameServer& server, std::size_t tag);
    void make_room_for_a_socket();
    void begin_stream(Try& one, NameServer& server, std::size_t tag);
    Verdict judge(Try& one, Octets message);
    static ServerAbilities::Way way_of(const Try& one);
    Verdict judge_reply(Try& one, Reply reply);
    Verdict settle(Try& one, Reply reply);
    Verdict unproven(Try& one, const std::string& detail);
    Verdict fail(Try& one, Trouble trouble, const std::string& detail);
    void heard(const Try& one);
    void learn_plain_answer(const Try& one, NameServer& server);
    void note(Trouble trouble, const std::string& what, const NameServer& server);
    bool charge_silence(const Try& one);

    Network& network_;
    HeldPlaces& places_;
    DomainName name_;
    RrType type_;
    Clock::time_point start_;
    QuerySchedule schedule_;
    std::function<void()> wake_;
    std::vector<Try> tries_;
    std::optional<Reply> answer_;
    Trouble trouble_ = Trouble::unspecified;
    std::string details_;  // what went wrong
    std::string servers_;  // the same, with where
};

}  // namespace gatepost::dns
