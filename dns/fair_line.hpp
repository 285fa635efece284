// Who is next among those that wait for what is short. Own machines and exempted clients come first; all
// others take turns: one client that waits a thousand times is served once before another that waits once is
// (start-time fair queueing, Goyal, Vin and Cheng 1996). Each client's own keep their order, but what is
// urgent has turns of its own, and the first place in each round: what is not is never passed over for ever.
// A network's clients together go on as fast as eight clients of as many networks: addresses of an IPv6 /48
// cost nothing.
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
        bool is_behind_named = false;
        std::uint64_t round = 0;
        std::size_t kind = 0;
        std::uint64_t number = 0;  // in which they came
        auto operator<=>(const Key&) const = default;
    };
    struct Entry {
        Waiter* waiter;
        IpAddress client;
        IpAddress network;
    };
    using Entries = std::map<Key, Entry>;

  public:
    using Place = typename Entries::iterator;

    bool empty() const { return entries_.empty(); }
    std::size_t size() const { return entries_.size(); }
    Place first() { return entries_.begin(); }
    bool is_first_named() const { return !entries_.begin()->first.is_behind_named; }

    Place enter(Waiter& waiter, const Claim& claim, bool is_urgent) {
        const std::size_t kind = claim.is_named ? 0 : is_urgent ? 1 : 2;
        const IpAddress client = client_of(claim.client);
        const IpAddress network = network_of(claim.client);
        const std::uint64_t now = claim.is_named ? round_of_named_ : round_;
        Party& of_client = kinds_[kind].clients[client];
        Party& of_network = kinds_[kind].networks[network];
        const std::uint64_t round = std::max({now, of_client.next_round, of_network.next_round});
        of_client.next_round = round + clients_of_a_network;
        of_network.next_round = std::max(now, of_network.next_round) + 1;
        ++of_client.waiting;
        ++of_network.waiting;
        const Key key{!claim.is_named, round, kind, ++last_number_};
        return entries_.emplace(key, Entry{&waiter, client, network}).first;
    }
    // It waits no more: its turn has come, or it has given up.
    void leave(Place place) {
        const Key& key = place->first;
        // Whoever comes from now on does not wait behind rounds that are over.
        if (place == first()) (key.is_behind_named ? round_ : round_of_named_) = key.round;
        leave(kinds_[key.kind].clients, place->second.client);
        leave(kinds_[key.kind].networks, place->second.network);
        entries_.erase(place);
    }

  private:
    struct Party {
        std::size_t waiting = 0;
        std::uint64_t next_round = 0;
    };
    using Parties = std::map<IpAddress, Party>;  // those that wait; ordered: strangers choose addresses
    struct Kind {
        Parties clients;
        Parties networks;
    };
    static constexpr std::size_t kinds = 3;                   // named, urgent, others
    static constexpr std::uint64_t clients_of_a_network = 8;  // local: that go on as if each were alone

    static void leave(Parties& parties, const IpAddress& who) {
        const auto party = parties.find(who);
        if (--party->second.waiting == 0) parties.erase(party);
    }

    Entries entries_;
    std::array<Kind, kinds> kinds_;
    std::uint64_t round_ = 0;  // that is being served
    std::uint64_t round_of_named_ = 0;
    std::uint64_t last_number_ = 0;
};

}  // namespace gatepost::dns
