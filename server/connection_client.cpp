// Who the client of a connection is, where a proxy or a trusted host says it: the PROXY header before the
// first octet, and XCLIENT. The connection itself is in connection.cpp.
#include "server/connection.hpp"
#include "server/log.hpp"
#include "server/smtp/proxy_header.hpp"

#include "policy/condition.hpp"

#include <optional>
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
        std::string_view read = input_;
        status = header.read(read);
    }
    input_.clear();
    deadline_.clear();
    if (status != Status::done) open_ = false;
    client_known_ = header.client().has_value();
    LogEntry entry(open_ ? "proxied" : "proxy_header_refused", open_ ? LogLevel::debug : LogLevel::info);
    entry.with("sid", session_id_).with("proxy", client_.text()).with_some("problem", header.fault());
    if (client_known_) entry.with("client", header.client()->text());
    services_.log.write(entry);
    if (!open_ || !client_known_ || become(*header.client())) co_return;
    open_ = false;
    if (tls_ != config::ListenerTls::implicit) output_ += too_many_connections().wire();
}

// The connection counts as the client's from now on, within its limit.
bool Connection::become(const dns::IpAddress& client) {
    const std::size_t limit = runtime_->config.limits.connections_per_client;
    if (services_.connections.move(client_, client, limit)) {
        client_ = client;
        return true;
    }
    LogEntry entry("connection_refused");
    entry.with("sid", session_id_).with("client", client.text()).with("by", "limits.connections_per_client");
    services_.log.write(entry);
    return false;
}

// Who the client is, is known now, or known anew: what others say of it is asked for.
void Connection::look_into_client() {
    standing_.reset();
    if (!client_known_ || runtime_->config.policy.dnsbl.empty()) return;
    standing_ = std::make_unique<ClientStanding>(services_, runtime_, client_, session_id_);
}

smtp::Action Connection::change_client(const smtp::XclientAttributes& attributes) {
    LogEntry entry("xclient");
    entry.with("sid", session_id_).with("host", client_.text());
    if (attributes.address) entry.with("client", attributes.address->text());
    services_.log.write(entry);
    if (attributes.address || attributes.address_unavailable) client_known_ = attributes.address.has_value();
    if (!attributes.address || become(*attributes.address)) {
        look_into_client();
        return session_.on_client_changed(std::nullopt);
    }
    return session_.on_client_changed(too_many_connections());
}

}  // namespace gatepost::server
