// The mechanisms of RFC 7208 §5 that need the DNS: does a directive match the client?
#include "auth/spf/evaluation.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>

namespace gatepost::auth::spf {
namespace {

// In the order of preference and name; a hostile answer has thousands, of which no more than `most` are
// sorted.
std::vector<const dns::MxData*> first_exchanges(const dns::Answer& answer, std::size_t most) {
    std::vector<const dns::MxData*> exchanges;
    for (const dns::RecordData& data : answer.records) {
        const auto* mx = std::get_if<dns::MxData>(&data);
        if (mx && !mx->exchange.is_root()) exchanges.push_back(mx);  // RFC 7505 §3: the root has no address
    }
    const auto end = exchanges.begin() + static_cast<std::ptrdiff_t>(std::min(most, exchanges.size()));
    std::partial_sort(exchanges.begin(), end, exchanges.end(),
                      [](const dns::MxData* x, const dns::MxData* y) {
                          return std::tie(x->preference, x->exchange) < std::tie(y->preference, y->exchange);
                      });
    exchanges.erase(end, exchanges.end());
    return exchanges;
}

}  // namespace

boost::asio::awaitable<Evaluation::Match> Evaluation::match(const Directive& directive,
                                                            dns::DomainName domain, Origin origin) {
    const Mechanism mechanism = directive.mechanism;
    if (!begin_term()) co_return Match::permerror;
    dns::DomainName name = domain;
    if (directive.domain_spec) {
        Target target = co_await target_of(*directive.domain_spec, domain);
        if (target.over_limit) co_return Match::permerror;
        if (target.unmatchable) co_return Match::no;
        if (!target.name) {
            // RFC 7208 §4.8 leaves this open: a name that cannot exist has no records; for include, that is
            // a check_host() that gives none (§4.3, §5.2).
            if (mechanism != Mechanism::include) co_return Match::no;
            reason_ = Reason("an include that leads to no domain name", directive.text);
            co_return Match::permerror;
        }
        name = std::move(*target.name);
    }
    switch (mechanism) {
        case Mechanism::include:
            co_return co_await match_include(name);
        case Mechanism::a:
            co_return co_await match_a(directive, name);
        case Mechanism::mx:
            co_return co_await match_mx(directive, name);
        case Mechanism::ptr:
            co_return co_await match_ptr(directive, name, origin);
        default:
            co_return co_await match_exists(name);
    }
}

// RFC 7208 §5.2
boost::asio::awaitable<Evaluation::Match> Evaluation::match_include(dns::DomainName target) {
    const Verdict verdict = co_await check(target, Origin::include);
    switch (verdict.result) {
        case Result::pass:
            co_return Match::yes;
        case Result::temperror:
            co_return Match::temperror;
        case Result::none:
        case Result::permerror:
            co_return Match::permerror;
        default:
            co_return Match::no;
    }
}

// RFC 7208 §5.3
boost::asio::awaitable<Evaluation::Match> Evaluation::match_a(const Directive& directive,
                                                              dns::DomainName target) {
    const dns::RrType type = client_.is_v4() ? dns::RrType::a : dns::RrType::aaaa;
    const dns::AnswerPtr answer = co_await resolver_.query(target, type);
    if (const auto ended = trouble(target, type, *answer)) co_return *ended;
    co_return holds_client(directive, *answer) ? Match::yes : Match::no;
}

// RFC 7208 §5.4. In the order of preference and name, so that the bound on names does not make the result
// depend on how a server shuffles its answers.
boost::asio::awaitable<Evaluation::Match> Evaluation::match_mx(const Directive& directive,
                                                               dns::DomainName target) {
    const dns::AnswerPtr answer = co_await resolver_.query(target, dns::RrType::mx);
    if (const auto ended = trouble(target, dns::RrType::mx, *answer)) co_return *ended;
    const std::vector<const dns::MxData*> exchanges = first_exchanges(*answer, limits_.mx_names + 1);
    const dns::RrType type = client_.is_v4() ? dns::RrType::a : dns::RrType::aaaa;
    unsigned names = 0;
    for (const dns::MxData* exchange : exchanges) {
        const dns::MxData& mx = *exchange;
        if (++names > limits_.mx_names) {
            reason_ = Reason("more than ", target.text()).then(limits_.mx_names).then(" MX names");
            co_return Match::permerror;  // RFC 7208 §4.6.4
        }
        const dns::AnswerPtr addresses = co_await resolver_.query(mx.exchange, type);
        if (const auto ended = trouble(mx.exchange, type, *addresses)) co_return *ended;
        if (holds_client(directive, *addresses)) co_return Match::yes;
    }
    co_return Match::no;
}

// RFC 7208 §5.5
boost::asio::awaitable<Evaluation::Match> Evaluation::match_ptr(const Directive& directive,
                                                                dns::DomainName target, Origin origin) {
    const ClientNames::Within within = co_await client_names_.any_within(target);
    if (within.found == ClientNames::Found::yes) co_return Match::yes;
    if (within.found == ClientNames::Found::unknown)
        doubt(origin == Origin::identity ? directive.qualifier : Result::temperror);
    if (within.is_void && !count_void()) co_return Match::permerror;
    co_return Match::no;
}

// RFC 7208 §5.7: A records, whatever the client's kind of address.
boost::asio::awaitable<Evaluation::Match> Evaluation::match_exists(dns::DomainName target) {
    const dns::AnswerPtr answer = co_await resolver_.query(target, dns::RrType::a);
    if (const auto ended = trouble(target, dns::RrType::a, *answer)) co_return *ended;
    co_return answer->found() ? Match::yes : Match::no;
}

bool Evaluation::holds_client(const Directive& directive, const dns::Answer& answer) const {
    const unsigned prefix = client_.is_v4() ? directive.ip4_prefix : directive.ip6_prefix;
    const dns::IpNetwork around_client(client_, prefix);
    return std::any_of(answer.records.begin(), answer.records.end(), [&](const dns::RecordData& data) {
        const auto* address = std::get_if<dns::IpAddress>(&data);
        return address && around_client.contains(*address);
    });
}

}  // namespace gatepost::auth::spf
