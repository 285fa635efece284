// Which log lines are left out: those that a client can cause again and again without sending a message. Each
// client (an IPv4 address or an IPv6 /64) has so many lines of an event in a minute; the others are counted,
// and the count is told. A network (an IPv4 /24 or an IPv6 /48) has a share of the places, so that it cannot
// hide others. The clock is handed in.
#pragma once

#include "dns/address_hash.hpp"
#include "dns/ip_address.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gatepost::server {

class LogBound {
  public:
    using TimePoint = std::chrono::steady_clock::time_point;

    static constexpr std::chrono::seconds window{60};
    // local choice: clients at a time, of whom each has lines of its own; further ones share theirs.
    static constexpr std::size_t most_clients = 1024;

    struct LeftOut {
        std::string_view event;
        std::optional<dns::IpAddress> client;  // nullopt: those that share
        std::uint64_t lines = 0;
    };

    explicit LogBound(const dns::HashKey& hash_key = {})
        : entries_(0, Hash{dns::AddressHash{hash_key}}), held_(0, dns::AddressHash{hash_key}) {}

    // nullopt: the line is left out. Otherwise how many of its kind were since the last one that was written.
    // `event` is a literal: it is kept as it is.
    std::optional<std::uint64_t> admit(std::string_view event, const dns::IpAddress& client,
                                       std::size_t lines, TimePoint now);
    // What was left out in windows that ended a while ago, and has not been told since: the clients stopped.
    std::vector<LeftOut> take_ended(TimePoint now);
    std::uint64_t left_out() const { return left_out_; }
    std::size_t size() const { return entries_.size(); }

  private:
    using Key = std::pair<std::string_view, dns::IpAddress>;
    struct Hash {
        dns::AddressHash of_address;
        std::size_t operator()(const Key& key) const {
            return of_address(key.second) ^ std::hash<std::string_view>{}(key.first);
        }
    };
    struct Entry {
        TimePoint begin;
        std::size_t written = 0;
        std::uint64_t left_out = 0;
    };
    using Entries = std::unordered_map<Key, Entry, Hash>;
    Entry& entry_of(const Key& key, TimePoint now);
    Entries::iterator erase(Entries::iterator entry);

    Entries entries_;
    std::unordered_map<dns::IpAddress, std::size_t, dns::AddressHash> held_;  // places, by network
    std::unordered_map<std::string_view, Entry> shared_;                      // events are few
    std::uint64_t left_out_ = 0;
};

}  // namespace gatepost::server
