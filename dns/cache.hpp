// Answers kept for their time to live, and the questions that are on their way, for all workers together.
// Sharded: each shard has its own mutex, which is never held over a co_await. Positive answers live by their
// TTL, absences by their zone's SOA (RFC 2308 §5), failures a few seconds (RFC 2308 §7). Bounded in octets;
// cache_store.hpp says what goes first. The clock is handed in.
//
// A question on its way belongs to the cache, not to who asked first: whoever asks the same joins it. Whoever
// is told to `lead` asks the network and calls complete() or abandon(); nobody waits for a leader that is
// lost for ever. What is asked for often is asked anew before it expires.
//
// While the DNS is in brownout, an answer past its time is given where asking anew failed or takes too long
// (RFC 8767), for at most a day.
#pragma once

#include "dns/answer.hpp"
#include "dns/brownout.hpp"
#include "dns/cache_shard.hpp"
#include "dns/cache_statistics.hpp"
#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"
#include "dns/keyed_hash.hpp"
#include "dns/record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace gatepost::dns {

using NowFunction = std::function<TimePoint()>;

struct CacheOptions {
    std::size_t entries = 200'000;  // room: for so many of octets_per_entry
    // A question that has been on its way for so long or longer is given up: the next who asks leads anew. It
    // should be a little more than the upstream's own bound.
    std::chrono::milliseconds lost_after{6000};
    HashKey hash_key{};
    TtlLimits ttl{};
    std::shared_ptr<Brownout> brownout{};  // is told how questions end; null: nothing is served stale
};

class Cache {
  public:
    // local: an ordinary answer with its name takes 400 to 1,200, a DKIM key with what is derived from it
    // 2,900.
    static constexpr std::size_t octets_per_entry = 1024;
    // RFC 8767 §5, the client response timer: who can have a stale answer waits no longer for a fresh one.
    static constexpr std::chrono::milliseconds stale_patience{1800};

    // Takes the answer to a joined question. Called under the shard's mutex: it may only post.
    using Waker = std::function<void(const AnswerPtr&)>;
    using Ticket = std::uint64_t;

    struct Found {
        AnswerPtr answer;    // null: not known
        Ticket refresh = 0;  // not 0: the caller leads this question anew, for nobody waits for it
    };
    struct Joined {
        AnswerPtr answer;        // set: it was there after all, nothing was joined
        bool lead = false;       // the caller has to ask the upstream, then complete(), or abandon()
        bool refused = false;    // nobody asks it, and the caller may not lead: nothing was joined
        bool has_stale = false;  // stale() would give something
        Ticket flight = 0;       // for abandon()
        Ticket waiter = 0;       // for leave()
    };

    explicit Cache(CacheOptions options);
    explicit Cache(std::size_t entries,
                   std::chrono::milliseconds lost_after = std::chrono::milliseconds(6000));
    ~Cache();
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    // The answer that is known at `now`. An answer counts as a question; where there is none, join() counts.
    Found find(const DomainName& name, RrType type, TimePoint now);
    // After find() gave null: waits for the answer with others. `waker` is called once, unless leave() comes
    // first. Also looks whether the name lies below one that is proven not to exist (RFC 8020).
    // `may_lead`, unless it is empty, is asked before the caller is told to lead, under the shard's mutex.
    Joined join(const DomainName& name, RrType type, TimePoint now, Waker waker,
                const std::function<bool()>& may_lead = nullptr);
    // The waiter does not wait any more. When this returns, its waker is not running and will not be called.
    void leave(const DomainName& name, RrType type, Ticket waiter);
    // The answer past its time, for who cannot wait; null where there is none, or no brownout.
    AnswerPtr stale(const DomainName& name, RrType type, TimePoint now);
    // The answer to a question on its way: kept where its kind allows, and given to all who wait.
    // `asked_for`: the client for whom it was led; null: one of our own. `is_for_nobody`: it was asked anew
    // before it expired, whoever's names they are: that it failed is no sign of a brownout.
    void complete(const DomainName& name, RrType type, AnswerPtr answer, TimePoint now,
                  const IpAddress* asked_for = nullptr, bool is_for_nobody = false);
    // The leader ends without an answer (its worker stops): those who wait get a failure, nothing is kept.
    void abandon(const DomainName& name, RrType type, Ticket flight);

    std::chrono::milliseconds lost_after() const;
    // From any thread.
    CacheStatistics statistics() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace gatepost::dns
