#include "server/log_bound.hpp"

#include "dns/client_address.hpp"

namespace gatepost::server {
namespace {

// local choice: a client that goes on has told by its next line long before.
constexpr auto patience = LogBound::window + std::chrono::seconds(10);

}  // namespace

LogBound::Entry& LogBound::entry_of(const Key& key, TimePoint now) {
    const auto found = entries_.find(key);
    if (found != entries_.end()) return found->second;
    const std::size_t free = most_clients - entries_.size();
    const dns::IpAddress network = dns::network_of(key.second);
    const auto known = held_.find(network);
    const std::size_t held = known == held_.end() ? 0 : known->second;
    // A network gets no more than a third of what others left it.
    if (free == 0 || 2 * held > free) return shared_.try_emplace(key.first, Entry{now}).first->second;
    ++held_[network];
    return entries_.try_emplace(key, Entry{now}).first->second;
}

LogBound::Entries::iterator LogBound::erase(Entries::iterator entry) {
    const auto network = held_.find(dns::network_of(entry->first.second));
    if (--network->second == 0) held_.erase(network);
    return entries_.erase(entry);
}

std::optional<std::uint64_t> LogBound::admit(std::string_view event, const dns::IpAddress& client,
                                             std::size_t lines, TimePoint now) {
    Entry& entry = entry_of({event, dns::client_of(client)}, now);
    std::uint64_t before = 0;
    if (now - entry.begin >= window) {
        before = entry.left_out;
        entry = Entry{now};
    }
    if (entry.written < lines) {
        ++entry.written;
        return before;
    }
    ++entry.left_out;
    ++left_out_;
    return std::nullopt;
}

std::vector<LogBound::LeftOut> LogBound::take_ended(TimePoint now) {
    std::vector<LeftOut> ended;
    const auto is_over = [&](const Entry& entry) {
        return now - entry.begin >= (entry.left_out > 0 ? patience : window);
    };
    for (auto at = entries_.begin(); at != entries_.end();) {
        const auto& [key, entry] = *at;
        const bool over = is_over(entry);
        if (over && entry.left_out > 0) ended.push_back({key.first, key.second, entry.left_out});
        at = over ? erase(at) : std::next(at);
    }
    for (auto at = shared_.begin(); at != shared_.end();) {
        const bool over = is_over(at->second);
        if (over && at->second.left_out > 0) ended.push_back({at->first, std::nullopt, at->second.left_out});
        at = over ? shared_.erase(at) : std::next(at);
    }
    return ended;
}

}  // namespace gatepost::server
