// Why a downstream server failed, in the words that all transactions share and in those of one transaction.
#pragma once

#include "server/smtp/reply.hpp"

#include <string>
#include <string_view>

namespace gatepost::server::relay {

struct Trouble {
    // Of a reply it has the codes alone: its text can hold an id or an address, so that each transaction
    // would have a trouble of its own, and everybody would see the addresses.
    std::string kind;
    std::string text;  // with the server's words: for the transaction's own log line
    bool empty() const { return text.empty(); }
};

// "451 4.3.0"
inline std::string codes_of(const smtp::Reply& reply) {
    std::string codes = std::to_string(reply.code());
    if (reply.enhanced_code()) codes += ' ' + reply.enhanced_code()->text();
    return codes;
}

inline Trouble said_to(std::string_view command, const smtp::Reply& reply) {
    const std::string to(command);
    return {codes_of(reply) + " to " + to,
            "said to " + to + ": " + std::to_string(reply.code()) + ' ' + reply.text()};
}

// What is known by no reply.
inline Trouble without_words(std::string text) {
    return {text, text};
}

}  // namespace gatepost::server::relay
