// Who is next among those that wait for what is short. Own machines and exempted clients come first; all
// others take turns: one client that waits a thousand times is served once before another that waits once is
// (start-time fair queueing, Goyal, Vin and Cheng 1996). Each client's own keep their order, but what is
// urgent has turns of its own, and the first place in each round: what is not is never passed over for ever.
// A network's clients together go on as fast as eight clients of as many networks: addresses of an IPv6 /48
// cost nothing.
//
// Where what is short is held for a time, those whose share of it is used up are passed over (FairShares).
#pragma once

#include "dns/claim.hpp"
#include "dns/client_address.hpp"
#include "dns/fair_shares.hpp"
#include "dns/ip_address.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

namespace gatepost::dns {

template <typename Waiter>
class FairLine {
    struct Key {
        bool is_behind_named = false;
        std::uint64_t round = 0;
        std::size_t kind = 0;
        std::uint64_t number = 0;  // in which they came
        auto operator<=>(const Key&) const = default;
    };

    // Those that wait, by client and by network. Of each it is known who is first, so that all of one can be
    // passed over at once. Ordered, not hashed: strangers choose addresses.
    static constexpr std::size_t kinds = 3;  // named, urgent, others
    using Rounds = std::array<std::uint64_t, kinds>;
    struct Client {
        std::map<Key, Waiter*> waiting;
        Key first;  // of them
        Rounds next_round{};
    };
    using Clients = std::map<IpAddress, Client>;
    struct Network {
        Clients clients;
        std::map<Key, typename Clients::iterator> firsts;
        Key first;  // of them
        Rounds next_round{};
    };
    using Networks = std::map<IpAddress, Network>;

  public:
    struct Place {
        Key key;
        typename Networks::iterator network;
        typename Clients::iterator client;

        Waiter& waiter() const { return *client->second.waiting.at(key); }
    };

    bool empty() const { return firsts_.empty(); }
    std::size_t size() const { return size_; }
    // Of a line that is not empty.
    Place first() const {
        const auto& [key, network] = *firsts_.begin();
        return {key, network, network->second.firsts.begin()->second};
    }
    // The first that may take. However many wait, it looks at few: each network and each client that it
    // passes over holds some of what it waits for.
    std::optional<Place> first_within(const FairShares& shares, const FreePlaces& free) const {
        std::optional<Place> found;
        if (empty() || free.of(!firsts_.begin()->first.is_behind_named) == 0) return found;
        for (const auto& [first_key, network] : firsts_) {
            if (found && found->key < first_key) break;
            if (first_key.is_behind_named && !shares.may_network_take(network->first, free)) continue;
            for (const auto& [key, client] : network->second.firsts) {
                if (found && found->key < key) break;
                if (key.is_behind_named && !shares.may_client_take(client->first, free)) continue;
                found = Place{key, network, client};
            }
        }
        return found;
    }

    Place enter(Waiter& waiter, const Claim& claim, bool is_urgent) {
        const std::size_t kind = claim.is_named ? 0 : is_urgent ? 1 : 2;
        const auto network = networks_.try_emplace(network_of(claim.client)).first;
        const auto client = network->second.clients.try_emplace(client_of(claim.client)).first;
        const std::uint64_t now = claim.is_named ? round_of_named_ : round_;
        std::uint64_t& of_network = network->second.next_round[kind];
        std::uint64_t& of_client = client->second.next_round[kind];
        const std::uint64_t round = std::max({now, of_client, of_network});
        of_client = round + clients_of_a_network;
        of_network = std::max(now, of_network) + 1;
        const Place place{{!claim.is_named, round, kind, ++last_number_}, network, client};
        if (network->second.firsts.empty()) {
            firsts_.emplace(place.key, network);
            network->second.first = place.key;
        }
        if (client->second.waiting.empty()) {
            network->second.firsts.emplace(place.key, client);
            client->second.first = place.key;
        }
        client->second.waiting.emplace(place.key, &waiter);
        note_firsts(place);
        ++size_;
        return place;
    }
    // Its turn has come. Whoever comes from now on does not wait behind rounds that are over.
    void serve(const Place& place) {
        std::uint64_t& round = place.key.is_behind_named ? round_ : round_of_named_;
        round = std::max(round, place.key.round);
        leave(place);
    }
    // It waits no more.
    void leave(const Place& place) {
        Clients& clients = place.network->second.clients;
        place.client->second.waiting.erase(place.key);
        --size_;
        if (!place.client->second.waiting.empty()) return note_firsts(place);
        place.network->second.firsts.erase(place.client->second.first);
        clients.erase(place.client);
        if (!clients.empty()) return note_first_of(place.network);
        firsts_.erase(place.network->second.first);
        networks_.erase(place.network);
    }

  private:
    static constexpr std::uint64_t clients_of_a_network = 8;  // local: that go on as if each were alone

    // Without allocating: destructors leave the line.
    static void move(auto& firsts, Key& from, const Key& to) {
        if (from == to) return;
        auto node = firsts.extract(from);
        node.key() = from = to;
        firsts.insert(std::move(node));
    }
    void note_firsts(const Place& place) {
        Client& client = place.client->second;
        move(place.network->second.firsts, client.first, client.waiting.begin()->first);
        note_first_of(place.network);
    }
    void note_first_of(typename Networks::iterator network) {
        move(firsts_, network->second.first, network->second.firsts.begin()->first);
    }

    Networks networks_;
    std::map<Key, typename Networks::iterator> firsts_;
    std::size_t size_ = 0;
    std::uint64_t round_ = 0;  // that is being served
    std::uint64_t round_of_named_ = 0;
    std::uint64_t last_number_ = 0;
};

}  // namespace gatepost::dns
