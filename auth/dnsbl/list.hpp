// DNS block lists: what the operator says of one, how it is asked and what its answers mean (RFC 5782).
#pragma once

#include "dns/answer.hpp"
#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::dnsbl {

// Addresses from `first` to `last`, both included.
struct AnswerRange {
    dns::IpAddress first;
    dns::IpAddress last;

    // "127.0.0.2" or "127.0.0.2-127.0.0.11"; nullopt: anything else, an address outside 127.0.0.0/8 or inside
    // 127.255.255.0/24 (RFC 5782 §2.1, §2.3), or a range that runs backwards.
    static std::optional<AnswerRange> parse(std::string_view text);
    bool contains(const dns::IpAddress& address) const { return first <= address && address <= last; }
    friend bool operator==(const AnswerRange&, const AnswerRange&) = default;
};

struct List {
    dns::DomainName zone;
    std::string name;  // what replies and logs call it: the zone may hold a key that is the operator's alone
    std::size_t weight = 1;
    std::vector<AnswerRange> answers;  // those that count; empty: see is_listing()
    friend bool operator==(const List&, const List&) = default;
};

enum class Result {
    not_listed,
    listed,
    unusable,  // it says that it does not answer us, or it lists everybody
    trouble,   // no answer
};

struct Finding {
    Result result = Result::not_listed;
    std::string reason;  // of unusable and trouble, for the log
    friend bool operator==(const Finding&, const Finding&) = default;
};

// The name to ask for (RFC 5782 §2.1, §2.4); nullopt where it would be too long.
std::optional<dns::DomainName> query_name(const dns::IpAddress& client, const dns::DomainName& zone);
// The name that no list has (RFC 5782 §5): whoever answers for it lists everybody.
std::optional<dns::DomainName> test_name(const dns::IpAddress& client, const dns::DomainName& zone);

// What one answer to query_name() says. Addresses outside 127.0.0.0/8 say nothing (a zone that was sold leads
// to its new owner's web server); 127.255.255.0/24 says that the question itself was unwelcome.
Finding read_answer(const List& list, const dns::Answer& answer);

}  // namespace gatepost::auth::dnsbl
