// What all signatures of one message may cost together, DKIM's and those of ARC. Whoever sends mail chooses
// how many there are and by which keys.
#pragma once

#include <cstddef>

namespace gatepost::auth::crypto {

// The unit is one verification by an RSA key of 1024 bits with the exponent 65537, about 4 us. Time grows
// with the square of the modulus' bits, and with the exponent's bits.
constexpr unsigned bits_of_unit = 1024;
constexpr unsigned exponent_bits_of_unit = 17;
constexpr unsigned ed25519_units = 25;  // local: measured against RSA, which has public keys much faster

constexpr unsigned rsa_units(unsigned bits, unsigned exponent_bits) {
    const unsigned length = (bits + bits_of_unit - 1) / bits_of_unit;
    return length * length * ((exponent_bits + exponent_bits_of_unit - 1) / exponent_bits_of_unit);
}

class VerificationBudget {
  public:
    // local: what the dearest key that is taken costs for each signature that may be verified, so that a
    // message whose names have one key each never meets the bound; and a chain: 50 sets by keys of 2048 bits
    // take 204, 20 sets by keys of 4096 bits 336.
    static constexpr unsigned units_per_signature = rsa_units(4096, 33);
    static constexpr unsigned units_per_chain = 400;

    explicit VerificationBudget(std::size_t signatures)
        : left_(signatures * units_per_signature + units_per_chain) {}

    // False: there is not so much left, and nothing is taken.
    bool take(std::size_t units) {
        if (units > left_) return false;
        left_ -= units;
        return true;
    }

  private:
    std::size_t left_;
};

}  // namespace gatepost::auth::crypto
