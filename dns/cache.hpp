// Answers kept for their time to live, and the questions that are on their way, for all workers together.
// Sharded: each shard has its own mutex, which is never held over a co_await. Positive answers live by their
// TTL, absences by their zone's SOA (RFC 2308 §5), failures a few seconds (RFC 2308 §7). Bounded: beyond its
// size the entries used least recently go. The clock is handed in.
//
// A question on its way belongs to the cache, not to who asked first: whoever asks the same joins it. Whoever
// is told to `lead` asks the network and calls complete() or abandon(); nobody waits for a leader that is
// lost for ever.
#pragma once

#include "dns/answer.hpp"
#include "dns/domain_name.hpp"
#include "dns/record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace gatepost::dns {

using TimePoint = std::chrono::steady_clock::time_point;
using NowFunction = std::function<TimePoint()>;

struct CacheStatistics {
    std::uint64_t queries = 0;     // questions asked of the cache
    std::uint64_t cache_hits = 0;  // answered from it
    std::uint64_t joins = 0;       // waited for one already on its way
    std::uint64_t failures = 0;    // questions to the upstream that ended in temp_error
    std::size_t entries = 0;
    std::size_t in_flight = 0;
};

class Cache {
  public:
    // Takes the answer to a joined question. Called under the shard's mutex: it may only post.
    using Waker = std::function<void(const AnswerPtr&)>;
    using Ticket = std::uint64_t;

    struct Joined {
        AnswerPtr answer;   // set: it was there after all, nothing was joined
        bool lead = false;  // the caller has to ask the upstream, then complete(), or abandon()
        Ticket flight = 0;  // for abandon()
        Ticket waiter = 0;  // for leave()
    };

    // Room for `entries` answers of ordinary size (an answer of many octets counts as several). A question
    // that has been on its way for `lost_after` or longer is given up: the next who asks leads anew. It
    // should be a little more than the upstream's own bound.
    explicit Cache(std::size_t entries,
                   std::chrono::milliseconds lost_after = std::chrono::milliseconds(6000));
    ~Cache();
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    // The answer that is known at `now`, or null. An answer counts as a question; where there is none, join()
    // counts.
    AnswerPtr find(const DomainName& name, RrType type, TimePoint now);
    // After find() gave null: waits for the answer with others. `waker` is called once, unless leave() comes
    // first.
    Joined join(const DomainName& name, RrType type, TimePoint now, Waker waker);
    // The waiter does not wait any more. When this returns, its waker is not running and will not be called.
    void leave(const DomainName& name, RrType type, Ticket waiter);
    // The answer to a question on its way: kept where its kind allows, and given to all who wait.
    void complete(const DomainName& name, RrType type, AnswerPtr answer, TimePoint now);
    // The leader ends without an answer (its worker stops): those who wait get a failure, nothing is kept.
    void abandon(const DomainName& name, RrType type, Ticket flight);

    std::chrono::milliseconds lost_after() const;
    // From any thread.
    CacheStatistics statistics() const;

  private:
    struct Shard;
    struct State;
    Shard& shard_of(const DomainName& name) const;
    std::unique_ptr<State> state_;
};

}  // namespace gatepost::dns
