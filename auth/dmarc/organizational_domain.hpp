// Organizational Domains (RFC 9989 §4.10.2, or RFC 7489 §3.2 with the Public Suffix List), each found once
// within one evaluation however many identifiers share a name.
#pragma once

#include "auth/dmarc/result.hpp"
#include "auth/dmarc/tree_walk.hpp"

#include "dns/domain_name.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <map>
#include <optional>

namespace gatepost::auth::dmarc {

class OrganizationalDomains {
  public:
    // `resolver` outlives this object. Names beyond `max_walks` are not walked from: what is not read counts
    // as absent, as each retry of the message would come to the same end.
    OrganizationalDomains(Discovery method, dns::Resolver& resolver, std::size_t max_walks);

    // nullopt: trouble of the DNS. Without a walk left the name itself, as where no record is found.
    boost::asio::awaitable<std::optional<dns::DomainName>> find(dns::DomainName name);

    // Is `name` of the same organization as an Author Domain whose walk found `record_domain` as its last
    // record, without psd, before trouble ended it? `name` is at or below `record_domain`.
    boost::asio::awaitable<Alignment> shares_beyond(dns::DomainName name, dns::DomainName record_domain);

  private:
    // Null: no walk left.
    boost::asio::awaitable<const Walk*> walk_from(dns::DomainName name);

    Discovery method_;
    dns::Resolver& resolver_;
    std::size_t walks_left_;
    std::map<dns::DomainName, Walk> walks_;
};

}  // namespace gatepost::auth::dmarc
