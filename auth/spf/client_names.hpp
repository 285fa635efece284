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
    struct Within {
        Found found = Found::no;
        bool is_void = false;
    };
    // Is some validated name `domain` or below it? `is_void`, here and below: the DNS has nothing of what was
    // asked for (RFC 7208 §4.6.4): no PTR record, or no address of any of the names that were looked at.
    boost::asio::awaitable<Within> any_within(dns::DomainName domain);

    struct Name {
        std::string text = "unknown";  // RFC 7208 §7.3: where there is no validated name
        bool certain = true;           // false: a lookup on the way failed
        bool is_void = false;
    };
    // %{p} (RFC 7208 §7.3): `domain` itself if it is among them, else a name below it, else any.
    boost::asio::awaitable<Name> best_for(dns::DomainName domain);

    // The PTR records were asked for.
    bool asked() const { return asked_; }

  private:
    enum class State {
        unchecked,
        validated,
        refuted,          // its addresses are others
        without_address,  // NXDOMAIN, or no record of the client's kind of address
        failed,
    };
    struct Candidate {
        dns::DomainName name;
        State state = State::unchecked;
    };

    // What came of the names that one answer rests on.
    struct Addresses {
        bool asked = false;
        bool may_be_there = false;

        void count(State state) {
            asked = true;
            may_be_there = may_be_there || state != State::without_address;
        }
        bool none() const { return asked && !may_be_there; }
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
