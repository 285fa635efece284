#include "auth/dmarc/organizational_domain.hpp"

#include "auth/dmarc/public_suffix.hpp"

#include <utility>

namespace gatepost::auth::dmarc {

OrganizationalDomains::OrganizationalDomains(Discovery method, dns::Resolver& resolver, std::size_t max_walks)
    : method_(method), resolver_(resolver), walks_left_(max_walks) {}

boost::asio::awaitable<const Walk*> OrganizationalDomains::walk_from(dns::DomainName name) {
    if (const auto known = walks_.find(name); known != walks_.end()) co_return &known->second;
    if (walks_left_ == 0) co_return nullptr;
    --walks_left_;
    Walk walk = co_await tree_walk(name, resolver_);
    co_return &walks_.insert_or_assign(name, std::move(walk)).first->second;
}

boost::asio::awaitable<std::optional<dns::DomainName>> OrganizationalDomains::find(dns::DomainName name) {
    if (method_ == Discovery::psl) co_return registrable_domain(name).value_or(name);
    const Walk* walk = co_await walk_from(name);
    if (!walk) co_return name;
    co_return walk->organizational_domain();
}

// RFC 9989 §4.10: from a record without psd on, two walks that come to it ask for the same names, and come to
// the same Organizational Domain at or above it, whatever the answers. A psd further down ends a walk below
// it.
boost::asio::awaitable<Alignment> OrganizationalDomains::shares_beyond(dns::DomainName name,
                                                                       dns::DomainName record_domain) {
    const Walk* walk = co_await walk_from(std::move(name));
    if (!walk) co_return Alignment::no;
    if (walk->record_at(record_domain)) co_return Alignment::yes;
    const bool ended_below = !walk->found.empty() && walk->found.back().parsed.record.psd.has_value();
    co_return ended_below ? Alignment::no : Alignment::unknown;
}

}  // namespace gatepost::auth::dmarc
