#include "auth/dnsbl/list.hpp"

#include <algorithm>
#include <variant>

namespace gatepost::auth::dnsbl {
namespace {

const dns::IpAddress first_code = dns::IpAddress::v4({127, 0, 0, 2});  // RFC 5782 §2.1: the conventional one
const dns::IpNetwork codes(dns::IpAddress::v4({127, 0, 0, 0}), 8);     // RFC 5782 §2.3
// Local, after the custom of the large lists: "you ask through a public resolver", "you ask too much".
const dns::IpNetwork error_codes(dns::IpAddress::v4({127, 255, 255, 0}), 24);
const dns::IpAddress never_listed = dns::IpAddress::v4({127, 0, 0, 1});  // RFC 5782 §5

std::optional<dns::IpAddress> parse_code(std::string_view text) {
    const auto address = dns::IpAddress::parse(text);
    if (!address || !codes.contains(*address) || error_codes.contains(*address)) return std::nullopt;
    return address;
}

bool is_listing(const List& list, const dns::IpAddress& code) {
    if (list.answers.empty()) return codes.contains(code) && code >= first_code;
    return std::any_of(list.answers.begin(), list.answers.end(),
                       [&](const AnswerRange& range) { return range.contains(code); });
}

}  // namespace

std::optional<AnswerRange> AnswerRange::parse(std::string_view text) {
    const auto dash = text.find('-');
    const auto first = parse_code(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_code(text.substr(dash + 1));
    if (!first || !last || *last < *first) return std::nullopt;
    return AnswerRange{*first, *last};
}

std::optional<dns::DomainName> query_name(const dns::IpAddress& client, const dns::DomainName& zone) {
    // The labels are those of the PTR name, below another zone: RFC 5782 §2.1 and §2.4.
    const dns::DomainName reversed = client.reverse_name();
    const std::size_t labels = reversed.label_count() - 2;  // without in-addr.arpa, ip6.arpa
    std::string_view text = reversed.text();
    std::size_t end = 0;
    for (std::size_t i = 0; i < labels; ++i)
        end = text.find('.', end) + 1;
    return zone.prepend(text.substr(0, end - 1));
}

std::optional<dns::DomainName> test_name(const dns::IpAddress& client, const dns::DomainName& zone) {
    if (client.is_v4()) return query_name(never_listed, zone);
    // ::ffff:127.0.0.1, which IpAddress takes for the IPv4 address that it stands for.
    std::string labels = "1.0.0.0.0.0.f.7.f.f.f.f";
    for (int i = 0; i < 20; ++i)
        labels += ".0";
    return zone.prepend(labels);
}

Finding read_answer(const List& list, const dns::Answer& answer) {
    if (answer.failed()) return {Result::trouble, answer.detail};
    // RFC 8767: what a list said once is no reason to refuse a client for good.
    if (answer.stale) return {Result::trouble, "an answer past its time"};
    Finding finding;
    for (const dns::RecordData& record : answer.records) {
        const auto* code = std::get_if<dns::IpAddress>(&record);
        if (code == nullptr) continue;
        if (error_codes.contains(*code)) return {Result::unusable, "it answers " + code->text()};
        if (is_listing(list, *code)) finding.result = Result::listed;
    }
    return finding;
}

}  // namespace gatepost::auth::dnsbl
