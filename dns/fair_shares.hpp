// How much of what is held for a time (connections to the servers behind, threads for files) one client, and
// one network, may have: a part of what is free when it takes. Whatever a few do with theirs, and for however
// long, some is free for whoever comes. One client alone gets a third, a network half, four clients of four
// networks two thirds together.
//
// Named clients are never held by a share, and the last eighth is theirs alone.
#pragma once

#include "dns/claim.hpp"
#include "dns/ip_address.hpp"

#include <cstddef>
#include <map>

namespace gatepost::dns {

// How much can be taken just now.
struct FreePlaces {
    FreePlaces(std::size_t all, std::size_t taken);

    std::size_t of(bool is_named) const { return is_named ? for_named : for_others; }

    std::size_t for_named;
    std::size_t for_others;
};

// One thread at a time.
class FairShares {
  public:
    // One of what is held, by whom; given back when it goes. FairShares outlives it.
    class Share {
      public:
        Share(FairShares& shares, const Claim& claim);
        Share(Share&& other) noexcept;
        Share& operator=(Share&& other) noexcept;
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;
        ~Share();

        const Claim& claim() const { return claim_; }

      private:
        FairShares* shares_;  // null: moved from, or a named client's
        Claim claim_;
    };

    // There is one for it to take, and its share is not used up.
    bool may_take(const Claim& claim, const FreePlaces& free) const;
    // For those that look at many: of a client_of() and a network_of() that are not named.
    bool may_client_take(const IpAddress& client, const FreePlaces& free) const;
    bool may_network_take(const IpAddress& network, const FreePlaces& free) const;
    // `waiting` may not take. Would it, if `holder` gave one back? Where nothing is free, whoever holds one
    // stands in its way; where its share is used up, only those who use it do.
    bool stands_in_the_way(const Claim& holder, const Claim& waiting, const FreePlaces& free) const;

  private:
    using Counts = std::map<IpAddress, std::size_t>;  // without zeros; ordered: strangers choose addresses

    Counts of_client_;
    Counts of_network_;
};

}  // namespace gatepost::dns
