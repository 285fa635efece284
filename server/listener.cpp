#include "server/listener.hpp"

#include "server/connection_bounds.hpp"
#include "server/log.hpp"
#include "server/socket_address.hpp"

#include "policy/condition.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gatepost::server {
namespace asio = boost::asio;
using asio::ip::tcp;
namespace {

constexpr int accepts_at_a_time = 64;                   // local: then other listeners have their turn
constexpr auto pause = std::chrono::milliseconds(200);  // local: when the process has no descriptors left

// One reply into the socket's empty buffer, without waiting for anything.
void turn_away(int socket, std::string_view reply) {
    [[maybe_unused]] const ssize_t sent =
        ::send(socket, reply.data(), reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::close(socket);
}

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& own, Shared& all, std::vector<std::unique_ptr<Worker>>& pool)
        : shared(all), workers(pool), acceptor(own), retry(own) {}

    void wait() {
        acceptor.async_wait(tcp::acceptor::wait_read,
                            [self = shared_from_this()](boost::system::error_code error) {
                                if (!error) self->accept_some();
                            });
    }

    void accept_some() {
        for (int i = 0; i < accepts_at_a_time; ++i) {
            sockaddr_storage peer{};
            socklen_t length = sizeof peer;
            const int socket = ::accept4(acceptor.native_handle(), reinterpret_cast<sockaddr*>(&peer),
                                         &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket >= 0) {
                paused = false;
                admit(socket, peer);
                continue;
            }
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                return pause_accepting(std::strerror(errno));
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            // A connection that died in the queue: the next one.
        }
        wait();
    }

    // Accepting would fail again at once, for ever: wait until sessions have ended. The kernel's queue is
    // bounded.
    void pause_accepting(std::string_view why) {
        if (!paused) {
            LogEntry entry("accept_paused", LogLevel::warning);
            entry.with("error", why);
            shared.log.write_bounded(entry, dns::IpAddress(), Log::one_line);
        }
        paused = true;
        retry.expires_after(pause);
        retry.async_wait([self = shared_from_this()](boost::system::error_code error) {
            if (!error) self->wait();
        });
    }

    void admit(int socket, const sockaddr_storage& address) {
        const dns::IpAddress peer = address_of(address);
        const RuntimePtr runtime = shared.runtime.get();
        if (proxied && !policy::any_contains(runtime->config.trusted_proxies, peer)) {
            log_refusal(peer, "trusted_proxies");
            ::close(socket);
            return;
        }
        // Its clients are counted once it has named them.
        const bool is_of_others = proxied || policy::any_contains(runtime->config.xclient_hosts, peer);
        const ConnectionLimits::Bounds bounds =
            is_of_others ? bounds_of_proxy(runtime->config)
                         : bounds_of_client(runtime->config, peer, shared.clients.hidden.is_hidden(peer));
        const std::string limit = is_of_others ? "" : shared.clients.refuse_connection(runtime->config, peer);
        const std::string_view full =
            limit.empty() ? limit_reached(shared.connections.enter(peer, bounds)) : limit;
        if (!full.empty()) {
            shared.metrics.worker(0).count_client(ClientEvent::connection_refused);
            log_refusal(peer, full);
            return turn_away(socket, "421 4.7.0 too many connections, try again later\r\n");
        }
        const auto least = std::min_element(workers.begin(), workers.end(), [](const auto& a, const auto& b) {
            return a->sessions() < b->sessions();
        });
        (*least)->adopt({socket, address.ss_family == AF_INET6, peer, tls, proxied});
    }

    void log_refusal(const dns::IpAddress& peer, std::string_view by) {
        LogEntry entry("connection_refused");
        entry.with("client", peer.text()).with("by", by);
        shared.log.write_bounded(entry, peer, Log::one_line);
    }

    Shared& shared;
    std::vector<std::unique_ptr<Worker>>& workers;
    tcp::acceptor acceptor;
    asio::steady_timer retry;
    config::ListenerTls tls = config::ListenerTls::starttls;
    bool proxied = false;
    bool paused = false;  // and told so
};

Listener::Listener(asio::io_context& context, Shared& shared, std::vector<std::unique_ptr<Worker>>& workers,
                   const config::Listener& settings, ListeningSocket socket)
    : impl_(std::make_shared<Impl>(context, shared, workers)) {
    impl_->tls = settings.tls;
    impl_->proxied = settings.proxy_protocol;
    const bool v6 = settings.address.address.is_v6();
    impl_->acceptor.assign(v6 ? tcp::v6() : tcp::v4(), socket.descriptor());
    socket.release();
}

Listener::~Listener() {
    close();
}

void Listener::start() {
    impl_->wait();
}

void Listener::close() {
    boost::system::error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->retry.cancel();
}

}  // namespace gatepost::server
