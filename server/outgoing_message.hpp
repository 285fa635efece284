// The message as it goes on: our fields on top, forged claims taken out, every other octet as received. Made
// of views into the parsed header and the spooled body; nothing is copied.
#pragma once

#include "server/spooled_body.hpp"

#include "auth/message/header_block.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server {

class OutgoingMessage {
  public:
    // `removed`: the octets of fields and strays of `header` that are left out, in any order. `body` must
    // outlive this.
    OutgoingMessage(std::string top, auth::HeaderBlockPtr header, const SpooledBody& body,
                    std::vector<std::string_view> removed);

    // Puts `fields` among our own, `at` octets from the start of `top`.
    void insert(std::size_t at, std::string_view fields);
    // The whole header as it goes on, with the empty line.
    std::string header_text() const;

    // Our fields, then what is left of the header with the empty line, in parts that are written in order.
    const std::vector<std::string_view>& header_parts() const { return parts_; }
    const SpooledBody& body() const { return body_; }

    OutgoingMessage(const OutgoingMessage&) = delete;
    OutgoingMessage& operator=(const OutgoingMessage&) = delete;

  private:
    std::string top_;
    auth::HeaderBlockPtr header_;
    const SpooledBody& body_;
    std::vector<std::string_view> parts_;
};

}  // namespace gatepost::server
