// Identifier Alignment (RFC 9989 §4.4, §4.10.2): is an identifier the Author Domain (strict), or of the same
// Organizational Domain (relaxed)?
#pragma once

#include "auth/dmarc/organizational_domain.hpp"
#include "auth/dmarc/result.hpp"

#include "dns/domain_name.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>

namespace gatepost::auth::dmarc {

// local: names walked for one message beside its author domain. The senders of honest mail sign with few
// domains; a forger must not turn one message into hundreds of questions to somebody else's servers.
inline constexpr std::size_t max_alignment_walks = 10;

class IdentifierAlignment {
  public:
    // `organizational_domain` of the author domain; absent where trouble hid it, and then it is at or above
    // `organizational_domain_from`, if that is known. `resolver` outlives this object.
    IdentifierAlignment(dns::DomainName author_domain, std::optional<dns::DomainName> organizational_domain,
                        std::optional<dns::DomainName> organizational_domain_from, Discovery method,
                        dns::Resolver& resolver);

    // Asks the DNS only where the answer could matter: a name outside the author's Organizational Domain does
    // not align whatever its own walk would find, so that its DNS cannot make trouble for the message.
    boost::asio::awaitable<Alignment> check(dns::DomainName identifier, AlignmentMode mode);

  private:
    dns::DomainName author_domain_;
    std::optional<dns::DomainName> organizational_domain_;
    std::optional<dns::DomainName> organizational_domain_from_;
    OrganizationalDomains organizational_domains_;
};

}  // namespace gatepost::auth::dmarc
