#include "server/metrics.hpp"

#include <algorithm>
#include <stdexcept>

namespace gatepost::server {
namespace {

using auth::Evidence;

// A mechanism's results as a row of counters: enumerators from 0 to `last`.
struct Mechanism {
    std::string_view name;
    std::size_t words;
    std::string_view (*word)(std::size_t);
};

template <typename Result>
std::string_view word_of(std::size_t index) {
    return to_string(static_cast<Result>(index));
}

template <typename Result>
constexpr Mechanism mechanism(std::string_view name, Result last) {
    return {name, static_cast<std::size_t>(last) + 1, &word_of<Result>};
}

enum MechanismIndex : std::size_t { spf, dkim, dmarc, arc, iprev };
constexpr std::array mechanism_list{
    mechanism("spf", auth::spf::Result::permerror), mechanism("dkim", auth::dkim::Result::permerror),
    mechanism("dmarc", auth::dmarc::Result::permerror), mechanism("arc", auth::arc::Result::fail),
    mechanism("iprev", auth::iprev::Result::permerror)};

std::uint64_t read(const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
}

}  // namespace

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::accept:
            return "accept";
        case Outcome::quarantine:
            return "quarantine";
        case Outcome::reject:
            return "reject";
        case Outcome::defer:
            return "defer";
        case Outcome::discard:
            return "discard";
        case Outcome::relay_reject:
            return "relay_reject";
    }
    return "";
}

std::string_view to_string(ClientEvent event) {
    switch (event) {
        case ClientEvent::dnsbl_refused:
            return "dnsbl_refused";
        case ClientEvent::dnsbl_switched_off:
            return "dnsbl_switched_off";
        case ClientEvent::early_talker:
            return "early_talker";
        case ClientEvent::unauthorized_pipelining:
            return "unauthorized_pipelining";
        case ClientEvent::rate_limited:
            return "rate_limited";
        case ClientEvent::connection_refused:
            return "connection_refused";
        case ClientEvent::timeout:
            return "timeout";
        case ClientEvent::tarpitted:
            return "tarpitted";
        case ClientEvent::clients_hidden:
            return "clients_hidden";
        case ClientEvent::commands_spent:
            return "commands_spent";
        case ClientEvent::tls_records_spent:
            return "tls_records_spent";
        case ClientEvent::session_over:
            return "session_over";
        case ClientEvent::linger_cut:
            return "linger_cut";
    }
    return "";
}

void DnsCounts::add(const dns::StubStatistics& worker) {
    queries += worker.queries;
    for (const dns::ServerStatistics& more : worker.servers) {
        const auto known =
            std::find_if(servers.begin(), servers.end(),
                         [&](const dns::ServerStatistics& own) { return own.server == more.server; });
        if (known == servers.end()) {
            servers.push_back(more);
            continue;
        }
        known->queries += more.queries;
        known->over_stream += more.over_stream;
        known->answers += more.answers;
        known->failures += more.failures;
        known->timeouts += more.timeouts;
        known->mismatches += more.mismatches;
        known->round_trip = std::max(known->round_trip, more.round_trip);
        known->alive = known->alive || more.alive;  // one that hears it is enough
    }
}

std::uint64_t MetricsSnapshot::messages_total() const {
    std::uint64_t total = 0;
    for (const std::uint64_t count : messages)
        total += count;
    return total;
}

struct NameTable::Entry {
    std::string name;
    std::size_t index;
};

NameTable::NameTable() = default;

NameTable::~NameTable() {
    for (std::atomic<Entry*>& slot : slots_)
        delete slot.load(std::memory_order_relaxed);
}

bool NameTable::add(std::string_view name) {
    if (index_of(name) != absent) return true;
    if (size_ == capacity) return false;
    std::size_t slot = std::hash<std::string_view>{}(name) % slots;
    while (slots_[slot].load(std::memory_order_relaxed) != nullptr)
        slot = (slot + 1) % slots;
    // Release: who sees the pointer sees what it points to.
    slots_[slot].store(new Entry{std::string(name), size_++}, std::memory_order_release);
    return true;
}

std::size_t NameTable::index_of(std::string_view name) const {
    // Half of the slots stay empty, so that the search ends.
    for (std::size_t slot = std::hash<std::string_view>{}(name) % slots;; slot = (slot + 1) % slots) {
        const Entry* entry = slots_[slot].load(std::memory_order_acquire);
        if (entry == nullptr) return absent;
        if (entry->name == name) return entry->index;
    }
}

std::vector<std::pair<std::size_t, std::string>> NameTable::names() const {
    std::vector<std::pair<std::size_t, std::string>> names;
    for (const std::atomic<Entry*>& slot : slots_)
        if (const Entry* entry = slot.load(std::memory_order_acquire))
            names.emplace_back(entry->index, entry->name);
    std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    return names;
}

WorkerMetrics::WorkerMetrics(const Metrics& metrics) : metrics_(metrics) {
    static_assert(mechanism_list.size() == mechanisms);
    static_assert(std::all_of(mechanism_list.begin(), mechanism_list.end(),
                              [](const Mechanism& m) { return m.words <= words; }));
}

