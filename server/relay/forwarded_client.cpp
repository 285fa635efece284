#include "server/relay/forwarded_client.hpp"

#include "server/smtp/xtext.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <string_view>

namespace gatepost::server::relay {
namespace {

constexpr std::size_t max_line_octets = 512;  // XFORWARD_README, note 2

// What we know under this name, as the command carries it; empty: nothing.
std::string value_of(std::string_view attribute, const ForwardedClient& client) {
    const auto is = [&](std::string_view name) {
        return ascii::equals_ignoring_case(attribute, name);
    };
    if (is("ADDR")) return (client.address.is_v6() ? "IPV6:" : "") + client.address.text();
    if (is("HELO")) return client.helo;
    if (is("PROTO")) return client.extended ? "ESMTP" : "SMTP";
    if (is("IDENT")) return client.ident;
    if (is("SOURCE")) return "REMOTE";
    return {};
}

std::vector<std::string> words_of(const ForwardedClient& client, const std::vector<std::string>& attributes) {
    std::vector<std::string> words;
    for (const std::string& attribute : attributes) {
        const std::string value = value_of(attribute, client);
        if (!value.empty()) words.push_back(' ' + attribute + '=' + smtp::encode_xtext(value));
    }
    return words;
}

}  // namespace

std::vector<std::string> xforward_lines(const ForwardedClient& client,
                                        const std::vector<std::string>& attributes) {
    constexpr std::string_view verb = "XFORWARD";
    constexpr std::string_view line_end = "\r\n";
    std::vector<std::string> lines;
    std::string line(verb);
    for (const std::string& word : words_of(client, attributes)) {
        if (line.size() + word.size() + line_end.size() > max_line_octets && line.size() > verb.size()) {
            lines.push_back(line.append(line_end));
            line = verb;
        }
        line += word;
    }
    if (line.size() > verb.size()) lines.push_back(line.append(line_end));
    return lines;
}

std::string xclient_line(const ForwardedClient& client, const std::vector<std::string>& attributes) {
    const bool takes_address = std::any_of(attributes.begin(), attributes.end(), [](const std::string& name) {
        return ascii::equals_ignoring_case(name, "ADDR");
    });
    if (!takes_address) return {};
    std::string line = "XCLIENT";
    for (const std::string& word : words_of(client, attributes))
        line += word;
    return line + "\r\n";
}

}  // namespace gatepost::server::relay
