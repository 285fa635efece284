// The sections that the server itself lives by: who we are, where we listen, within which limits, where mail
// goes.
#include "config/address.hpp"
#include "config/secret.hpp"
#include "config/sections.hpp"

#include "dns/ascii.hpp"
#include "dns/local_records.hpp"
#include "dns/zone_file.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace gatepost::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;
constexpr std::size_t gib = 1024 * mib;

// Ranges are local: below the least a server cannot work, above the most a typing error is likelier than a
// wish.
constexpr std::size_t max_message_size = 2 * gib;
constexpr std::size_t max_header_size = 16 * mib;
constexpr std::size_t max_header_fields = 100'000;
constexpr std::size_t max_memory = 1024 * gib;
constexpr std::size_t max_count = 1'000'000;
constexpr std::size_t max_cache_entries = 100'000'000;
constexpr std::size_t max_workers = 1024;
// RFC 5321 §4.5.3.2.1 lets clients wait for five minutes; some are known to give up after half of one.
constexpr milliseconds max_greeting_delay = seconds(20);
constexpr std::size_t rfc_recipients = 100;  // RFC 5321 §4.5.3.1.8: at least so many must be taken

std::optional<std::string> parse_authserv_id(std::string_view text) {
    // RFC 8601 §2.5: a value of MIME. A token needs no quoting anywhere, so we ask for one (RFC 2045 §5.1).
    constexpr std::string_view tspecials = "()<>@,;:\\\"/[]?=";
    const bool token = !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return ascii::is_visible(c) && tspecials.find(c) == std::string_view::npos;
    });
    return token ? std::optional<std::string>(text) : std::nullopt;
}

// In a header field. RFC 6750 §2.1 allows less, but a token in use may hold any of these.
bool can_be_sent(std::string_view token) {
    const bool is_trimmed = ascii::trim(token).size() == token.size();
    return is_trimmed && std::none_of(token.begin(), token.end(), [](char c) {
               const auto octet = static_cast<unsigned char>(c);
               return (octet < 0x20 && c != '\t') || octet == 0x7f;
           });
}

bool has_pem(std::string_view text, std::string_view what) {
    const auto begin = text.find("-----BEGIN ");
    return begin != std::string_view::npos && text.find(what, begin) != std::string_view::npos;
}

void check_certificates(const Section& section, std::string_view key, const std::filesystem::path& file) {
    if (file.empty()) return;
    const auto chain = section.file(key, file);
    if (!chain)
        section.error(key, chain.error().text);
    else if (!has_pem(*chain, "CERTIFICATE-----"))
        section.error(key, file.string() + " holds no certificate in PEM");
}

void read_key_pair(const Section& section, KeyPair& target) {
    section.path("certificate", target.certificate);
    section.secret("private_key", target.private_key);
    target.private_key_file = section.secret_file("private_key");
    if (section.has("certificate") != section.has("private_key"))
        section.error("", "certificate and private_key belong together");
    check_certificates(section, "certificate", target.certificate);
    if (!target.private_key.empty() && !has_pem(target.private_key, "PRIVATE KEY-----"))
        section.error("private_key", "no private key in PEM" + section.file_hint("private_key"));
}

void read_staple(const Section& section, std::filesystem::path& target) {
    section.path("ocsp_staple", target);
    if (target.empty()) return;
    const auto response = section.file("ocsp_staple", target);
    if (!response) section.error("ocsp_staple", response.error().text);
}

std::optional<std::string> parse_certificate_name(std::string_view text) {
    const auto pattern = policy::DomainPattern::parse(text);
    return pattern ? std::optional<std::string>(pattern->text()) : std::nullopt;
}

void read_relay_tls(const Section& relay, Relay& target) {
    relay.choice<RelayTls>("tls", target.tls,
                           {{"off", RelayTls::off},
                            {"opportunistic", RelayTls::opportunistic},
                            {"required", RelayTls::required}});
    std::string word;
    relay.text("ca", word);
    if (word != "system") relay.path("ca", target.ca);
    check_certificates(relay, "ca", target.ca);
    const Section pair = relay.section("client_certificate");
    read_key_pair(pair, target.client_certificate);
    if (!target.ca.empty() && target.tls != RelayTls::required)
        relay.warn("ca", "certificates are verified only with tls: required");
    if (pair.present() && target.tls == RelayTls::off)
        relay.warn("client_certificate", "is never shown with tls: off");
}

}  // namespace

void read_identity(const Section& top, Config& config) {
    top.require("hostname");
    dns::DomainName hostname;
    top.value("hostname", hostname, parse_host_name, "a host name");
    config.hostname = hostname.text();
    config.authserv_id = config.hostname;
    top.value("authserv_id", config.authserv_id, parse_authserv_id,
              "a word without blanks or any of ()<>@,;:\\\"/[]?=");

    top.require("domains");
    const auto places = top.list("domains", config.domains, parse_host_name, "an exact domain name");
    if (top.has_empty("domains")) top.error("domains", "at least one domain name is needed");
    std::set<dns::DomainName> seen;
    for (std::size_t i = 0; i < places.size(); ++i)
        if (!seen.insert(config.domains[i]).second)
            top.warn_at(places[i], "domains", config.domains[i].text() + " stands here twice");
    config.policy.own_domains = config.domains;
    top.path("data_dir", config.data_dir);
}

