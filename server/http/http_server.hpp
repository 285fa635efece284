// The HTTP endpoint: GET over HTTP/1.1 (RFC 9112), for probes, Prometheus and people. Framing by Beast, in
// the one .cpp; which path answers what is routes.hpp. Time, size and number of connections are bounded, and
// all of it runs on the io_context that it is given, away from mail.
#pragma once

#include "server/http/routes.hpp"
#include "server/listening_sockets.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace gatepost::server::http {

struct HttpLimits {
    // local: what probes and scrapers need, and no more.
    std::size_t connections = 128;  // beyond it the one that was silent longest makes room
    std::uint32_t header_octets = 8 * 1024;
    std::chrono::milliseconds request_time{10'000};  // from the wait for a request to its last octet
    std::chrono::milliseconds idle_time{75'000};     // between requests: longer than scrape intervals
    std::chrono::milliseconds response_time{10'000};
    std::chrono::milliseconds accept_pause{500};  // when the process has no descriptors left
};

class HttpServer {
  public:
    // The context must outlive the server's work: destroy the server, then let the context run dry or stop
    // it.
    HttpServer(boost::asio::io_context& context, Routes routes, HttpLimits limits = {});
    ~HttpServer();  // stop()
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // Accepts from then on.
    void serve(ListeningSocket socket);
    // From the next request on, of open connections too; from any thread.
    void use_token(std::string token);
    std::uint16_t port() const;  // that of the socket; 0 before
    // Closes the listener and every connection, from any thread; returns at once.
    void stop();

  private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace gatepost::server::http
