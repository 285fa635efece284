#include "dns/server_abilities.hpp"

#include "dns/name_case.hpp"

#include <array>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;

constexpr auto disadvantage_time = 15min;  // local: an upgraded server is treated well soon
constexpr auto good_time = 1h;             // local: what a server could, it can, unless it shows otherwise
constexpr auto client_cookie_time = 24h;   // RFC 7873 §7.1: to be changed daily
constexpr auto server_cookie_time = 1h;    // RFC 9018 §4.3: the time that servers take an old one for good
constexpr unsigned replies_needed = 3;     // see the header
constexpr unsigned plain_answers_needed = 2;  // local: one lost datagram looks the same

// Whether a reply that may be forged is the one that is believed, see the header; counts them.
bool believed(ServerAbilities::Way way, unsigned& count) {
    if (way == ServerAbilities::Way::udp_among_others) {
        count = 0;
        return false;
    }
    if (way == ServerAbilities::Way::udp_alone && ++count < replies_needed) return false;
    count = 0;
    return true;
}

}  // namespace

EdnsUse ServerAbilities::edns_use(Time now) const {
    if (now < no_edns_until_) return EdnsUse::no;
    return now < edns_until_ ? EdnsUse::yes : EdnsUse::unsure;
}

Cookie ServerAbilities::cookie(Time now, RandomSource& random) {
    if (!cookie_ || now >= client_until_) {
        std::array<std::uint8_t, Cookie::client_octets> client{};
        random.fill(client);
        cookie_ = Cookie::read(client);
        client_until_ = now + client_cookie_time;
        server_until_ = Time();
    } else if (cookie_->has_server_part() && now >= server_until_) {
        cookie_ = Cookie::read(cookie_->octets().first(Cookie::client_octets));
    }
    return *cookie_;
}

void ServerAbilities::on_options(const Query& query, const ReplyOptions& options, Time now) {
    if (query.edns) edns_until_ = now + good_time;
    if (!options.edns) return;
    opt_until_ = now + good_time;
    no_edns_until_ = Time();
    plain_answers_ = 0;
}

CookieCheck ServerAbilities::check_cookie(const Query& query, const ReplyOptions& options, Way way,
                                          Time now) {
    if (!query.edns || !query.cookie) return CookieCheck::fine;
    if (options.broken || (options.cookie && !options.cookie->same_client(*query.cookie)))
        return CookieCheck::wrong;
    if (!options.cookie) {
        if (believed(way, without_cookie_)) server_until_ = Time();
        return now < server_until_ ? CookieCheck::missing : CookieCheck::fine;
    }
    without_cookie_ = 0;
    // A reply to a query of yesterday's client cookie teaches nothing.
    if (options.cookie->has_server_part() && cookie_ && cookie_->same_client(*options.cookie)) {
        cookie_ = options.cookie;
        server_until_ = now + server_cookie_time;
    }
    return CookieCheck::fine;
}

void ServerAbilities::on_plain_answer(bool after_format_error, Time now) {
    if (now < opt_until_) return;
    if (!after_format_error && ++plain_answers_ < plain_answers_needed) return;
    plain_answers_ = 0;
    edns_until_ = Time();
    no_edns_until_ = now + disadvantage_time;
}

void ServerAbilities::on_case_kept(const Query& query) {
    if (!tells_case(query.spelling)) return;
    folded_ = 0;
    folds_until_ = Time();
}

void ServerAbilities::on_case_folded(Way way, Time now) {
    if (believed(way, folded_)) folds_until_ = now + disadvantage_time;
}

}  // namespace gatepost::dns
