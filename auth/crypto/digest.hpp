// SHA-256 as a stream (RFC 6376 §3.3.2). SHA-1 is not here on purpose: RFC 8301 §3.1 ended it for DKIM.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gatepost::auth::crypto {

constexpr std::size_t sha256_octets = 32;

class Sha256 {
  public:
    // Throws std::bad_alloc where the library has no memory.
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::string_view octets);
    // The 32 octets of the hash. Call once; no update() after it.
    std::string finish();
    // Another digest that goes on from here: for hashes of texts with one beginning.
    Sha256 fork() const;

  private:
    struct Context;
    std::unique_ptr<Context> context_;
};

std::string sha256(std::string_view octets);

}  // namespace gatepost::auth::crypto
