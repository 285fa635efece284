#include "server/tls_key_pair.hpp"

#include "server/tls_handles.hpp"

#include "config/secret.hpp"

#include <openssl/pem.h>

#include <string_view>

namespace gatepost::server {
namespace {

// Forward secrecy always. AEAD first; CBC last, and only for TLS 1.2 hosts that know nothing better: without
// a common cipher they would send in the clear.
constexpr const char* tls_1_2_ciphers =
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:!aNULL:!eNULL:!PSK:!SRP:!kRSA";

// local: a chain of a few certificates with long names; OpenSSL's default is 100 KiB.
constexpr long max_chain_octets = 32 * 1024;
constexpr int max_chain_depth = 8;  // local: root, intermediates and the host's own are 3 or 4

// OpenSSL must not ask the terminal for the passphrase of an encrypted key.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

// OpenSSL's last word on a damaged file is "PEM lib" or "unsupported".
std::string why_no_certificate() {
    bool is_damaged = false;
    const unsigned long last = ERR_peek_last_error();
    const char* reason = last == 0 ? nullptr : ERR_reason_error_string(last);
    while (const unsigned long error = ERR_get_error()) {
        const int library = ERR_GET_LIB(error);
        if (library == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE) {
            ERR_clear_error();
            return "no certificate in PEM";
        }
        is_damaged = is_damaged || library == ERR_LIB_PEM || library == ERR_LIB_ASN1;
    }
    if (is_damaged) return "its PEM is cut off or damaged; copy it anew";
    return reason == nullptr ? "it cannot be used" : reason;
}

std::string why_no_key(std::string_view text, const std::filesystem::path& file) {
    const std::string reason = take_tls_error("it cannot be used");
    if (text.find("PRIVATE KEY-----") == std::string_view::npos) return "no private key in PEM";
    const std::string name = file.empty() ? "FILE" : file.string();
    if (text.find("ENCRYPTED") != std::string_view::npos)
        return "it is encrypted, and nobody is there to type the passphrase; decrypt it with openssl pkey "
               "-in " +
               name + " -out " + name;
    return "its PEM is cut off or damaged, or a kind of key that OpenSSL does not know (" + reason +
           "); copy it anew";
}

}  // namespace

void harden_tls(ssl_ctx_st* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // RFC 7457 §2.6: compression tells secrets. An end without close_notify is an end: SMTP has its own marks
    // for where a message ends.
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    // An idle session gives its buffers back.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_cipher_list(context, tls_1_2_ciphers);
    SSL_CTX_set_dh_auto(context, 1);
#if OPENSSL_VERSION_NUMBER < 0x30500000L
    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384:P-521");
#endif  // since 3.5 the library's own list begins with a group that withstands quantum computers
    SSL_CTX_set_max_cert_list(context, max_chain_octets);
    SSL_CTX_set_verify_depth(context, max_chain_depth);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

bool use_key_pair(ssl_ctx_st* context, const config::KeyPair& pair, const std::string& key,
                  std::string& problem) {
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context, pair.certificate.c_str()) != 1) {
        problem = key + ".certificate " + pair.certificate.string() + ": " + why_no_certificate();
        return false;
    }
    std::string text = pair.private_key;
    if (!pair.private_key_file.empty()) {
        const config::TextResult read = config::read_secret_file(pair.private_key_file);
        if (!read) {
            problem = key + ".private_key: " + read.error().text;
            return false;
        }
        text = *read;
    }
    const TlsBio source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const TlsKey loaded(PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr));
    if (!loaded) problem = key + ".private_key: " + why_no_key(text, pair.private_key_file);
    OPENSSL_cleanse(text.data(), text.size());
    if (!loaded) return false;
    if (SSL_CTX_use_PrivateKey(context, loaded.get()) == 1 && SSL_CTX_check_private_key(context) == 1)
        return true;
    ERR_clear_error();
    problem = key + ".private_key does not belong to " + pair.certificate.string();
    return false;
}

}  // namespace gatepost::server