void read_tls(const Section& tls, Tls& target) {
    read_key_pair(tls, target);
    read_staple(tls, target.ocsp_staple);
    for (const Section& item : tls.sections("certificates")) {
        NamedCertificate named;
        item.require("certificate");
        read_key_pair(item, named);
        read_staple(item, named.ocsp_staple);
        item.list("names", named.names, parse_certificate_name, "a host name, or *. before one");
        target.certificates.push_back(std::move(named));
    }
    tls.path("client_ca", target.client_ca);
    check_certificates(tls, "client_ca", target.client_ca);
    for (const auto* key : {"certificates", "client_ca", "ocsp_staple"})
        if (tls.has(key) && !tls.has("certificate")) tls.error(key, "needs tls.certificate");
    tls.choice<Tls::Version>("minimum_version", target.minimum_version,
                             {{"1.2", Tls::Version::tls1_2}, {"1.3", Tls::Version::tls1_3}});
}

void read_listeners(const Section& top, const Section& tls, Config& config) {
    constexpr std::string_view network = "an IP address or network (CIDR)";
    read_networks(top, "trusted_proxies", network, config.trusted_proxies);
    read_networks(top, "xclient_hosts", network, config.xclient_hosts);
    for (const auto& item : top.sections("listeners")) {
        Listener listener;
        item.require("address");
        item.value("address", listener.address, parse_socket_address,
                   "an IP address with a port (like 0.0.0.0:25 or [::]:25)");
        item.choice<ListenerTls>("tls", listener.tls,
                                 {{"off", ListenerTls::off},
                                  {"starttls", ListenerTls::starttls},
                                  {"required", ListenerTls::required},
                                  {"implicit", ListenerTls::implicit}});
        if (!tls.has("certificate") && listener.tls != ListenerTls::off) {
            // Asked for in so many words, it must not silently be missing; as a default it may.
            if (item.has("tls")) item.error("tls", "needs tls.certificate and tls.private_key");
            listener.tls = ListenerTls::off;
        }
        item.boolean("proxy_protocol", listener.proxy_protocol);
        if (listener.proxy_protocol && config.trusted_proxies.empty())
            item.error("proxy_protocol", "needs trusted_proxies: whose header is to be believed?");
        const bool is_known =
            std::any_of(config.listeners.begin(), config.listeners.end(), [&](const Listener& earlier) {
                return earlier.address.address == listener.address.address &&
                       earlier.address.port == listener.address.port;
            });
        if (is_known && listener.address.port != 0)
            item.error("address", "is the address of an earlier listener");
        config.listeners.push_back(listener);
    }
    if (config.listeners.empty()) {
        Listener everywhere;
        everywhere.address.port = 25;
        if (!tls.has("certificate")) everywhere.tls = ListenerTls::off;
        config.listeners.push_back(everywhere);
    }
    if (!tls.has("certificate"))
        tls.warn("", "no certificate is given, so STARTTLS is not offered and mail travels in the clear");
}

namespace {

// nullopt: neither; a nullopt in it: auto.
std::optional<std::optional<std::size_t>> auto_or_count(std::string_view text) {
    if (text == "auto") return std::make_optional(std::optional<std::size_t>());
    const auto count = ascii::parse_decimal<std::size_t>(text, std::to_string(max_count).size());
    if (!count || *count > max_count) return std::nullopt;
    return std::make_optional(count);
}

}  // namespace

void read_limits(const Section& limits, Limits& target) {
    limits.size("message_size", target.message_size, kib, max_message_size);
    limits.size("header_size", target.header_size, kib, max_header_size);
    limits.number("header_fields", target.header_fields, 10, max_header_fields);
    limits.size("memory", target.memory, mib, max_memory);
    limits.number("recipients", target.recipients, 1, max_count);
    limits.number("connections", target.connections, 1, max_count);
    limits.number("connections_per_client", target.connections_per_client, 1, max_count);
    limits.value("connections_per_network", target.connections_per_network, auto_or_count,
                 "auto or a number from 0 to " + std::to_string(max_count));
    read_rates(limits.section("client_rates"), target.client_rates);
    read_rates(limits.section("network_rates"), target.network_rates);
    limits.number("messages_per_connection", target.messages_per_connection, 1, max_count);
    limits.number("errors_per_connection", target.errors_per_connection, 1, max_count);
    limits.duration("command_timeout", target.command_timeout, seconds(1), hours(1));
    limits.duration("data_timeout", target.data_timeout, seconds(1), hours(1));
    limits.duration("early_talker_delay", target.early_talker_delay, milliseconds(0), max_greeting_delay);
    if (target.recipients < rfc_recipients)
        limits.warn("recipients", "RFC 5321 section 4.5.3.1.8 wants at least 100");
    if (target.memory < target.message_size && (limits.has("memory") || limits.has("message_size")))
        limits.error("memory", "is smaller than message_size: no message of that size could be taken");
}

