// The body hashes that the signatures of one message need (RFC 6376 §3.7 step 1): the body is canonicalized
// once for each algorithm, and hashed once for each distinct canonicalization and length, while it streams
// by. The hash algorithm is SHA-256 for every signature that is taken (RFC 8301 §3.1, RFC 8463 §3).
#pragma once

#include "auth/crypto/digest.hpp"
#include "auth/dkim/canonicalization.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::dkim {

class BodyHashes {
  public:
    struct Hash {
        std::string octets;                  // of the canonical body, cut at the length asked for
        std::uint64_t hashed_octets = 0;     // how many canonical octets went in
        std::uint64_t canonical_octets = 0;  // how many there are
    };

    BodyHashes();
    ~BodyHashes();
    BodyHashes(const BodyHashes&) = delete;
    BodyHashes& operator=(const BodyHashes&) = delete;

    // Asks for a hash before any body octet is fed; gives its number for hash(). `length`: the l= tag
    // (RFC 6376 §3.5), the whole body without it. The same question twice gives the same number.
    std::size_t need(Canonicalization canonicalization, std::optional<std::uint64_t> length);
    // How many hashes are computed.
    std::size_t size() const;

    void update(std::string_view chunk);
    // Once, after the last chunk.
    void finish();
    // After finish().
    const Hash& hash(std::size_t number) const;

  private:
    struct Computation;
    struct Stream;
    std::vector<std::unique_ptr<Computation>> computations_;
    std::vector<std::unique_ptr<Stream>> streams_;  // one a canonicalization in use
};

}  // namespace gatepost::auth::dkim
