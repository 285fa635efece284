// DMARC in two steps, so that the DNS is asked as early as its questions are known: discover() needs only the
// author domain and runs while the body still streams; evaluate() joins what SPF and DKIM found.
#pragma once

#include "auth/dkim/result.hpp"
#include "auth/dmarc/result.hpp"
#include "auth/spf/result.hpp"

#include "dns/domain_name.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <vector>

namespace gatepost::auth::dmarc {

// The record that governs an author domain, and its organizational domain (RFC 9989 §4.10).
struct Discovered {
    // temperror: the DNS failed at some step. A record given all the same is the one that applies; without
    // the organizational domain, most of relaxed alignment is open, and with an empty policy_tag it is open
    // whether the author domain exists (`policy` is then the stricter of sp and np).
    Result trouble = Result::none;
    std::optional<Record> record;
    std::optional<dns::DomainName> record_domain;
    std::optional<dns::DomainName> organizational_domain;
    // Where trouble hid that: it is this name or one above (Walk::last_before_trouble).
    std::optional<dns::DomainName> organizational_domain_from;
    Policy policy = Policy::none;
    std::string policy_tag;
    Reason reason;
};

boost::asio::awaitable<Discovered> discover(dns::DomainName author_domain, Discovery method,
                                            dns::Resolver& resolver);

// Identifier alignment (RFC 9989 §4.4, walks of §4.10.2 included) and the result. Trouble that leaves it open
// whether an identifier passes and aligns gives temperror, unless another one already passes.
// `signatures`: every DKIM-Signature, whatever its result. `mail_from`: the MAIL FROM check, never HELO's.
boost::asio::awaitable<Evaluation> evaluate(dns::DomainName author_domain, Discovered discovered,
                                            Discovery method, spf::Check mail_from,
                                            std::vector<dkim::Signature> signatures, dns::Resolver& resolver);

}  // namespace gatepost::auth::dmarc