namespace {

// Records inline, and files of them; each mistake is told at its place.
void read_overrides(const Section& dns, std::vector<std::string>& records) {
    struct Place {
        Position position;
        std::string in_file;  // "PATH line N: "
    };
    std::vector<Place> places;
    for (const Section::TextOrFile& item : dns.texts_or_files("overrides")) {
        if (item.file.empty()) {
            records.push_back(item.text);
            places.push_back({item.position, {}});
            continue;
        }
        const auto in_line = [&](std::size_t line) {
            return item.file + " line " + std::to_string(line) + ": ";
        };
        dns::ZoneFile file = dns::read_zone_file(item.text);
        for (const dns::ZoneFile::Error& error : file.errors)
            dns.error_at(item.position, "overrides", in_line(error.line) + error.text);
        for (dns::ZoneFile::Record& record : file.records) {
            records.push_back(std::move(record.text));
            places.push_back({item.position, in_line(record.line)});
        }
    }
    for (const auto& mistake : dns::make_local_zone(records).errors)
        dns.error_at(places[mistake.line].position, "overrides", places[mistake.line].in_file + mistake.text);
}

}  // namespace

void read_dns(const Section& dns, dns::ResolverOptions& target) {
    dns.list("servers", target.servers, parse_dns_server,
             "an IP address with or without a port, or tls://ADDRESS:PORT#NAME");
    dns.duration("timeout", target.timeout, milliseconds(100), minutes(1));
    dns.number("cache_entries", target.cache_entries, 0, max_cache_entries);
    read_overrides(dns, target.overrides);
}

void read_relay(const Section& top, const std::filesystem::path& folder, Relay& target) {
    const Section relay = top.section("relay");
    if (!top.has("relay")) return top.require("relay.to");
    relay.require("to");
    relay.number("connections", target.connections, 1, max_count);
    relay.choice<bool>("send_xforward", target.send_xforward, {{"auto", true}, {"off", false}});
    std::vector<std::string> texts;
    const auto places = relay.list(
        "to", texts, [](std::string_view text) { return std::optional<std::string>(text); }, "a destination");
    std::string problem;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const std::string_view text = texts[i];
        if (text.starts_with("maildir:")) {
            const auto path = text.substr(std::string_view("maildir:").size());
            if (path.empty())
                relay.error_at(places[i], "to", "maildir: without a path");
            else
                target.to.emplace_back(MaildirDestination{(folder / path).lexically_normal()});
        } else if (auto destination = parse_server_destination(text, problem)) {
            target.to.emplace_back(std::move(*destination));
        } else {
            relay.error_at(places[i], "to", problem);
        }
    }
    read_relay_tls(relay, target);
    if (relay.has_empty("to")) relay.error("to", "at least one destination is needed");
    const bool has_maildir =
        std::any_of(target.to.begin(), target.to.end(), [](const Destination& destination) {
            return std::holds_alternative<MaildirDestination>(destination);
        });
    if (has_maildir && texts.size() > 1)
        relay.error("to", "a Maildir stands alone: mail that went into it could not be found elsewhere");
}

void read_reports(const Section& reports, Config& config) {
    config.reports.organization = config.hostname;
    if (!config.domains.empty()) config.reports.email = "postmaster@" + config.domains.front().text();
    reports.text("organization", config.reports.organization);
    reports.value(
        "email", config.reports.email,
        [](std::string_view text) {
            return is_mail_address(text) ? std::optional<std::string>(text) : std::nullopt;
        },
        "a mail address");
}

void read_history(const Section& history, History& target) {
    // A day's report is sent on the day after it.
    history.duration("keep", target.keep, std::chrono::days(2), std::chrono::days(36'500));
    history.size("max_size", target.max_size, 1024 * 1024, std::numeric_limits<std::size_t>::max());
}

void read_http(const Section& http, Http& target) {
    target.address = parse_socket_address("127.0.0.1:8025");
    SocketAddress address = *target.address;
    http.value("address", address, parse_socket_address, "an IP address with a port (like 127.0.0.1:8025)");
    target.address = address;
    http.secret("token", target.token);
    if (!can_be_sent(target.token))
        http.error("token",
                   "no client can send it: it begins or ends with a blank, or holds a line end or another "
                   "control character");
    if (target.token.starts_with('/') && !http.has_mapping("token"))
        http.warn("token", "begins like a path; for what a file holds write {file: PATH}");
    if (!address.address.is_loopback() && !http.has("token"))
        http.error("address", "not a loopback address: http.token is required");
}

void read_process(const Section& process, Process& target) {
    process.text("user", target.user);
    process.text("group", target.group);
    if (process.has("group") && !process.has("user")) process.error("group", "needs process.user");
    process.number("workers", target.workers, 0, max_workers);
}

void read_log(const Section& log, Log& target) {
    log.choice<Log::Level>("level", target.level,
                           {{"debug", Log::Level::debug},
                            {"info", Log::Level::info},
                            {"warning", Log::Level::warning},
                            {"error", Log::Level::error}});
    log.choice<Log::Format>("format", target.format,
                            {{"text", Log::Format::text}, {"json", Log::Format::json}});
}

}  // namespace gatepost::config
