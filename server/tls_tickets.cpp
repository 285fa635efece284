#include "server/tls_tickets.hpp"

#include "server/tls_handles.hpp"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace gatepost::server {
namespace {

constexpr char mac_digest[] = "SHA256";

bool draw(std::span<std::uint8_t> octets) {
    return RAND_priv_bytes(octets.data(), static_cast<int>(octets.size())) == 1;
}

bool set_mac_key(EVP_MAC_CTX* mac, TicketKey& key) {
    char digest[sizeof mac_digest];
    std::copy(std::begin(mac_digest), std::end(mac_digest), digest);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key.mac_key.data(), key.mac_key.size()),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0), OSSL_PARAM_construct_end()};
    return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

// OpenSSL's answers: 1 go on, 2 go on and issue a new ticket, 0 no such key, -1 failure.
int seal(TicketKeys& keys, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac) {
    auto key = keys.current();
    if (!key) return -1;
    if (!draw({iv, static_cast<std::size_t>(EVP_CIPHER_get_iv_length(EVP_aes_256_cbc()))})) return -1;
    std::copy(key->name.begin(), key->name.end(), name);
    const bool ready =
        EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher_key.data(), iv) == 1 &&
        set_mac_key(mac, *key);
    OPENSSL_cleanse(&*key, sizeof *key);
    return ready ? 1 : -1;
}

int open(TicketKeys& keys, const unsigned char* name, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
         EVP_MAC_CTX* mac) {
    auto found = keys.find({name, std::tuple_size_v<decltype(TicketKey::name)>});
    if (!found) return 0;
    const bool ready =
        EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, found->key.cipher_key.data(), iv) == 1 &&
        set_mac_key(mac, found->key);
    OPENSSL_cleanse(&found->key, sizeof found->key);
    if (!ready) return -1;
    return found->is_current ? 1 : 2;
}

int on_ticket(SSL* session, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
              int sealing) {
    // A host name may have led to another context: all have the same keys.
    auto& keys = *static_cast<TicketKeys*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
    return sealing != 0 ? seal(keys, name, iv, cipher, mac) : open(keys, name, iv, cipher, mac);
}

SSL_TICKET_RETURN on_opened(SSL*, SSL_SESSION* session, const unsigned char*, std::size_t,
                            SSL_TICKET_STATUS status, void*) {
    const bool opened = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
    if (!opened || SSL_SESSION_get0_peer(session) != nullptr) return SSL_TICKET_RETURN_IGNORE_RENEW;
    return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

TicketKeys::~TicketKeys() {
    for (Made& made : keys_)
        OPENSSL_cleanse(&made.key, sizeof made.key);
}

void TicketKeys::forget_old(Clock::time_point now) {
    const auto first = std::find_if(keys_.begin(), keys_.end(), [&](const Made& made) {
        return now - made.at < issue_time + ticket_time;
    });
    for (auto old = keys_.begin(); old != first; ++old)
        OPENSSL_cleanse(&old->key, sizeof old->key);
    keys_.erase(keys_.begin(), first);
}

std::optional<TicketKey> TicketKeys::current() {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = now_();
    forget_old(now);
    if (keys_.empty() || now - keys_.back().at >= issue_time) {
        Made made{{}, now};
        if (!draw(made.key.name) || !draw(made.key.cipher_key) || !draw(made.key.mac_key))
            return std::nullopt;
        keys_.push_back(made);
    }
    return keys_.back().key;
}

std::optional<TicketKeys::Found> TicketKeys::find(std::span<const std::uint8_t> name) {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = now_();
    forget_old(now);
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&](const Made& made) {
        return std::equal(made.key.name.begin(), made.key.name.end(), name.begin(), name.end());
    });
    if (found == keys_.end()) return std::nullopt;
    const bool is_current = std::next(found) == keys_.end() && now - found->at < issue_time;
    return Found{found->key, is_current};
}

void use_tickets(ssl_ctx_st* context, TicketKeys& keys) {
    SSL_CTX_set_app_data(context, &keys);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
    SSL_CTX_set_session_ticket_cb(context, nullptr, on_opened, nullptr);
    SSL_CTX_set_timeout(context, TicketKeys::ticket_time.count());
    SSL_CTX_set_num_tickets(context, 1);
}

}  // namespace gatepost::server
