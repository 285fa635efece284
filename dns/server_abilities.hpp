// What a server has shown to understand: EDNS (RFC 6891), the case of names (name_case.hpp), cookies (RFC
// 7873). Pure; the clock is handed in. Whatever is learned to a server's disadvantage is forgotten after a
// time, and no forger can teach it:
// - That a server folds case, or has cookies no more, is believed of a reply over TCP, which only the server
// can
//   send; or, of a server without TCP, of three UDP replies in a row that were right in all else (peer, port,
//   identifier, question) and came with no other datagram. To a forger who sends one datagram to every port
//   that is 16 bits of identifier each time, 48 together, and one true reply in between starts the count
//   again.
// - That a server knows no EDNS is believed when it answers without what it did not with, and never while it
//   has shown an OPT record.
#pragma once

#include "dns/random_source.hpp"
#include "dns/wire_codec.hpp"

#include <chrono>
#include <optional>

namespace gatepost::dns {

enum class EdnsUse {
    yes,
    unsure,  // it has never answered to it: ask without, too, when it is silent
    no,
};

enum class CookieCheck {
    fine,     // the reply carries our client cookie, or owes none
    missing,  // the server has given cookies before: ask over TCP whether it still does
    wrong,    // another client's, or an illegal one: not from the server (RFC 7873 §5.3)
};

class ServerAbilities {
  public:
    using Time = std::chrono::steady_clock::time_point;

    EdnsUse edns_use(Time now) const;
    bool keeps_case(Time now) const { return now >= folds_until_; }
    // The cookie to send: the server's part in it if it is known. `random` draws the client's part, anew each
    // day (RFC 7873 §4.1: not to be guessed, and another one for each server).
    Cookie cookie(Time now, RandomSource& random);

    // How a reply came.
    enum class Way {
        tcp,        // from the server: no forgery
        udp_alone,  // no other datagram came to the socket before
        udp_among_others,
    };

    // Replies that were read.
    void on_options(const Query& query, const ReplyOptions& options, Time now);
    CookieCheck check_cookie(const Query& query, const ReplyOptions& options, Way way, Time now);

    // An answer to a query without EDNS, after the same question with it met a format error, or silence.
    void on_plain_answer(bool after_format_error, Time now);

    // The spelling of the question came back as it was sent.
    void on_case_kept(const Query& query);
    // It came back folded.
    void on_case_folded(Way way, Time now);

  private:
    Time edns_until_{};     // it has answered to EDNS
    Time opt_until_{};      // it has shown an OPT record
    Time no_edns_until_{};  // it has shown that it knows none
    unsigned plain_answers_ = 0;
    Time folds_until_{};
    unsigned folded_ = 0;
    unsigned without_cookie_ = 0;
    std::optional<Cookie> cookie_;
    Time client_until_{};
    Time server_until_{};  // how long the server's part is sent, and a cookie is due in its replies
};

}  // namespace gatepost::dns
