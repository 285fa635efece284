#include "server/tls_client_certificate.hpp"

#include "server/tls_handles.hpp"

#include "auth/crypto/public_key.hpp"

#include "dns/ascii.hpp"

#include <openssl/core_names.h>

#include <array>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace gatepost::server {
namespace {

using policy::DistinguishedName;
using policy::NameAttribute;
using GeneralNames = std::unique_ptr<GENERAL_NAMES, Release<GENERAL_NAMES_free>>;

// local: no more than OpenSSL checks within half a millisecond. Honest clients' exponents are 65537.
constexpr int most_key_bits = 8192;

// With such a key a client that need not own it makes the check of its signature take many milliseconds.
bool is_costly(X509* certificate) {
    const EVP_PKEY* key = X509_get0_pubkey(certificate);
    if (key == nullptr) return false;
    switch (EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
        case EVP_PKEY_RSA_PSS:
            break;
        case EVP_PKEY_EC:
        case EVP_PKEY_ED25519:
        case EVP_PKEY_ED448:
            return false;
        default:
            return true;  // DSA: any length
    }
    if (EVP_PKEY_get_bits(key) > most_key_bits) return true;
    BIGNUM* exponent = nullptr;
    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return false;
    const int bits = BN_num_bits(exponent);
    BN_free(exponent);
    return bits > static_cast<int>(auth::crypto::maximum_rsa_exponent_bits);
}

// The handshake goes on in nearly any case; what was found stays as the session's verify result.
int verify(X509_STORE_CTX* chain, void*) {
    if (X509* shown = X509_STORE_CTX_get0_cert(chain); shown != nullptr && is_costly(shown)) {
        X509_STORE_CTX_set_error(chain, X509_V_ERR_CERT_REJECTED);
        return 0;  // before anything is computed with it
    }
    if (X509_verify_cert(chain) != 1 && X509_STORE_CTX_get_error(chain) == X509_V_OK)
        X509_STORE_CTX_set_error(chain, X509_V_ERR_UNSPECIFIED);
    return 1;
}

std::optional<NameAttribute> read_attribute(const X509_NAME_ENTRY* entry) {
    NameAttribute attribute;
    std::array<char, 128> oid{};  // local: no attribute type of use is longer
    const int length =
        OBJ_obj2txt(oid.data(), static_cast<int>(oid.size()), X509_NAME_ENTRY_get_object(entry), 1);
    if (length <= 0 || static_cast<std::size_t>(length) >= oid.size()) return std::nullopt;
    attribute.type = oid.data();
    unsigned char* text = nullptr;
    const int octets = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (octets < 0) return std::nullopt;
    attribute.value.assign(reinterpret_cast<const char*>(text), static_cast<std::size_t>(octets));
    OPENSSL_free(text);
    return attribute;
}

// Empty, and so equal to no name that a condition can hold, where a part of it is no text.
DistinguishedName read_name(const X509_NAME* name) {
    std::vector<std::vector<NameAttribute>> relative_names;
    int last_set = -1;
    for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
        const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
        auto attribute = read_attribute(entry);
        if (!attribute) return {};
        if (X509_NAME_ENTRY_set(entry) != last_set) relative_names.emplace_back();
        last_set = X509_NAME_ENTRY_set(entry);
        relative_names.back().push_back(std::move(*attribute));
    }
    DistinguishedName read;
    // RFC 4514 §2.1: the last relative name comes first.
    for (auto relative_name = relative_names.rbegin(); relative_name != relative_names.rend();
         ++relative_name)
        read.append(std::move(*relative_name));
    return read;
}

void read_alternative_names(const X509* certificate, policy::ClientCertificate& target) {
    const GeneralNames names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (!names) return;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        int type = 0;
        const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
        std::vector<std::string>* list = nullptr;
        if (type == GEN_DNS) list = &target.dns_names;
        if (type == GEN_EMAIL) list = &target.mail_addresses;
        if (type == GEN_URI) list = &target.uris;
        if (list == nullptr) continue;
        const auto* text = static_cast<const ASN1_IA5STRING*>(value);
        // With its length: a NUL inside must not cut a longer name to a shorter one.
        list->emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                           static_cast<std::size_t>(ASN1_STRING_length(text)));
    }
}

std::string fingerprint(const X509* certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
    return ascii::to_hex(std::span(digest).first(size));
}

}  // namespace

bool ask_for_client_certificate(ssl_ctx_st* context, const std::filesystem::path& client_ca,
                                std::string& problem) {
    ERR_clear_error();
    TlsStore store(X509_STORE_new());
    if (!store) throw std::bad_alloc();
    auto* names = SSL_load_client_CA_file(client_ca.c_str());
    if (names == nullptr || X509_STORE_load_file(store.get(), client_ca.c_str()) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        problem = "tls.client_ca " + client_ca.string() + ": " + take_tls_error("it cannot be used");
        return false;
    }
    // What the operator put into the file is trusted, be it a root or an intermediate authority.
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    SSL_CTX_set_cert_store(context, store.release());
    SSL_CTX_set_client_CA_list(context, names);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, verify, nullptr);
    return true;
}

std::shared_ptr<const policy::ClientCertificate> verified_client_certificate(ssl_st* session,
                                                                             std::string& problem) {
    const X509* shown = SSL_get0_peer_certificate(session);
    if (shown == nullptr) return nullptr;
    const long result = SSL_get_verify_result(session);
    if (result != X509_V_OK) {
        problem = X509_verify_cert_error_string(result);
        return nullptr;
    }
    auto read = std::make_shared<policy::ClientCertificate>();
    read->subject = read_name(X509_get_subject_name(shown));
    read_alternative_names(shown, *read);
    read->sha256 = fingerprint(shown);
    ERR_clear_error();
    return read;
}

}  // namespace gatepost::server
