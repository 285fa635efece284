#include "auth/spf/explanation.hpp"

#include "auth/spf/limits.hpp"
#include "auth/spf/safe_text.hpp"

#include <variant>

namespace gatepost::auth::spf {
namespace {

// local: with code, prefix and CRLF it has to fit a reply line of 512 octets (RFC 5321 §4.5.3.1.5); RFC 7208
// §6.2 allows a limit.
constexpr std::size_t max_explanation_octets = 320;

}  // namespace

boost::asio::awaitable<std::optional<MacroString>> fetch_explain_string(dns::DomainName target,
                                                                        dns::Resolver& resolver) {
    const dns::AnswerPtr answer = co_await resolver.query(target, dns::RrType::txt);
    if (!answer->found() || answer->records.size() != 1) co_return std::nullopt;
    const auto* text = std::get_if<std::string>(&answer->records.front());
    if (!text || text->size() > max_explain_string_octets) co_return std::nullopt;
    co_return MacroString::parse(*text, MacroUse::explanation);
}

std::string explain(const MacroString& explain_string, const MacroValues& values) {
    // HELO and local part can hold any octet; the text goes into a reply (RFC 7208 §11.5.2).
    return safe_text(explain_string.expand_to_text(values, max_explanation_octets), max_explanation_octets);
}

}  // namespace gatepost::auth::spf
