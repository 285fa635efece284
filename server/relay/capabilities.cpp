#include "server/relay/capabilities.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <string_view>

namespace gatepost::server::relay {
namespace {

std::vector<std::string> words_behind(std::string_view line) {
    std::vector<std::string> words;
    line.remove_prefix(std::min(line.find(' '), line.size()));
    for (line = ascii::trim(line); !line.empty(); line = ascii::trim(line)) {
        const auto word = line.substr(0, line.find(' '));
        words.emplace_back(word);
        line.remove_prefix(word.size());
    }
    return words;
}

// One line of the reply to EHLO: a keyword and its parameters (RFC 5321 §4.1.1.1).
void read_extension(std::string_view line, Capabilities& capabilities) {
    const auto space = line.find(' ');
    const auto keyword = line.substr(0, space);
    const auto is = [&](std::string_view name) {
        return ascii::equals_ignoring_case(keyword, name);
    };
    if (is("PIPELINING")) capabilities.pipelining = true;
    if (is("8BITMIME")) capabilities.eight_bit_mime = true;
    if (is("SMTPUTF8")) capabilities.smtputf8 = true;
    if (is("DSN")) capabilities.dsn = true;
    if (is("REQUIRETLS")) capabilities.requiretls = true;
    if (is("STARTTLS")) capabilities.starttls = true;
    if (is("ENHANCEDSTATUSCODES")) capabilities.enhanced_status_codes = true;
    if (is("XFORWARD")) capabilities.xforward = words_behind(line);
    if (is("XCLIENT")) capabilities.xclient = words_behind(line);
    if (!is("SIZE")) return;
    capabilities.size = true;
    if (space == std::string_view::npos) return;
    // 19 digits always fit; a number longer than that is no limit that matters.
    constexpr std::size_t digits_that_fit = 19;
    capabilities.max_size =
        ascii::parse_decimal<std::uint64_t>(ascii::trim(line.substr(space)), digits_that_fit).value_or(0);
}

}  // namespace

Capabilities read_capabilities(const smtp::Reply& reply) {
    Capabilities capabilities;
    capabilities.esmtp = true;
    for (std::size_t i = 1; i < reply.lines().size(); ++i)
        read_extension(reply.lines()[i], capabilities);
    return capabilities;
}

}  // namespace gatepost::server::relay
