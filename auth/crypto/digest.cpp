#include "auth/crypto/digest.hpp"

#include <openssl/evp.h>

#include <new>

namespace gatepost::auth::crypto {
namespace {

// Looked up once: EVP_sha256() would be at each digest.
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return fetched;
}

}  // namespace

struct Sha256::Context {
    Context() : md(EVP_MD_CTX_new()) {
        if (!md || EVP_DigestInit_ex(md, sha256_algorithm(), nullptr) != 1) {
            EVP_MD_CTX_free(md);
            throw std::bad_alloc();
        }
    }
    ~Context() { EVP_MD_CTX_free(md); }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    EVP_MD_CTX* md;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view octets) {
    if (EVP_DigestUpdate(context_->md, octets.data(), octets.size()) != 1) throw std::bad_alloc();
}

std::string Sha256::finish() {
    std::string hash(sha256_octets, '\0');
    if (EVP_DigestFinal_ex(context_->md, reinterpret_cast<unsigned char*>(hash.data()), nullptr) != 1)
        throw std::bad_alloc();
    return hash;
}

Sha256 Sha256::fork() const {
    Sha256 copy;
    if (EVP_MD_CTX_copy_ex(copy.context_->md, context_->md) != 1) throw std::bad_alloc();
    return copy;
}

std::string sha256(std::string_view octets) {
    Sha256 digest;
    digest.update(octets);
    return digest.finish();
}

}  // namespace gatepost::auth::crypto
