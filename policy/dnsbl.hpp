// What block lists say together: the weights of those that list a client, against policy.dnsbl_threshold.
#pragma once

#include "policy/decision.hpp"
#include "policy/facts.hpp"
#include "policy/settings.hpp"

#include "auth/dnsbl/list.hpp"

#include <optional>
#include <vector>

namespace gatepost::policy {

// The lists that have the client, where their weights reach the threshold.
//
// A list that gave no answer counts as one that does not have the client. Its best and its worst case often
// differ, and elsewhere that would be 451 (PRODUCT.md, "Trouble is never a verdict"); but a block list is a
// stranger's service: it can be gone for weeks or for good, and until the operator notices, all mail of the
// world would wait. Mail that comes in meanwhile passes every other check.
std::optional<Listing> add_up(const std::vector<auth::dnsbl::List>& lists,
                              const std::vector<auth::dnsbl::Finding>& findings, std::size_t threshold);

// "192.0.2.1 is listed by bl.example and other.example"
Refusal listing_refusal(const Facts& facts);

// The refusal of a recipient, before the message is there: nullopt where the client is not listed, in monitor
// mode, and where the envelope meets an exemption; decide() then judges whether the message meets it too.
std::optional<Refusal> refuse_listed_client(const Facts& facts, const Settings& settings);

}  // namespace gatepost::policy
