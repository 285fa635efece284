#include "server/http/http_server.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <thread>

namespace gatepost::server::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace std::chrono_literals;

// A server on a thread of its own, and clients that block.
class HttpServerTest : public testing::Test {
  protected:
    ~HttpServerTest() override { stop(); }

    void start(HttpLimits limits = {}, std::string token = "") {
        Sources sources;
        sources.reasons_not_ready = [] {
            return std::vector<std::string>();
        };
        sources.metrics = [] {
            return MetricsSnapshot();
        };
        server = std::make_unique<HttpServer>(context, make_routes(std::move(sources), std::move(token), "a"),
                                              limits);
        ListeningSockets sockets;
        std::error_code error;
        server->serve(sockets.open(dns::IpAddress::v4({127, 0, 0, 1}), 0, error));
        ASSERT_FALSE(error);
        ASSERT_NE(server->port(), 0);
        thread = std::thread([this] { context.run(); });
    }

    void stop() {
        server.reset();
        if (thread.joinable()) thread.join();
    }

    tcp::socket connect() {
        tcp::socket socket(clients);
        socket.connect({asio::ip::address_v4::loopback(), server->port()});
        return socket;
    }

    // All that the server sends until it closes.
    static std::string rest(tcp::socket& socket) {
        std::string text;
        boost::system::error_code ignored;
        asio::read(socket, asio::dynamic_buffer(text), ignored);
        return text;
    }

    std::string ask(const std::string& request) {
        tcp::socket socket = connect();
        boost::system::error_code ignored;
        asio::write(socket, asio::buffer(request), ignored);
        return rest(socket);
    }

    // Reads one response that has a body of `body`.
    static std::string read_to(tcp::socket& socket, const std::string& end) {
        std::string text;
        char c = 0;
        while (!text.ends_with(end) && asio::read(socket, asio::buffer(&c, 1)) == 1)
            text += c;
        return text;
    }

    asio::io_context context{1};
    asio::io_context clients;
    std::unique_ptr<HttpServer> server;
    std::thread thread;
};

