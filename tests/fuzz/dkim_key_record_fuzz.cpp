// Key records: the octets as a TXT record, as the DER of an RSA key, and as the octets of an Ed25519 key.
#include "auth/base64.hpp"
#include "auth/crypto/der.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/crypto/public_key.hpp"
#include "auth/dkim/key_record.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace gatepost::auth;

void require(bool promise) {
    if (!promise) std::abort();
}

void run(std::string_view text) {
    const dkim::LoadedKey loaded = dkim::load_key(text);
    require(loaded.key.has_value() == loaded.fault.empty());
    if (!loaded.key) return;
    require(loaded.key->bits() > 0 && loaded.key->bits() <= crypto::maximum_rsa_bits);
    require(!loaded.key->verify_sha256(crypto::sha256(text), "no signature"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view alphabet = "vkpsthn=;: DKIM1rsaed25519AZ+/";
    const std::string octets(reinterpret_cast<const char*>(data), size);
    run(octets);
    std::string mapped;
    for (const char c : octets)
        mapped += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    run(mapped);
    const std::string data_tag = "p=" + base64_encode(octets);
    run(data_tag);
    run("k=ed25519; " + data_tag);
    if (const auto numbers = crypto::read_rsa_public_key(octets))
        require(!numbers->modulus.empty() && numbers->modulus.front() != 0 && !numbers->exponent.empty());
    return 0;
}
