#include "server/kept_settings.hpp"

#include <variant>

namespace gatepost::server {
namespace {

using config::Config;

std::string text_of(const config::SocketAddress& address) {
    const std::string host = address.address.text();
    return (address.address.is_v6() ? '[' + host + ']' : host) + ':' + std::to_string(address.port);
}

std::string text_of(const config::Listener& listener) {
    std::string text = text_of(listener.address);
    switch (listener.tls) {
        case config::ListenerTls::off:
            text += " tls off";
            break;
        case config::ListenerTls::starttls:
            text += " tls starttls";
            break;
        case config::ListenerTls::required:
            text += " tls required";
            break;
        case config::ListenerTls::implicit:
            text += " tls implicit";
            break;
    }
    return listener.proxy_protocol ? text + " proxy_protocol" : text;
}

std::string text_of(const config::Destination& destination) {
    if (const auto* maildir = std::get_if<config::MaildirDestination>(&destination))
        return "maildir:" + maildir->path.string();
    return std::get<config::ServerDestination>(destination).text();
}

std::string text_of(const dns::ServerAddress& server) {
    return dns::to_string(server);
}

template <typename Item>
std::string list_of(const std::vector<Item>& items) {
    std::string text;
    for (const Item& item : items)
        text += (text.empty() ? "" : ", ") + text_of(item);
    return '[' + text + ']';
}

std::string or_none(const std::string& text) {
    return text.empty() ? "none" : text;
}

struct KeptSetting {
    std::string_view key;
    std::string (*text)(const Config&);  // as people read it, and as it is compared
    void (*keep)(Config& next, const Config& in_force);
};

// One row a setting: what it is made into is bound, opened or started once.
constexpr KeptSetting settings[] = {
    {"hostname", [](const Config& config) { return config.hostname; },
     [](Config& next, const Config& in_force) {
         // The authserv-id is the host name unless it is given.
         if (next.authserv_id == next.hostname) next.authserv_id = in_force.hostname;
         next.hostname = in_force.hostname;
     }},
    {"data_dir", [](const Config& config) { return config.data_dir.string(); },
     [](Config& next, const Config& in_force) {
         next.data_dir = in_force.data_dir;
     }},
    {"listeners", [](const Config& config) { return list_of(config.listeners); },
     [](Config& next, const Config& in_force) {
         next.listeners = in_force.listeners;
     }},
    {"limits.memory", [](const Config& config) { return std::to_string(config.limits.memory); },
     [](Config& next, const Config& in_force) {
         next.limits.memory = in_force.limits.memory;
     }},
    {"dns.servers", [](const Config& config) { return list_of(config.dns.servers); },
     [](Config& next, const Config& in_force) {
         next.dns.servers = in_force.dns.servers;
     }},
    {"dns.timeout", [](const Config& config) { return std::to_string(config.dns.timeout.count()) + "ms"; },
     [](Config& next, const Config& in_force) {
         next.dns.timeout = in_force.dns.timeout;
     }},
    {"dns.cache_entries", [](const Config& config) { return std::to_string(config.dns.cache_entries); },
     [](Config& next, const Config& in_force) {
         next.dns.cache_entries = in_force.dns.cache_entries;
     }},
    {"relay.to", [](const Config& config) { return list_of(config.relay.to); },
     [](Config& next, const Config& in_force) {
         next.relay.to = in_force.relay.to;
     }},
    {"relay.connections", [](const Config& config) { return std::to_string(config.relay.connections); },
     [](Config& next, const Config& in_force) {
         next.relay.connections = in_force.relay.connections;
     }},
    {"http.address",
     [](const Config& config) { return config.http.address ? text_of(*config.http.address) : ""; },
     [](Config& next, const Config& in_force) {
         next.http.address = in_force.http.address;
     }},
    {"process.user", [](const Config& config) { return or_none(config.process.user); },
     [](Config& next, const Config& in_force) {
         next.process.user = in_force.process.user;
     }},
    {"process.group", [](const Config& config) { return or_none(config.process.group); },
     [](Config& next, const Config& in_force) {
         next.process.group = in_force.process.group;
     }},
    {"process.workers", [](const Config& config) { return std::to_string(config.process.workers); },
     [](Config& next, const Config& in_force) {
         next.process.workers = in_force.process.workers;
     }},
};

}  // namespace

std::vector<std::string> keep_settings(Config& next, const Config& in_force) {
    std::vector<std::string> kept;
    for (const KeptSetting& setting : settings) {
        const std::string before = setting.text(in_force);
        const std::string after = setting.text(next);
        setting.keep(next, in_force);
        if (before != after)
            kept.emplace_back(setting.key).append(": ").append(before).append(" is kept, not ").append(after);
    }
    // The file may do without a token only where it has another address: that one is not yet in force.
    const auto& address = next.http.address;
    if (next.http.token.empty() && address && !address->address.is_loopback()) {
        next.http.token = in_force.http.token;
        kept.emplace_back("http.token: is kept, as http.address is no loopback address until then");
    }
    return kept;
}

std::vector<std::string_view> kept_keys() {
    std::vector<std::string_view> keys;
    for (const KeptSetting& setting : settings)
        keys.push_back(setting.key);
    return keys;
}

}  // namespace gatepost::server