void WorkerMetrics::count_message(Outcome outcome, const dns::DomainName* author_domain) {
    const auto index = static_cast<std::size_t>(outcome);
    add(messages_[index]);
    if (author_domain == nullptr) return;
    const std::size_t domain = metrics_.domain_names_.index_of(author_domain->text());
    if (domain != NameTable::absent) add(domains_[domain][index]);
}

void WorkerMetrics::count_verdicts(const Evidence& evidence) {
    const auto count = [this](MechanismIndex mechanism, auto result) {
        add(verdicts_[mechanism][static_cast<std::size_t>(result)]);
    };
    count(spf, evidence.spf.result);
    for (const auth::dkim::Signature& signature : evidence.dkim)
        count(dkim, signature.result);
    if (evidence.dkim.empty()) count(dkim, auth::dkim::Result::none);
    count(dmarc, evidence.dmarc.result);
    count(arc, evidence.arc.result);
    count(iprev, evidence.iprev.result);
}

void WorkerMetrics::count_would_be(policy::Action action) {
    add(would_be_[static_cast<std::size_t>(action)]);
}

void WorkerMetrics::count_exemption(std::string_view id) {
    const std::size_t index = metrics_.exemption_ids_.index_of(id);
    if (index != NameTable::absent) add(exemptions_[index]);
}

void WorkerMetrics::count_client(ClientEvent event) {
    add(clients_[static_cast<std::size_t>(event)]);
}

void WorkerMetrics::connection_opened() {
    add(opened_);
}
void WorkerMetrics::connection_closed() {
    add(closed_);
}

Metrics::Metrics(std::size_t workers) {
    for (std::size_t i = 0; i < workers; ++i)
        workers_.push_back(std::make_unique<WorkerMetrics>(*this));
}

void Metrics::know_exemptions(const std::vector<std::string>& ids) {
    for (const std::string& id : ids)
        exemption_ids_.add(id);
}

void Metrics::know_domains(const std::vector<dns::DomainName>& domains) {
    for (const dns::DomainName& domain : domains)
        domain_names_.add(domain.text());
}

MetricsSnapshot Metrics::snapshot() const {
    const auto sum = [this](auto counter) {
        std::uint64_t total = 0;
        for (const auto& worker : workers_)
            total += read(counter(*worker));
        return total;
    };
    const auto sum_outcomes = [&](auto counters) {
        OutcomeCounts counts{};
        for (std::size_t i = 0; i < outcome_count; ++i)
            counts[i] = sum([&](const WorkerMetrics& w) -> const auto& { return counters(w)[i]; });
        return counts;
    };
    MetricsSnapshot snapshot;
    snapshot.messages = sum_outcomes([](const WorkerMetrics& w) -> const auto& { return w.messages_; });
    for (std::size_t i = 0; i < action_count; ++i)
        snapshot.would_be[i] = sum([i](const WorkerMetrics& w) -> const auto& { return w.would_be_[i]; });
    for (std::size_t m = 0; m < mechanism_list.size(); ++m)
        for (std::size_t i = 0; i < mechanism_list[m].words; ++i)
            snapshot.verdicts.push_back(
                {mechanism_list[m].name, mechanism_list[m].word(i),
                 sum([&](const WorkerMetrics& w) -> const auto& { return w.verdicts_[m][i]; })});
    for (std::size_t i = 0; i < client_event_count; ++i)
        snapshot.clients[i] = sum([i](const WorkerMetrics& w) -> const auto& { return w.clients_[i]; });
    // Closed first: what is opened and closed in between then counts as open, and never as less than none.
    const std::uint64_t closed = sum([](const WorkerMetrics& w) -> const auto& { return w.closed_; });
    snapshot.connections_total = sum([](const WorkerMetrics& w) -> const auto& { return w.opened_; });
    snapshot.connections_open = snapshot.connections_total - std::min(closed, snapshot.connections_total);
    for (auto& [index, id] : exemption_ids_.names())
        snapshot.exemptions.emplace_back(
            id, sum([&, i = index ](const WorkerMetrics& w) -> const auto& { return w.exemptions_[i]; }));
    for (auto& [index, name] : domain_names_.names())
        snapshot.domains.emplace_back(
            dns::DomainName::parse(name).value(),
            sum_outcomes([i = index](const WorkerMetrics& w) -> const auto& { return w.domains_[i]; }));
    if (connections_source) snapshot.connections = connections_source();
    if (log_source) snapshot.log_lines_left_out = log_source();
    if (dns_source) snapshot.dns = dns_source();
    if (downstream_source) snapshot.downstream = downstream_source();
    if (room_source) snapshot.room = room_source();
    if (report_rows_source) snapshot.report_rows = report_rows_source();
    if (reloads_source) snapshot.reloads = reloads_source();
    return snapshot;
}

}  // namespace gatepost::server
