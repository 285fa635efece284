// What a connection makes of its client: who it is, where a proxy or a trusted host says so (the PROXY header
// before the first octet, XCLIENT), and what comes of speaking out of turn or of too many errors. The
// connection itself is in connection.cpp.
#include "server/connection.hpp"
#include "server/connection_bounds.hpp"
#include "server/hidden_clients_lookup.hpp"
#include "server/log.hpp"
#include "server/smtp/proxy_header.hpp"
#include "server/trace_fields.hpp"

#include "policy/address_form.hpp"
#include "policy/condition.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server {
namespace asio = boost::asio;
using namespace std::chrono_literals;
namespace {

constexpr auto proxy_header_time = 10s;  // PROXY protocol §2: at least 3 s

smtp::Reply too_many_connections() {
    return smtp::Reply(421, "4.7.0", "too many connections, try again later");
}

}  // namespace

// The socket's own peer is asked, and never who a PROXY header or XCLIENT speaks of: otherwise a client could
// make itself one of our machines (PRODUCT.md, xclient_hosts).
smtp::OfferedExtensions Connection::offered_to(const Accepted& accepted) const {
    smtp::OfferedExtensions offered = services_.offered_extensions();
    // RFC 8689 §4.2.1: the next hop's name and certificate must have been verified.
    offered.requiretls = offered.requiretls && runtime_->config.relay.tls == config::RelayTls::required;
    offered.xclient =
        !accepted.proxied && policy::any_contains(runtime_->config.xclient_hosts, accepted.peer);
    return offered;
}

// Who the client is stands before its first octet, and before the greeting (PROXY protocol §2). Nothing
// behind the header is read: it may be a handshake.
asio::awaitable<void> Connection::read_proxy_header() {
    smtp::ProxyHeaderReader header;
    using Status = smtp::ProxyHeaderReader::Status;
    Status status = Status::need_more;
    deadline_.expires_after(proxy_header_time);
    boost::system::error_code error;
    while (!error && status == Status::need_more) {
        input_.clear();
        co_await stream_->read(input_, header.wanted(), error);
        std::string_view read = input_.unread();
        status = header.read(read);
    }
    input_.clear();
    deadline_.clear();
    if (status != Status::done) open_ = false;
    client_known_ = header.client().has_value();
    LogEntry entry(open_ ? "proxied" : "proxy_header_refused", open_ ? LogLevel::debug : LogLevel::info);
    entry.with("sid", session_id_).with("proxy", client_.text()).with_some("problem", header.fault());
    if (client_known_) entry.with("client", header.client()->text());
    services_.log.write_bounded(entry, client_, Log::some_lines);
    if (!open_ || !client_known_ || become(*header.client())) co_return;
    open_ = false;
    if (tls_ != config::ListenerTls::implicit) output_ += too_many_connections().wire();
}

// The connection counts as the client's from now on, within its limits.
bool Connection::become(const dns::IpAddress& client) {
    const ConnectionLimits::Bounds bounds =
        bounds_of_client(runtime_->config, client, services_.clients.hidden.is_hidden(client));
    const std::string limit = services_.clients.refuse_connection(runtime_->config, client);
    const std::string_view full =
        limit.empty() ? limit_reached(services_.connections.move(client_, client, bounds)) : limit;
    if (full.empty()) {
        client_ = client;
        return true;
    }
    services_.metrics.count_client(ClientEvent::connection_refused);
    LogEntry entry("connection_refused");
    entry.with("sid", session_id_).with("client", client.text()).with("by", full);
    services_.log.write_bounded(entry, client, Log::one_line);
    return false;
}

// Who the client is, is known now, or known anew: what others say of it is asked for.
void Connection::look_into_client() {
    standing_.reset();
    if (!client_known_) return;
    tell_hidden_clients(services_,
                        services_.clients.hidden.connected(client_, std::chrono::steady_clock::now()));
    if (runtime_->config.policy.dnsbl.empty() || services_.clients.hidden.is_hidden(client_)) return;
    standing_ = std::make_unique<ClientStanding>(services_, runtime_, client_, session_id_);
}

