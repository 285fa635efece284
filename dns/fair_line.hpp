// Who is next among those that wait for a connection to the downstream servers. Own machines and exempted
// clients come first, then those whose message is there, then all others. Among equals the clients take
// turns: one that waits a thousand times is served once before another that waits once is (start-time fair
// queueing, Goyal, Vin and Cheng 1996). Each client's own keep their order, and nobody is passed over for
// ever.
#pragma once

#include "dns/client_address.hpp"
#include "dns/ip_address.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>

namespace gatepost::dns {

// In whose name somebody waits.
struct Claim {
    IpAddress client;
    bool is_named = false;  // one of our own machines, or exempted by its address or certificate
};

template <typename Waiter>
class FairLine {
    struct Key {
        std::size_t rank = 0;
        std::uint64_t round = 0;
        std::uint64_t number = 0;  // in which they came
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        Waiter* waiter;
        IpAddress client;
    };
    using Entries = std::map<Key, Entry>;

  public:
    using Place = typename Entries::iterator;

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    Place first() { return entries_.begin(); }

    Place enter(Waiter& waiter, const Claim& claim, bool is_urgent) {
        const std::size_t rank = claim.is_named ? 0 : is_urgent ? 1 : 2;
        const IpAddress client = client_of(claim.client);
        Client& of_client = ranks_[rank].clients[client];
        const std::uint64_t round = std::max(ranks_[rank].round, of_client.next_round);
        of_client.next_round = round + 1;
        ++of_client.waiting;
        return entries_.emplace(Key{rank, round, ++last_number_}, Entry{&waiter, client}).first;
    }
    // It waits no more: its turn has come, or it has given up.
    void leave(Place place) {
        Rank& rank = ranks_[place->first.rank];
        // Whoever comes from now on does not wait behind rounds that are over.
        if (place == first()) rank.round = std::max(rank.round, place->first.round);
        const auto client = rank.clients.find(place->second.client);
        if (--client->second.waiting == 0) rank.clients.erase(client);
        entries_.erase(place);
    }

  private:
    struct Client {
        std::size_t waiting = 0;
        std::uint64_t next_round = 0;
    };
    struct Rank {
        std::uint64_t round = 0;              // that is being served
        std::map<IpAddress, Client> clients;  // who wait; ordered: strangers choose addresses
    };
    static constexpr std::size_t ranks = 3;

    Entries entries_;
    std::array<Rank, ranks> ranks_;
    std::uint64_t last_number_ = 0;
};

}  // namespace gatepost::dns
