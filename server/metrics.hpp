// What the server counts. Each worker has counters of its own and touches no other's; they are summed when
// someone reads. /stats and /metrics are projections of one snapshot.
//
// The names that counters carry are bounded: results are the RFCs' words, exemptions and domains those of the
// configuration. Nothing that a sender chooses becomes a name.
#pragma once

#include "server/connection_limits.hpp"
#include "server/relay/downstream_state.hpp"
#include "server/reload_state.hpp"
#include "server/shared_budget.hpp"

#include "reports/store/store.hpp"

#include "policy/decision.hpp"

#include "auth/evidence.hpp"

#include "dns/brownout.hpp"
#include "dns/cache_statistics.hpp"
#include "dns/client_budget.hpp"
#include "dns/domain_name.hpp"
#include "dns/socket_places.hpp"
#include "dns/stub_resolver.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::server {

// What became of a message that reached its end of data (PRODUCT.md, "What is counted").
enum class Outcome { accept, quarantine, reject, defer, discard, relay_reject };
inline constexpr std::size_t outcome_count = 6;
std::string_view to_string(Outcome outcome);

// What the judgement says is to be done, by policy::Action.
inline constexpr std::size_t action_count = 5;
using ActionCounts = std::array<std::uint64_t, action_count>;

// What happened to clients before or beside their messages.
enum class ClientEvent {
    dnsbl_refused,       // a recipient, as block lists have the client
    dnsbl_switched_off,  // a block list that does not answer us, or lists everybody
    early_talker,        // spoke before the greeting
    unauthorized_pipelining,
    rate_limited,        // a sender, a recipient or a message beyond a rate
    connection_refused,  // beyond a limit of connections
    timeout,             // too slow, with commands, data or with reading our replies
    tarpitted,           // an error, or a name tried out, whose reply was held back
    clients_hidden,      // the guard found the addresses of clients hidden behind one
    commands_spent,      // too many commands without a message; the session was closed
    tls_records_spent,   // too many TLS records without data; the connection was closed
    session_over,        // a session that had lasted too long was closed
    linger_cut,          // sent on and on after its refusal, and was no longer read
};
inline constexpr std::size_t client_event_count = 13;
std::string_view to_string(ClientEvent event);

using OutcomeCounts = std::array<std::uint64_t, outcome_count>;  // by Outcome

struct DnsCounts {
    std::uint64_t queries = 0;  // sent to servers
    std::vector<dns::ServerStatistics> servers;
    dns::CacheStatistics cache;
    dns::BrownoutState brownout;
    bool answers = false;  // our servers, to the last lookup of our own
    dns::ClientBudgets::Counts budgets;
    dns::SocketPlaces::Counts sockets;

    // What one more worker asked of the same servers.
    void add(const dns::StubStatistics& worker);
};

struct MetricsSnapshot {
    struct Verdict {
        std::string_view mechanism;  // spf, dkim, dmarc, arc, iprev
        std::string_view result;     // the RFC's word
        std::uint64_t count = 0;
    };
    OutcomeCounts messages{};
    ActionCounts would_be{};        // of messages that came in monitor mode: what enforcing would have done
    std::vector<Verdict> verdicts;  // every mechanism with every word it has, zeros too
    std::array<std::uint64_t, client_event_count> clients{};  // by ClientEvent
    std::uint64_t connections_open = 0;
    std::uint64_t connections_total = 0;
    ConnectionCounts connections;
    std::uint64_t log_lines_left_out = 0;
    DnsCounts dns;
    relay::DownstreamCounts downstream;
    std::vector<std::pair<std::string, std::uint64_t>> exemptions;   // by id
    std::vector<std::pair<dns::DomainName, OutcomeCounts>> domains;  // by author domain, of `domains` alone
    reports::store::Activity report_rows;
    RoomCounts room;
    ReloadState::Counts reloads;

    std::uint64_t messages_total() const;
};

// A set of names that only grows, up to a bound, and can be searched without a lock while it does.
class NameTable {
  public:
    // local: more exemptions or domains than this are served, but not counted one by one.
    static constexpr std::size_t capacity = 1024;

    NameTable();
    ~NameTable();
    NameTable(const NameTable&) = delete;
    NameTable& operator=(const NameTable&) = delete;

    // Adds a name that is new. False: the table is full. One thread at a time.
    bool add(std::string_view name);
    static constexpr std::size_t absent = capacity;
    std::size_t index_of(std::string_view name) const;  // `absent` where it is not there; any thread
    std::vector<std::pair<std::size_t, std::string>> names() const;  // in order of their text; any thread

  private:
    // Open addressing over twice the capacity; an entry never moves once its pointer is published.
    static constexpr std::size_t slots = 2 * capacity;
    struct Entry;
    std::size_t size_ = 0;
    std::array<std::atomic<Entry*>, slots> slots_{};
};

class Metrics;

// The counters of one worker. Any thread may call; a worker calls its own alone, so that nobody waits.
class WorkerMetrics {
  public:
    explicit WorkerMetrics(const Metrics& metrics);

    // One message with its outcome; `author_domain` may be null. Call once a message, when the final reply is
    // known.
    void count_message(Outcome outcome, const dns::DomainName* author_domain);
    // The verdicts of one message: SPF of MAIL FROM, each DKIM signature (`none` once where there is none),
    // DMARC, iprev.
    void count_verdicts(const auth::Evidence& evidence);
    // One message that came in monitor mode, by what enforcing would have done.
    void count_would_be(policy::Action action);
    void count_exemption(std::string_view id);
    void count_client(ClientEvent event);
    void connection_opened();
    void connection_closed();

  private:
    friend class Metrics;
    using Counter = std::atomic<std::uint64_t>;
    static constexpr std::size_t mechanisms = 5;
    static constexpr std::size_t words = 8;  // the most that a mechanism has

    static void add(Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

    const Metrics& metrics_;
    std::array<Counter, outcome_count> messages_{};
    std::array<Counter, action_count> would_be_{};
    std::array<std::array<Counter, words>, mechanisms> verdicts_{};
    std::array<Counter, client_event_count> clients_{};
    Counter opened_{0};
    Counter closed_{0};
    std::array<Counter, NameTable::capacity> exemptions_{};
    std::array<std::array<Counter, outcome_count>, NameTable::capacity> domains_{};
};

class Metrics {
  public:
    explicit Metrics(std::size_t workers);

    WorkerMetrics& worker(std::size_t index) { return *workers_.at(index); }
    std::size_t workers() const { return workers_.size(); }

    // Names to count by, of a configuration that was loaded; those of an earlier one stay. One thread at a
    // time, also while workers count.
    void know_exemptions(const std::vector<std::string>& ids);
    void know_domains(const std::vector<dns::DomainName>& domains);

    // Where counts that others keep are read from, at each snapshot. Set before the first one.
    std::function<ConnectionCounts()> connections_source;
    std::function<std::uint64_t()> log_source;  // lines left out
    std::function<DnsCounts()> dns_source;
    std::function<relay::DownstreamCounts()> downstream_source;
    std::function<reports::store::Activity()> report_rows_source;
    std::function<RoomCounts()> room_source;
    std::function<ReloadState::Counts()> reloads_source;

    // Any thread.
    MetricsSnapshot snapshot() const;

  private:
    friend class WorkerMetrics;
    std::vector<std::unique_ptr<WorkerMetrics>> workers_;
    NameTable exemption_ids_;
    NameTable domain_names_;
};

}  // namespace gatepost::server
