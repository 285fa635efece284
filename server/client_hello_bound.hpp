// Keeps a TLS handshake from promising much: OpenSSL allocates what the header of a ClientHello says (up to
// 128 KiB) before any of it has come. Pure; sees what a client sends until the handshake is over (RFC 8446
// §4, §5.1).
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace gatepost::server {

class ClientHelloBound {
  public:
    // local: those with keys of post-quantum exchanges take 2 KiB.
    static constexpr std::size_t most_octets = 16 * 1024;

    // The next octets of the connection. False: a ClientHello is to be longer than that.
    bool read(std::string_view octets);

  private:
    bool read_messages(std::string_view octets);

    std::array<unsigned char, 5> record_{};  // its header
    std::size_t record_got_ = 0;             // of the header
    std::size_t record_left_ = 0;            // of what follows it
    std::array<unsigned char, 4> message_{};
    std::size_t message_got_ = 0;
    std::size_t message_left_ = 0;
};

}  // namespace gatepost::server