const std::string health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string last_health = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(HttpServerTest, AnswersByTable) {
    HttpLimits limits;
    limits.idle_time = 200ms;
    start(limits, "s3cret");
    struct Case {
        std::string request;
        const char* status;
        const char* section;
    };
    const Case cases[] = {
        {last_health, "HTTP/1.1 200 ", "PRODUCT: HTTP"},
        {"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200 ", "RFC 9112 §3.2: HTTP/1.0 needs no Host"},
        {"GET /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "RFC 9112 §3.2: no Host"},
        {"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HTTP/1.1 400 ", "RFC 9112 §3.2: two"},
        {"GET /stats HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 401 ", "RFC 6750 §3"},
        {"GET /stats HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer s3cret\r\n\r\n", "HTTP/1.1 200 ", ""},
        {"POST /stats HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405 ",
         "RFC 9110 §15.5.6"},
        {"BREW /stats HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405 ", "RFC 9110 §15.5.6"},
        {"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 ", "a body"},
        {"HEAD /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 400 ", "a body"},
        {"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 ",
         "a body"},
        {"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
         "HTTP/1.1 400 ", "RFC 9112 §6.3"},
        {"nonsense\r\n\r\n", "HTTP/1.1 400 ", "RFC 9112 §3"},
        {"GET  HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", "RFC 9112 §3"},
        {std::string("\x16\x03\x01\x02\x00\x01", 6) + std::string(20, 'x') + "\r\n\r\n", "HTTP/1.1 400 ",
         "TLS spoken to a plain port"},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", "HTTP/1.1 431 ",
         "RFC 6585 §5"},
        {"GET /" + std::string(20'000, 'x'), "HTTP/1.1 431 ", "the limit holds before the line ends"},
    };
    for (const Case& c : cases) {
        const std::string got = ask(c.request);
        EXPECT_TRUE(got.starts_with(c.status)) << c.section << "\n"
                                               << c.request.substr(0, 200) << "\n"
                                               << got;
    }
}

TEST_F(HttpServerTest, SaysHowLongAndWhat) {
    start();
    const std::string got = ask(last_health);
    for (const char* part : {"Content-Type: text/plain; charset=utf-8\r\n", "Content-Length: 3\r\n",
                             "Connection: close\r\n", "X-Content-Type-Options: nosniff\r\n", "\r\n\r\nok\n"})
        EXPECT_NE(got.find(part), std::string::npos) << got;
}

std::string request(const std::string& method, const std::string& path, const std::string& more = "") {
    return method + ' ' + path + " HTTP/1.1\r\nHost: a\r\n" + more + "\r\n";
}

// RFC 9110 §9.3.2: GET's status and fields, Content-Length too, and no content.
TEST_F(HttpServerTest, HeadIsGetWithoutContent) {
    start();
    const std::string close = "Connection: close\r\n";
    for (const char* path : {"/healthz", "/readyz", "/metrics", "/stats", "/nowhere"}) {
        const std::string got = ask(request("GET", path, close));
        const std::size_t content = got.find("\r\n\r\n") + 4;
        ASSERT_LT(content, got.size()) << path;
        EXPECT_NE(got.find("Content-Length: " + std::to_string(got.size() - content) + "\r\n"),
                  std::string::npos)
            << got;
        EXPECT_EQ(ask(request("HEAD", path, close)), got.substr(0, content)) << path;
    }
    const std::string unread = ask(request("HEAD", "/", "X: " + std::string(20'000, 'x') + "\r\n"));
    EXPECT_TRUE(unread.starts_with("HTTP/1.1 431 ")) << unread;
    EXPECT_TRUE(unread.ends_with("\r\n\r\n")) << unread;
    EXPECT_TRUE(ask("HEAD /healthz HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n")) << "400, without Host";
}

// What follows HEAD on its connection is found behind the empty line.
TEST_F(HttpServerTest, HeadKeepsTheConnectionInStep) {
    start();
    const std::string head = request("HEAD", "/healthz");
    tcp::socket socket = connect();
    asio::write(socket, asio::buffer(head + head + health + head + last_health));
    const std::string got = rest(socket);
    std::vector<std::string> contents;
    for (std::size_t at = got.find("HTTP/1.1 200 "); at != std::string::npos;) {
        const std::size_t content = got.find("\r\n\r\n", at) + 4;
        at = got.find("HTTP/1.1 200 ", content);
        contents.push_back(got.substr(content, at == std::string::npos ? at : at - content));
    }
    EXPECT_EQ(contents, (std::vector<std::string>{"", "", "ok\n", "", "ok\n"})) << got;
}

TEST_F(HttpServerTest, KeepsConnectionsAndTakesPipelinedRequests) {
    start();
    tcp::socket socket = connect();
    for (int i = 0; i < 3; ++i) {
        asio::write(socket, asio::buffer(health));
        EXPECT_TRUE(read_to(socket, "ok\n").starts_with("HTTP/1.1 200 "));
    }
    asio::write(socket, asio::buffer(health + health + last_health));
    const std::string got = rest(socket);
    std::size_t responses = 0;
    for (std::size_t at = 0; (at = got.find("HTTP/1.1 200 ", at)) != std::string::npos; ++at)
        ++responses;
    EXPECT_EQ(responses, 3u) << got;
}

TEST_F(HttpServerTest, SplitAtEveryOctet) {
    start();
    for (std::size_t cut = 1; cut < last_health.size(); cut += 7) {
        tcp::socket socket = connect();
        socket.set_option(tcp::no_delay(true));
        asio::write(socket, asio::buffer(last_health.substr(0, cut)));
        std::this_thread::sleep_for(2ms);
        asio::write(socket, asio::buffer(last_health.substr(cut)));
        EXPECT_TRUE(rest(socket).starts_with("HTTP/1.1 200 ")) << cut;
    }
}

TEST_F(HttpServerTest, EndsSlowRequestsAndIdleConnections) {
    HttpLimits limits;
    limits.request_time = 150ms;
    limits.idle_time = 150ms;
    start(limits);
    const auto begin = std::chrono::steady_clock::now();
    tcp::socket idle = connect();
    EXPECT_EQ(rest(idle), "");
    tcp::socket slow = connect();
    boost::system::error_code error;
    for (int i = 0; i < 100 && !error; ++i) {  // an octet at a time does not move the deadline
        asio::write(slow, asio::buffer("G", 1), error);
        std::this_thread::sleep_for(20ms);
    }
    EXPECT_TRUE(error);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
}

TEST_F(HttpServerTest, ANewConnectionTakesTheRoomOfASilentOne) {
    HttpLimits limits;
    limits.connections = 4;
    start(limits);
    std::vector<tcp::socket> held;
    for (int i = 0; i < 4; ++i) {
        held.push_back(connect());
        asio::write(held.back(), asio::buffer(health));
        read_to(held.back(), "ok\n");
    }
    asio::write(held[0], asio::buffer(health));  // no more the one that was silent longest
    EXPECT_NE(read_to(held[0], "ok\n"), "");
    EXPECT_TRUE(ask(last_health).starts_with("HTTP/1.1 200 "));
    EXPECT_EQ(rest(held[1]), "") << "closed";
    asio::write(held[0], asio::buffer(last_health));
    EXPECT_TRUE(rest(held[0]).starts_with("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, WaitsWhileThereAreNoDescriptors) {
    HttpLimits limits;
    limits.accept_pause = 50ms;
    start(limits);
    ASSERT_TRUE(ask(last_health).starts_with("HTTP/1.1 200 "));
    tcp::socket socket(clients, tcp::v4());  // taken while there still are some
    rlimit old_limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &old_limit), 0);
    const int lowest_free = dup(0);
    close(lowest_free);
    rlimit limit = old_limit;
    limit.rlim_cur = static_cast<rlim_t>(lowest_free);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    boost::system::error_code error;
    socket.connect({asio::ip::address_v4::loopback(), server->port()}, error);
    const std::clock_t cpu = std::clock();
    std::this_thread::sleep_for(300ms);
    const double seconds = static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &old_limit), 0);
    ASSERT_FALSE(error) << error.message();
    EXPECT_LT(seconds, 0.15) << "it spins";
    asio::write(socket, asio::buffer(last_health));
    EXPECT_TRUE(rest(socket).starts_with("HTTP/1.1 200 ")) << "it goes on when there are some again";
}

TEST_F(HttpServerTest, StopsWithConnectionsOpen) {
    start();
    tcp::socket idle = connect();
    tcp::socket busy = connect();
    asio::write(busy, asio::buffer(health));
    read_to(busy, "ok\n");
    const std::uint16_t port = server->port();
    stop();
    EXPECT_EQ(rest(idle), "");
    EXPECT_EQ(rest(busy), "");
    tcp::socket late(clients);
    boost::system::error_code error;
    late.connect({asio::ip::address_v4::loopback(), port}, error);
    EXPECT_TRUE(error);
}

}  // namespace
}  // namespace gatepost::server::http
