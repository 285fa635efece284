#include "auth/dmarc/identifier_alignment.hpp"

#include <utility>

namespace gatepost::auth::dmarc {

IdentifierAlignment::IdentifierAlignment(dns::DomainName author_domain,
                                         std::optional<dns::DomainName> organizational_domain,
                                         std::optional<dns::DomainName> organizational_domain_from,
                                         Discovery method, dns::Resolver& resolver)
    : author_domain_(std::move(author_domain)),
      organizational_domain_(std::move(organizational_domain)),
      organizational_domain_from_(std::move(organizational_domain_from)),
      organizational_domains_(method, resolver, max_alignment_walks) {}

boost::asio::awaitable<Alignment> IdentifierAlignment::check(dns::DomainName identifier, AlignmentMode mode) {
    // RFC 9989 §4.10.2: the same name needs no walk in either mode.
    if (identifier == author_domain_) co_return Alignment::yes;
    if (mode == AlignmentMode::strict) co_return Alignment::no;
    if (!organizational_domain_) {
        if (organizational_domain_from_ && identifier.is_at_or_below(*organizational_domain_from_))
            co_return co_await organizational_domains_.shares_beyond(identifier,
                                                                     *organizational_domain_from_);
        // Both would have to lie below one name that the walk did not get to.
        const bool may_share = identifier.suffix(1) == author_domain_.suffix(1);
        co_return may_share ? Alignment::unknown : Alignment::no;
    }
    // An Organizational Domain is the name itself or above it: this one can have no other than the author's.
    if (identifier == *organizational_domain_) co_return Alignment::yes;
    if (!identifier.is_at_or_below(*organizational_domain_)) co_return Alignment::no;
    const auto own = co_await organizational_domains_.find(identifier);
    if (!own) co_return Alignment::unknown;
    co_return *own == *organizational_domain_ ? Alignment::yes : Alignment::no;
}

}  // namespace gatepost::auth::dmarc
