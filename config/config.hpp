// The whole configuration in types, as PRODUCT.md names it. Each stage declares its own options beside its
// code; what only the server needs is declared here. Immutable once loaded: a reload makes a new one.
#pragma once

#include "policy/settings.hpp"

#include "auth/authentication_options.hpp"

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver_options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gatepost::config {

struct SocketAddress {
    dns::IpAddress address;
    std::uint16_t port = 0;
};

enum class ListenerTls { off, starttls, required, implicit };

struct Listener {
    SocketAddress address;
    ListenerTls tls = ListenerTls::starttls;
    bool proxy_protocol = false;  // a PROXY header comes first, from trusted_proxies alone
};

struct KeyPair {
    std::filesystem::path certificate;       // PEM, the whole chain
    std::string private_key;                 // PEM text, already read from its secret
    std::filesystem::path private_key_file;  // empty: the key stands inline or in the environment

    bool configured() const { return !certificate.empty(); }
};

// A certificate that is shown to clients who ask for one of its names; without names, to all beside the
// default one, where a client knows another kind of key.
struct NamedCertificate : KeyPair {
    std::vector<std::string> names;     // A-labels in lower case, "*." for one label
    std::filesystem::path ocsp_staple;  // DER; empty: none
};

struct Tls : KeyPair {
    std::filesystem::path ocsp_staple;
    std::vector<NamedCertificate> certificates;
    std::filesystem::path client_ca;  // PEM; empty: clients are not asked for certificates
    enum class Version { tls1_2, tls1_3 } minimum_version = Version::tls1_2;
};

// What one client or one network may do within `per`; 0: no limit.
struct Rates {
    std::chrono::milliseconds per{std::chrono::minutes(10)};
    std::size_t connections = 0;
    std::size_t messages = 0;
    std::size_t recipients = 0;
    std::size_t errors = 0;
    friend bool operator==(const Rates&, const Rates&) = default;
};

struct Limits {
    std::size_t message_size = 50 * 1024 * 1024;
    std::size_t header_size = 512 * 1024;
    std::size_t header_fields = 1000;
    std::size_t memory = 512 * 1024 * 1024;
    std::size_t recipients = 100;
    std::size_t connections = 10'000;
    std::size_t connections_per_client = 50;
    // 0: no limit; nullopt: auto, a share of `connections` while these are scarce
    std::optional<std::size_t> connections_per_network;
    Rates client_rates;
    Rates network_rates;
    std::size_t messages_per_connection = 1000;
    std::size_t errors_per_connection = 10;
    std::chrono::milliseconds command_timeout{std::chrono::minutes(5)};
    std::chrono::milliseconds data_timeout{std::chrono::minutes(10)};
    std::chrono::milliseconds early_talker_delay{0};  // 0: greet at once, and forgive who does not wait
};

// A mail server behind.
struct ServerDestination {
    std::string host;  // a name or an address; empty: `socket`
    std::uint16_t port = 25;
    bool lmtp = false;               // RFC 2033
    std::filesystem::path socket{};  // a UNIX stream socket on this machine; it speaks LMTP

    bool is_local() const { return !socket.empty(); }
    // As the configuration writes it, with the port: "mail:25", "lmtp://[2001:db8::1]:24", "unix:/path".
    std::string text() const;
    friend bool operator==(const ServerDestination&, const ServerDestination&) = default;
};
struct MaildirDestination {
    std::filesystem::path path;
    friend bool operator==(const MaildirDestination&, const MaildirDestination&) = default;
};
using Destination = std::variant<ServerDestination, MaildirDestination>;

// off | opportunistic: TLS where it is offered, unverified (RFC 7435) | required: verified, or no mail
enum class RelayTls { off, opportunistic, required };

struct Relay {
    std::vector<Destination> to;    // failover in order; Maildir stands alone
    std::size_t connections = 200;  // to the servers behind, of all workers together
    bool send_xforward = true;      // tell a server that asks for it who the client is
    RelayTls tls = RelayTls::opportunistic;
    std::filesystem::path ca;    // PEM; empty: the system's authorities
    KeyPair client_certificate;  // shown to servers that ask for one
};

struct Http {
    std::optional<SocketAddress> address;  // absent: no HTTP
    std::string token;                     // required where the address is not loopback
};

struct Reports {
    std::string organization;
    std::string email;
};

// Of the state database.
struct History {
    std::chrono::milliseconds keep{std::chrono::days(400)};       // rows of aggregate reports
    std::size_t max_size = std::size_t{10} * 1024 * 1024 * 1024;  // all of it
};

struct Process {
    std::string user;      // whom root becomes once it has bound; empty: it stays
    std::string group;     // empty: that user's own
    unsigned workers = 0;  // 0: one per core
};

struct Log {
    enum class Level { debug, info, warning, error } level = Level::info;
    enum class Format { text, json } format = Format::text;
};

struct Config {
    std::string hostname;
    std::string authserv_id;  // the host name unless given
    std::vector<dns::DomainName> domains;
    std::filesystem::path data_dir = "/var/lib/gatepost";
    std::vector<Listener> listeners;
    std::vector<dns::IpNetwork> trusted_proxies;
    std::vector<dns::IpNetwork> xclient_hosts;
    Tls tls;
    Limits limits;
    dns::ResolverOptions dns;
    Relay relay;
    auth::AuthenticationOptions authentication;
    policy::Settings policy;
    Reports reports;
    History history;
    Http http;
    Process process;
    Log log;
};

}  // namespace gatepost::config