// Asked at MAIL, when HELO has given the last name that it gives.
bool Connection::is_client_hidden() {
    HiddenClients& hidden = services_.clients.hidden;
    const auto& name = session_.helo_domain();
    if (name && hidden.wants_name(client_, *name, std::chrono::steady_clock::now()))
        asio::co_spawn(services_.executor, ask_for_helo_name(services_, client_, *name), asio::detached);
    return hidden.is_hidden(client_);
}

smtp::Action Connection::change_client(const smtp::XclientAttributes& attributes) {
    LogEntry entry("xclient");
    entry.with("sid", session_id_).with("host", client_.text());
    if (attributes.address) entry.with("client", attributes.address->text());
    services_.log.write_bounded(entry, attributes.address.value_or(client_), Log::some_lines);
    // The certificate is the host's that speaks, and not the client's that it speaks of: one that was shown
    // already, and one that STARTTLS will bring.
    spoken_for_ = true;
    tls_client_ = nullptr;
    if (attributes.names_client()) client_known_ = attributes.address.has_value();
    if (!attributes.address || become(*attributes.address)) {
        look_into_client();
        return session_.on_client_changed(std::nullopt);
    }
    return session_.on_client_changed(too_many_connections());
}

void Connection::tell(ClientEvent event) {
    services_.metrics.count_client(event);
    LogEntry entry(to_string(event));
    entry.with("sid", session_id_).with("client", client_.text()).with_some("helo", session_.helo());
    services_.log.write_bounded(entry, client_, Log::one_line);
}

// What is known of a client that has not sent its mail yet.
policy::Facts Connection::client_facts() const {
    policy::Facts facts;
    facts.client_ip = client_;
    facts.client_hidden = services_.clients.hidden.is_hidden(client_);
    facts.helo = session_.helo();
    facts.tls_client = tls_client_;
    facts.today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
    return facts;
}

// The session lives in this connection, and asks while it reads a command. A client that the host before us
// does not know is nobody's machine.
smtp::ClientLeave Connection::client_leave() const {
    smtp::ClientLeave leave;
    leave.forgiven_by = [this](policy::Forgiven what, std::string_view mail_from) {
        if (!client_known_) return std::optional<std::string>();
        policy::Facts facts = client_facts();
        facts.mail_from = mail_from;
        return policy::address_form_forgiven_by(what, facts, runtime_->config.policy);
    };
    leave.name_of_nameless = [this] {
        const bool own =
            client_known_ && policy::is_own_client(client_facts(), runtime_->config.policy.own_networks);
        return own ? address_literal(client_) : std::string();
    };
    return leave;
}

// limits.early_talker_delay: whether this client must speak in its turn.
bool Connection::waits_for_its_turn() const {
    const config::Config& config = runtime_->config;
    if (config.limits.early_talker_delay == 0ms) return false;
    const auto& exemptions = config.policy.exemptions;
    return !client_known_ || policy::find_client_exemption(exemptions, policy::Forgiven::early_talker,
                                                           client_facts()) == nullptr;
}

// RFC 5321 §4.3.1: the sender waits for the greeting. What a handshake left unread is the client's too.
asio::awaitable<void> Connection::greet() {
    bool early = false;
    if (waits_for_its_turn()) {
        boost::system::error_code ignored;
        asio::steady_timer timer(services_.executor, runtime_->config.limits.early_talker_delay);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        early = open_ && stream_->has_input();
    }
    smtp::Action greeting = early
                                ? session_.turn_away(smtp::Reply(
                                      554, "", runtime_->config.hostname + " You spoke before the greeting"))
                                : session_.greet();
    if (early) tell(ClientEvent::early_talker);
    co_await perform(std::move(greeting));
}

// RFC 2920 §3.1. What is behind such a line is the rest of a script that looks at no reply: none of it is
// carried out.
smtp::SendReply Connection::turn_away_out_of_step() {
    tell(ClientEvent::unauthorized_pipelining);
    return session_.turn_away(
        smtp::Reply(554, "5.5.0", "Commands came before the reply that they must wait for"));
}

}  // namespace gatepost::server
