#include "policy/dnsbl.hpp"

#include <algorithm>

namespace gatepost::policy {

std::optional<Listing> add_up(const std::vector<auth::dnsbl::List>& lists,
                              const std::vector<auth::dnsbl::Finding>& findings, std::size_t threshold) {
    Listing listing;
    std::size_t weight = 0;
    for (std::size_t i = 0; i < findings.size(); ++i) {
        if (findings[i].result != auth::dnsbl::Result::listed) continue;
        weight += lists[i].weight;
        listing.lists.push_back(lists[i].name);
    }
    if (weight == 0 || weight < threshold) return std::nullopt;
    return listing;
}

Refusal listing_refusal(const Facts& facts) {
    std::string text = facts.client_ip.text() + " is listed by ";
    const auto& lists = facts.listing->lists;
    for (std::size_t i = 0; i < lists.size(); ++i) {
        if (i > 0) text += i + 1 == lists.size() ? " and " : ", ";
        text += lists[i];
    }
    return {550, "5.7.1", std::move(text)};
}

std::optional<Refusal> refuse_listed_client(const Facts& facts, const Settings& settings) {
    if (!facts.listing || settings.mode == Mode::monitor) return std::nullopt;
    if (may_be_exempted(settings.exemptions, Forgiven::dnsbl, facts)) return std::nullopt;
    return listing_refusal(facts);
}

}  // namespace gatepost::policy
