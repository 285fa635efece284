#include "auth/dmarc/organizational_domain.hpp"

#include "auth/dmarc/public_suffix.hpp"
#include "auth/dmarc/tree_walk.hpp"

#include <utility>

namespace gatepost::auth::dmarc {

OrganizationalDomains::OrganizationalDomains(Discovery method, dns::Resolver& resolver, std::size_t max_walks)
    : method_(method), resolver_(resolver), walks_left_(max_walks) {}

void OrganizationalDomains::remember(const dns::DomainName& name,
                                     std::optional<dns::DomainName> organizational_domain) {
    known_.emplace(name, std::move(organizational_domain));
}

boost::asio::awaitable<std::optional<dns::DomainName>> OrganizationalDomains::find(dns::DomainName name) {
    if (method_ == Discovery::psl) co_return registrable_domain(name).value_or(name);
    if (const auto known = known_.find(name); known != known_.end()) co_return known->second;
    if (walks_left_ == 0) co_return std::nullopt;
    --walks_left_;
    const Walk walk = co_await tree_walk(name, resolver_);
    auto organizational_domain = walk.organizational_domain();
    remember(name, organizational_domain);
    co_return organizational_domain;
}

}  // namespace gatepost::auth::dmarc
