// An uncached question against the bare exchange that it cannot do without: one datagram out and one in over
// a socket on a fresh random port, a query built by ldns and a reply parsed by it. The server is a thread of
// its own, whose CPU time is not counted. The bound: at most 1.5 times (CPU).
#include "tests/bench/coroutine_loop.hpp"

#include "dns/stub_resolver.hpp"

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <ldns/ldns.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

namespace gatepost::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

const std::string asked = "selector1._domainkey.mail.example.org";
const std::string text = "v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

// Answers every query with one TXT record and an OPT record, from octets put together once.
class Server {
  public:
    Server()
        : socket_(context_, udp::endpoint(asio::ip::address_v4::loopback(), 0)),
          thread_([this] { serve(); }) {}
    ~Server() {
        ended_ = true;
        udp::socket waker(context_, udp::v4());
        waker.send_to(asio::buffer("", 1), socket_.local_endpoint());
        thread_.join();
    }
    udp::endpoint endpoint() const { return socket_.local_endpoint(); }

  private:
    void serve() {
        std::array<std::uint8_t, 2048> buffer{};
        const std::size_t question_end = 12 + asked.size() + 2 + 4;
        while (!ended_) {
            udp::endpoint client;
            const std::size_t size = socket_.receive_from(asio::buffer(buffer), client);
            if (size < question_end) continue;
            std::vector<std::uint8_t> reply(buffer.begin(),
                                            buffer.begin() + static_cast<std::ptrdiff_t>(question_end));
            reply[2] = 0x81;
            reply[3] = 0x80;
            reply[7] = 1;   // one answer
            reply[11] = 1;  // OPT
            const std::uint8_t head[] = {0xc0,
                                         12,
                                         0,
                                         16,
                                         0,
                                         1,
                                         0,
                                         0,
                                         1,
                                         44,
                                         0,
                                         static_cast<std::uint8_t>(text.size() + 1),
                                         static_cast<std::uint8_t>(text.size())};
            reply.insert(reply.end(), std::begin(head), std::end(head));
            reply.insert(reply.end(), text.begin(), text.end());
            const std::uint8_t opt[] = {0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0};
            reply.insert(reply.end(), std::begin(opt), std::end(opt));
            socket_.send_to(asio::buffer(reply), client);
        }
    }

    asio::io_context context_;
    udp::socket socket_;
    std::atomic<bool> ended_{false};
    std::thread thread_;
};

std::vector<std::uint8_t> build_by_ldns(const std::string& question, std::uint16_t id) {
    ldns_pkt* query = ldns_pkt_query_new(ldns_dname_new_frm_str(question.c_str()), LDNS_RR_TYPE_TXT,
                                         LDNS_RR_CLASS_IN, LDNS_RD);
    ldns_pkt_set_id(query, id);
    ldns_pkt_set_edns_udp_size(query, 1232);
    std::uint8_t* octets = nullptr;
    std::size_t size = 0;
    const bool built = ldns_pkt2wire(&octets, query, &size) == LDNS_STATUS_OK;
    std::vector<std::uint8_t> wire(octets, octets + (built ? size : 0));
    std::free(octets);
    ldns_pkt_free(query);
    return wire;
}

bool parse_by_ldns(const std::uint8_t* octets, std::size_t size) {
    ldns_pkt* reply = nullptr;
    if (ldns_wire2pkt(&reply, octets, size) != LDNS_STATUS_OK) return false;
    const bool answered = ldns_rr_list_rr_count(ldns_pkt_answer(reply)) == 1;
    ldns_pkt_free(reply);
    return answered;
}

dns::ServerAddress address_of(const Server& server) {
    dns::ServerAddress address;
    address.address = *dns::IpAddress::parse("127.0.0.1");
    address.port = server.endpoint().port();
    return address;
}

void bare_exchange(benchmark::State& state) {
    Server server;
    asio::io_context context{1};
    dns::SystemRandomSource system_random;
    dns::BufferedRandomSource random(system_random);
    std::array<std::uint8_t, 1232> buffer{};
    auto once = [&]() -> asio::awaitable<void> {
        udp::socket socket(context, udp::v4());
        boost::system::error_code taken;
        do {
            const std::uint16_t port = static_cast<std::uint16_t>(random.draw_16_bits() | 1024U);
            socket.bind(udp::endpoint(udp::v4(), port), taken);
        } while (taken);
        socket.connect(server.endpoint());
        const std::vector<std::uint8_t> query = build_by_ldns(asked, random.draw_16_bits());
        socket.send(asio::buffer(query));
        const std::size_t size = co_await socket.async_receive(asio::buffer(buffer), asio::use_awaitable);
        if (!parse_by_ldns(buffer.data(), size)) state.SkipWithError("no reply");
    };
    run_loop(state, context, once);
}
BENCHMARK(bare_exchange);

void stub_resolver(benchmark::State& state) {
    Server server;
    asio::io_context context{1};
    dns::SystemRandomSource random;
    dns::ResolverOptions options;
    options.servers.push_back(address_of(server));
    dns::StubResolver resolver(context.get_executor(), options, random);
    const dns::DomainName question = name(asked);
    auto once = [&]() -> asio::awaitable<void> {
        const dns::AnswerPtr answer = co_await resolver.query(question, dns::RrType::txt);
        if (!answer->found()) state.SkipWithError("no answer");
    };
    run_loop(state, context, once);
}
BENCHMARK(stub_resolver);

}  // namespace
}  // namespace gatepost::bench
