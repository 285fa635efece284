// Which server is asked when, and over what: pure, no clock and no I/O. Servers are asked in the order given,
// the next one when the answer of the last is overdue, without giving that up: any answer to any try counts.
// After the last the round begins anew, with doubled patience. One that fails is asked no more for this
// question; the whole ends within one bound (RFC 1035 §7.2 leaves the numbers to us; RFC 7766 §5 for TCP).
#pragma once

#include "dns/server_abilities.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

namespace gatepost::dns {

enum class Transport { udp, tcp };  // tcp: TLS for a server of that kind

// What a question knows of a server when it begins.
struct ServerOutlook {
    std::size_t server = 0;
    bool alive = true;
    bool probe = false;   // dead, but due to be asked once beside the first
    bool stream = false;  // never over UDP
    EdnsUse edns = EdnsUse::yes;
    std::chrono::milliseconds hedge_after{0};  // then the next server is asked as well
    std::chrono::milliseconds retry_after{0};  // then this one is asked again
};

struct QueryStep {
    std::size_t server = 0;
    Transport transport = Transport::udp;
    bool edns = true;
};

enum class StepResult {
    failed,        // the server said that it cannot, is not there, or sent garbage
    truncated,     // ask the same server over TCP (RFC 7766 §5)
    unproven,      // over UDP came what may be forged: ask the same server over TCP (RFC 5452 §9.3)
    format_error,  // ask the same server without EDNS, once (RFC 6891 §7)
    bad_cookie,    // ask the same server once more, then over TCP (RFC 7873 §5.3)
};

class QuerySchedule {
  public:
    // `servers`: in the order in which they are asked; `bound`: for all steps together.
    QuerySchedule(std::vector<ServerOutlook> servers, std::chrono::milliseconds bound);

    // The step that is due when `elapsed` has gone since the beginning; nullopt: none is now. Ask until then.
    std::optional<QueryStep> next(std::chrono::milliseconds elapsed);
    // When next() has to be asked again if nothing is reported; at most the bound.
    std::chrono::milliseconds wake_at() const;
    // No answer can come any more: all servers have failed, or the bound is reached.
    bool over(std::chrono::milliseconds elapsed) const;
    // What a step came to that brought no answer.
    void report(const QueryStep& step, StepResult result, std::chrono::milliseconds elapsed);

  private:
    struct Server {
        explicit Server(const ServerOutlook& known) : outlook(known) {}
        ServerOutlook outlook;
        bool failed = false;
        bool plain = false;         // a format error: no EDNS for this question
        bool fresh_cookie = false;  // it has been asked again with the cookie that it gave
        bool streaming = false;     // the question is on a connection of the server: no datagrams meanwhile
        bool must_stream = false;   // what it said over UDP was truncated
        bool no_stream = false;     // the connection failed, and only a proof was wanted of it
    };
    Server& of(std::size_t server);
    bool waits(const Server& server) const { return server.failed || server.streaming; }
    std::optional<std::size_t> take_turn();
    std::chrono::milliseconds gap_after(std::size_t turn) const;
    void ask_now(const QueryStep& like, Transport transport);
    void report_unproven(Server& server, const QueryStep& step, std::chrono::milliseconds elapsed);
    void fail(Server& server, const QueryStep& step, std::chrono::milliseconds elapsed);

    std::vector<Server> servers_;
    std::chrono::milliseconds bound_;
    std::deque<QueryStep> at_once_;
    std::chrono::milliseconds next_at_{0};
    std::size_t turn_ = 0;
    unsigned round_ = 0;
    unsigned steps_ = 0;
};

}  // namespace gatepost::dns
