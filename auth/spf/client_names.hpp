// The validated names of the client (RFC 7208 §5.5), for ptr and %{p}: PTR names whose own addresses lead
// back to the client. Names are validated only when the answer depends on them, each at most once a check, so
// that a record full of ptr and %{p} costs no more than one PTR lookup and the first ten names.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace gatepost::auth::spf {

class ClientNames {
  public:
    // `max_names`: more PTR records are ignored (RFC 7208 §4.6.4). `resolver` outlives this.
    ClientNames(dns::IpAddress client, dns::Resolver& resolver, unsigned max_names)
        : client_(client), resolver_(resolver), max_names_(max_names) {}

    enum class Found {
        no,
        yes,
        unknown,  // no, but a lookup on the way failed
    };
    // Is some validated name `domain` or below it?
    boost::asio::awaitable<Found> any_within(dns::DomainName domain);

    struct Name {
        std::string text = "unknown";  // RFC 7208 §7.3: where there is no validated name
        bool certain = true;           // false: a lookup on the way failed
    };
    // %{p} (RFC 7208 §7.3): `domain` itself if it is among them, else a name below it, else any.
    boost::asio::awaitable<Name> best_for(dns::DomainName domain);

    // The PTR records were asked for.
    bool asked() const { return asked_; }
    // They were, and there are none (RFC 7208 §4.6.4: a void lookup).
    bool absent() const { return absent_; }

  private:
    enum class State { unchecked, validated, refuted, failed };
    struct Candidate {
        dns::DomainName name;
        State state = State::unchecked;
    };

    boost::asio::awaitable<void> ask();
    boost::asio::awaitable<State> validate(std::size_t index);

    dns::IpAddress client_;
    dns::Resolver& resolver_;
    unsigned max_names_;
    bool asked_ = false;
    bool absent_ = false;
    bool ptr_failed_ = false;
    std::vector<Candidate> candidates_;
};

}  // namespace gatepost::auth::spf
