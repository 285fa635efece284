#include "server/http/prometheus_dns.hpp"

#include <chrono>
#include <limits>
#include <string>
#include <utility>

namespace gatepost::server::http {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily single(MetricType type, std::string name, std::string help, double value) {
    MetricFamily family{std::move(name), std::move(help), type, {}};
    ClientMetric metric;
    (type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value;
    family.metric.push_back(std::move(metric));
    return family;
}

MetricFamily counter(std::string name, std::string help, std::uint64_t value) {
    return single(MetricType::Counter, std::move(name), std::move(help), static_cast<double>(value));
}

MetricFamily gauge(std::string name, std::string help, std::uint64_t value) {
    return single(MetricType::Gauge, std::move(name), std::move(help), static_cast<double>(value));
}

// Every type with every result, zeros too, so that a rate has a beginning.
MetricFamily questions(const dns::QuestionCounts& counts) {
    MetricFamily family{"gatepost_dns_questions_total",
                        "Questions that went to the network, by type and how they ended.",
                        MetricType::Counter,
                        {}};
    for (std::size_t type = 0; type < dns::QuestionCounts::types.size(); ++type) {
        for (std::size_t result = 0; result < dns::QuestionCounts::results; ++result) {
            ClientMetric metric;
            metric.label = {{"type", std::string(to_string(dns::QuestionCounts::types[type]))},
                            {"outcome", std::string(dns::QuestionCounts::result_name(result))}};
            metric.counter.value = static_cast<double>(counts.of(type, result));
            family.metric.push_back(std::move(metric));
        }
    }
    return family;
}

MetricFamily latency(const dns::LatencyCounts& counts) {
    MetricFamily family{"gatepost_dns_question_duration_seconds",
                        "How long questions to the network took.",
                        MetricType::Histogram,
                        {}};
    ClientMetric metric;
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < counts.buckets.size(); ++i) {
        so_far += counts.buckets[i];
        const bool last = i == dns::LatencyCounts::bounds.size();
        const double bound = last ? std::numeric_limits<double>::infinity()
                                  : std::chrono::duration<double>(dns::LatencyCounts::bounds[i]).count();
        metric.histogram.bucket.push_back({so_far, bound});
    }
    metric.histogram.sample_count = so_far;
    metric.histogram.sample_sum = std::chrono::duration<double>(counts.sum).count();
    family.metric.push_back(std::move(metric));
    return family;
}

using ServerValue = double (*)(const dns::ServerStatistics&);

MetricFamily of_servers(MetricType type, std::string name, std::string help,
                        const std::vector<dns::ServerStatistics>& servers, ServerValue value_of) {
    MetricFamily family{std::move(name), std::move(help), type, {}};
    for (const dns::ServerStatistics& server : servers) {
        ClientMetric metric;
        metric.label = {{"server", server.server}};
        (type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = value_of(server);
        family.metric.push_back(std::move(metric));
    }
    return family;
}

void add_server_families(const std::vector<dns::ServerStatistics>& servers,
                         std::vector<MetricFamily>& families) {
    using Server = dns::ServerStatistics;
    const auto add = [&](MetricType type, std::string name, std::string help, ServerValue value_of) {
        families.push_back(
            of_servers(type, "gatepost_dns_server_" + name, std::move(help), servers, value_of));
    };
    add(MetricType::Counter, "queries_total", "Messages sent to each DNS server.",
        [](const Server& s) { return static_cast<double>(s.queries); });
    add(MetricType::Counter, "answers_total", "Replies of it that were taken.",
        [](const Server& s) { return static_cast<double>(s.answers); });
    add(MetricType::Counter, "failures_total", "SERVFAIL, REFUSED, malformed replies, no connection.",
        [](const Server& s) { return static_cast<double>(s.failures); });
    add(MetricType::Counter, "timeouts_total", "Tries left unanswered for longer than is usual.",
        [](const Server& s) { return static_cast<double>(s.timeouts); });
    add(MetricType::Counter, "mismatches_total", "Replies that were not believed.",
        [](const Server& s) { return static_cast<double>(s.mismatches); });
    add(MetricType::Gauge, "round_trip_seconds", "Smoothed round trip, of the worker that finds it longest.",
        [](const Server& s) { return std::chrono::duration<double>(s.round_trip).count(); });
    add(MetricType::Gauge, "up", "0 while its silence keeps it behind the others.",
        [](const Server& s) { return s.alive ? 1.0 : 0.0; });
}

}  // namespace

void add_dns_families(const DnsCounts& counts, std::vector<MetricFamily>& families) {
    const dns::CacheStatistics& cache = counts.cache;
    families.push_back(counter("gatepost_dns_queries_total", "DNS queries sent to servers.", counts.queries));
    add_server_families(counts.servers, families);
    families.push_back(questions(cache.questions));
    families.push_back(latency(cache.latency));
    families.push_back(
        counter("gatepost_dns_cache_hits_total", "DNS questions answered from the cache.", cache.cache_hits));
    families.push_back(
        counter("gatepost_dns_failures_total", "DNS questions that no server answered.", cache.failures));
    families.push_back(counter("gatepost_dns_joins_total",
                               "DNS questions that waited for the same one already on its way.",
                               cache.joins));
    families.push_back(counter("gatepost_dns_prefetches_total",
                               "DNS questions asked anew before their answer expired.", cache.prefetches));
    families.push_back(counter("gatepost_dns_stale_answers_total",
                               "DNS answers given past their time, in a brownout.", cache.stale_answers));
    families.push_back(counter("gatepost_dns_cache_evictions_total",
                               "DNS answers dropped from the cache for want of room.", cache.evictions));
    families.push_back(gauge("gatepost_dns_cache_entries", "DNS answers in the cache.", cache.entries));
    families.push_back(gauge("gatepost_dns_cache_bytes", "Memory that they take.", cache.octets));
    families.push_back(gauge("gatepost_dns_cache_limit_bytes", "Memory that they may take.", cache.capacity));
    families.push_back(
        gauge("gatepost_dns_questions_in_flight", "DNS questions that wait for an answer.", cache.in_flight));
    families.push_back(gauge("gatepost_dns_answers",
                             "1 while our DNS servers answer lookups of our own, 0 until they first do.",
                             counts.answers ? 1 : 0));
    families.push_back(gauge("gatepost_dns_brownout", "1 while our own DNS resolver is in trouble.",
                             counts.brownout.active ? 1 : 0));
    families.push_back(
        counter("gatepost_dns_brownouts_total", "How often that began.", counts.brownout.begun));
    families.push_back(counter("gatepost_dns_client_refusals_total",
                               "DNS questions not asked, as their client's share was used up.",
                               counts.budgets.refusals));
    families.push_back(counter("gatepost_dns_zone_refusals_total",
                               "DNS questions not asked, as their client had asked that zone too many.",
                               counts.budgets.zone_refusals));
    families.push_back(gauge("gatepost_dns_client_questions",
                             "DNS questions of strangers' mail on their way.", counts.budgets.open));
    families.push_back(
        gauge("gatepost_dns_client_questions_limit", "How many there may be.", counts.budgets.most_open));
    families.push_back(
        gauge("gatepost_dns_sockets", "Places for the resolver's sockets in use.", counts.sockets.taken));
    families.push_back(gauge("gatepost_dns_sockets_limit", "How many there are.", counts.sockets.most));
    families.push_back(counter("gatepost_dns_socket_waits_total",
                               "DNS questions that waited for such a place.", counts.sockets.waits));
    families.push_back(gauge("gatepost_dns_failing_zones",
                             "Zones that answered before and failed in the last minute.",
                             counts.brownout.all_failing));
    families.push_back(gauge("gatepost_dns_strangers_zones_fail",
                             "1 while many zones fail that few networks asked about: no trouble of ours.",
                             counts.brownout.strangers_zones_fail ? 1 : 0));
}

}  // namespace gatepost::server::http
