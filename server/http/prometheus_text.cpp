#include "server/http/prometheus_text.hpp"

#include "server/http/prometheus_dns.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <utility>

namespace gatepost::server::http {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using Labels = std::vector<ClientMetric::Label>;

void add(MetricFamily& family, Labels labels, std::uint64_t value) {
    ClientMetric metric;
    metric.label = std::move(labels);
    (family.type == prometheus::MetricType::Gauge ? metric.gauge.value : metric.counter.value) =
        static_cast<double>(value);
    family.metric.push_back(std::move(metric));
}

MetricFamily counter(std::string name, std::string help) {
    return {std::move(name), std::move(help), prometheus::MetricType::Counter, {}};
}

MetricFamily counter(std::string name, std::string help, std::uint64_t value) {
    MetricFamily family = counter(std::move(name), std::move(help));
    add(family, {}, value);
    return family;
}

MetricFamily gauge(std::string name, std::string help, std::uint64_t value) {
    MetricFamily family{std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
    add(family, {}, value);
    return family;
}

MetricFamily messages(const MetricsSnapshot& snapshot) {
    MetricFamily family =
        counter("gatepost_messages_total", "Messages that reached the end of data, by what became of them.");
    for (std::size_t i = 0; i < outcome_count; ++i)
        add(family, {{"action", std::string(to_string(static_cast<Outcome>(i)))}}, snapshot.messages[i]);
    return family;
}

MetricFamily would_be(const MetricsSnapshot& snapshot) {
    MetricFamily family =
        counter("gatepost_monitored_messages_total",
                "Messages judged while policy.mode was monitor, by what enforcing would have done.");
    for (std::size_t i = 0; i < action_count; ++i)
        add(family, {{"would_be", std::string(to_string(static_cast<policy::Action>(i)))}},
            snapshot.would_be[i]);
    return family;
}

MetricFamily verdicts(const MetricsSnapshot& snapshot) {
    MetricFamily family = counter("gatepost_verdicts_total",
                                  "Results of authentication, by mechanism; DKIM counts each signature.");
    for (const MetricsSnapshot::Verdict& verdict : snapshot.verdicts)
        add(family, {{"mechanism", std::string(verdict.mechanism)}, {"result", std::string(verdict.result)}},
            verdict.count);
    return family;
}

MetricFamily clients(const MetricsSnapshot& snapshot) {
    MetricFamily family =
        counter("gatepost_client_events_total", "What happened to clients before or beside their messages.");
    for (std::size_t i = 0; i < client_event_count; ++i)
        add(family, {{"event", std::string(to_string(static_cast<ClientEvent>(i)))}}, snapshot.clients[i]);
    return family;
}

// How near the limits of connections are, and which of them refused how many.
void add_connection_families(const ConnectionCounts& counts, std::vector<MetricFamily>& families) {
    using Verdict = ConnectionLimits::Verdict;
    MetricFamily largest{"gatepost_largest_share_of_connections",
                         "Open connections of the client and of the network that have most.",
                         prometheus::MetricType::Gauge,
                         {}};
    add(largest, {{"of", "client"}}, counts.largest_client);
    add(largest, {{"of", "network"}}, counts.largest_network);
    MetricFamily refused =
        counter("gatepost_connections_refused_total", "Connections beyond a limit, by its key.");
    for (const Verdict verdict :
         {Verdict::too_many, Verdict::too_many_of_client, Verdict::too_many_of_network})
        add(refused, {{"by", std::string(limit_reached(verdict))}},
            counts.verdicts.at(static_cast<std::size_t>(verdict)));
    families.push_back(gauge("gatepost_connections_bound",
                             "limits.connections, or less where the process has too few descriptors.",
                             counts.bound));
    families.push_back(std::move(largest));
    families.push_back(std::move(refused));
}

void add_downstream_families(const relay::DownstreamCounts& downstream, std::vector<MetricFamily>& families) {
    MetricFamily events = counter("gatepost_downstream_events_total",
                                  "What happened to transactions at the downstream servers.");
    for (std::size_t i = 0; i < relay::downstream_event_count; ++i)
        add(events, {{"event", std::string(to_string(static_cast<relay::DownstreamEvent>(i)))}},
            downstream.events[i]);
    families.push_back(std::move(events));
    if (downstream.servers.empty()) return;
    MetricFamily trouble{"gatepost_downstream_trouble",
                         "1 where a downstream server failed transactions and has taken no message since.",
                         prometheus::MetricType::Gauge,
                         {}};
    for (const relay::DownstreamCounts::Server& server : downstream.servers)
        add(trouble, {{"server", server.name}}, server.trouble.empty() ? 0 : 1);
    families.push_back(std::move(trouble));
}

void add_room_families(const RoomCounts& counts, std::vector<MetricFamily>& families) {
    const auto of_each = [&](MetricFamily family, std::uint64_t RoomCounts::Room::*value) {
        add(family, {{"of", "memory"}}, counts.memory.*value);
        add(family, {{"of", "disk"}}, counts.disk.*value);
        families.push_back(std::move(family));
    };
    using Room = RoomCounts::Room;
    const auto gauge_of = [](const char* name, const char* help) {
        return MetricFamily{name, help, prometheus::MetricType::Gauge, {}};
    };
    of_each(gauge_of("gatepost_room_bytes", "What messages in flight hold of limits.memory and of the disk."),
            &Room::used);
    of_each(gauge_of("gatepost_room_limit_bytes", "What they may hold of it."), &Room::limit);
    of_each(
        counter("gatepost_room_refusals_total", "Times that a client was past its share, or none was left."),
        &Room::refusals);
    of_each(counter("gatepost_room_evictions_total", "Slow messages ended, as others needed their room."),
            &Room::evictions);
}

MetricFamily exemptions(const MetricsSnapshot& snapshot) {
    MetricFamily family =
        counter("gatepost_exemption_hits_total", "Messages that an exemption of the configuration forgave.");
    for (const auto& [id, hits] : snapshot.exemptions)
        add(family, {{"exemption", id}}, hits);
    return family;
}

}  // namespace

std::string prometheus_text(const MetricsSnapshot& snapshot) {
    std::vector<MetricFamily> families;
    families.push_back(messages(snapshot));
    families.push_back(would_be(snapshot));
    families.push_back(verdicts(snapshot));
    families.push_back(
        gauge("gatepost_open_connections", "SMTP connections that are open.", snapshot.connections_open));
    families.push_back(
        counter("gatepost_connections_total", "SMTP connections taken.", snapshot.connections_total));
    add_connection_families(snapshot.connections, families);
    families.push_back(clients(snapshot));
    families.push_back(counter("gatepost_log_lines_left_out_total",
                               "Log lines of clients that caused too many of them.",
                               snapshot.log_lines_left_out));
    add_downstream_families(snapshot.downstream, families);
    add_dns_families(snapshot.dns, families);
    add_room_families(snapshot.room, families);
    if (!snapshot.exemptions.empty()) families.push_back(exemptions(snapshot));
    families.push_back(counter("gatepost_report_rows_total", "Rows taken for aggregate reports.",
                               snapshot.report_rows.appended));
    families.push_back(
        counter("gatepost_report_rows_dropped_total",
                "Rows lost to aggregate reports: the database could not be written, or is full.",
                snapshot.report_rows.dropped));
    families.push_back(counter("gatepost_report_rows_pruned_total",
                               "Rows taken out of the database, as they were too old or too many.",
                               snapshot.report_rows.pruned));
    families.push_back(
        gauge("gatepost_store_bytes", "What the state database holds.", snapshot.report_rows.octets));
    families.push_back(gauge("gatepost_report_rows_waiting", "Rows not yet in the database.",
                             snapshot.report_rows.waiting()));
    families.push_back(counter("gatepost_config_reload_failures_total",
                               "Reloads of the configuration, or of changed certificate files, refused.",
                               snapshot.reloads.failures));
    families.push_back(gauge("gatepost_config_last_reload_successful",
                             "1: the files in force are the latest; 0: their last reload was refused.",
                             snapshot.reloads.last_successful ? 1 : 0));
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return out.str();
}

}  // namespace gatepost::server::http
