#include "server/http/stats_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace gatepost::server::http {
namespace {

namespace json = boost::json;

json::object outcomes(const OutcomeCounts& counts) {
    json::object object;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < outcome_count; ++i) {
        object[to_string(static_cast<Outcome>(i))] = counts[i];
        total += counts[i];
    }
    object["total"] = total;
    return object;
}

json::object room(const RoomCounts::Room& room) {
    return {{"octets", room.used},
            {"limit", room.limit},
            {"refusals", room.refusals},
            {"evictions", room.evictions}};
}

json::object would_be(const ActionCounts& counts) {
    json::object object;
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < action_count; ++i) {
        object[to_string(static_cast<policy::Action>(i))] = counts[i];
        total += counts[i];
    }
    object["total"] = total;
    return object;
}

json::object verdicts(const MetricsSnapshot& snapshot) {
    json::object mechanisms;
    for (const MetricsSnapshot::Verdict& verdict : snapshot.verdicts) {
        json::value& mechanism = mechanisms[verdict.mechanism];
        if (!mechanism.is_object()) mechanism.emplace_object();
        mechanism.get_object()[verdict.result] = verdict.count;
    }
    return mechanisms;
}

}  // namespace

std::string stats_json(const MetricsSnapshot& snapshot) {
    json::object stats;
    stats["messages"] = outcomes(snapshot.messages);
    stats["would_be"] = would_be(snapshot.would_be);
    stats["verdicts"] = verdicts(snapshot);
    stats["connections"] = {{"open", snapshot.connections_open}, {"total", snapshot.connections_total}};
    stats["connection_shares"] = {{"bound", snapshot.connections.bound},
                                  {"largest_client", snapshot.connections.largest_client},
                                  {"largest_network", snapshot.connections.largest_network}};
    stats["log_lines_left_out"] = snapshot.log_lines_left_out;
    json::object clients;
    for (std::size_t i = 0; i < client_event_count; ++i)
        clients[to_string(static_cast<ClientEvent>(i))] = snapshot.clients[i];
    stats["clients"] = std::move(clients);
    stats["dns"] = {{"queries", snapshot.dns.queries},
                    {"cache_hits", snapshot.dns.cache.cache_hits},
                    {"failures", snapshot.dns.cache.failures}};
    json::object downstream;
    for (std::size_t i = 0; i < relay::downstream_event_count; ++i)
        downstream[to_string(static_cast<relay::DownstreamEvent>(i))] = snapshot.downstream.events[i];
    json::object trouble;
    for (const relay::DownstreamCounts::Server& server : snapshot.downstream.servers)
        if (!server.trouble.empty()) trouble[server.name] = server.trouble;
    downstream["trouble"] = std::move(trouble);
    stats["downstream"] = std::move(downstream);
    json::object exemptions;
    for (const auto& [id, hits] : snapshot.exemptions)
        exemptions[id] = hits;
    stats["exemptions"] = std::move(exemptions);
    json::object domains;
    for (const auto& [domain, counts] : snapshot.domains)
        domains[domain.text()] = outcomes(counts);
    stats["domains"] = std::move(domains);
    stats["report_rows"] = {
        {"appended", snapshot.report_rows.appended}, {"written", snapshot.report_rows.written},
        {"waiting", snapshot.report_rows.waiting()}, {"dropped", snapshot.report_rows.dropped},
        {"pruned", snapshot.report_rows.pruned},     {"octets", snapshot.report_rows.octets}};
    stats["room"] = {{"memory", room(snapshot.room.memory)}, {"disk", room(snapshot.room.disk)}};
    stats["config"] = {{"reload_failures", snapshot.reloads.failures},
                       {"last_reload_successful", snapshot.reloads.last_successful}};
    return json::serialize(stats);
}

}  // namespace gatepost::server::http
