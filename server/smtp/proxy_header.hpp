// The header that a proxy puts before a connection to say whose it is (the PROXY protocol, versions 1 and 2).
// It is read octet by octet and never past its end: what follows may be a TLS handshake. Whether the peer may
// send one is the caller's business; a listener either demands it or never looks for it (§2: the receiver
// must not guess).
#pragma once

#include "dns/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

class ProxyHeaderReader {
  public:
    enum class Status {
        need_more,
        done,     // the header has ended; client() says who it is
        invalid,  // no such header: fault() says why; the connection is to be closed (§2.1, §2.2)
    };

    // How many octets surely belong to the header yet; at least 1 while more is needed.
    std::size_t wanted() const;
    // Takes octets off the front of `input` up to the header's end. Not to be called after done or invalid.
    Status read(std::string_view& input);

    // The client that the proxy names. None where it speaks for itself or names nobody over TCP (LOCAL,
    // UNKNOWN, UNSPEC, UDP, UNIX): a health check, in practice.
    const std::optional<dns::IpAddress>& client() const { return client_; }
    std::string_view fault() const { return fault_; }

  private:
    Status fail(std::string_view fault);
    Status take(char octet);
    Status take_line_octet();
    Status take_block_octet();
    Status read_line();
    Status read_block_start();
    Status end_block();

    std::string kept_;
    std::size_t needed_ = 0;   // version 2: octets to keep: the fixed part and the addresses
    std::size_t to_skip_ = 0;  // version 2: octets behind them, of no use to us
    std::optional<dns::IpAddress> client_;
    std::string_view fault_;
};

}  // namespace gatepost::server::smtp
