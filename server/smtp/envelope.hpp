// The envelope of one mail transaction (RFC 5321 §2.3.1): what MAIL and the accepted RCPTs said.
#pragma once

#include "server/smtp/dsn.hpp"
#include "server/smtp/path.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::server::smtp {

// RFC 6152 §2. BINARYMIME (RFC 3030) is refused.
enum class BodyType { seven_bit, eight_bit_mime };

struct Recipient {
    Recipient(Path path, DsnOfRecipient asked = {}) : forward_path(std::move(path)), dsn(std::move(asked)) {}

    Path forward_path;  // always with a domain: <postmaster> has been given our first
    DsnOfRecipient dsn;
};

struct Envelope {
    Path reverse_path;
    std::vector<Recipient> recipients;           // those that were accepted, in their order
    std::optional<BodyType> body;                // BODY, where given
    bool smtputf8 = false;                       // RFC 6531 §3.4
    bool requiretls = false;                     // RFC 8689 §4.1
    std::optional<std::uint64_t> declared_size;  // SIZE in octets, where given (RFC 1870)
    DsnOfMessage dsn;
    // The exemptions that let its addresses be written as hosts of old do; in own_networks nobody has to.
    std::vector<std::string> forgiven_by;
};

}  // namespace gatepost::server::smtp
