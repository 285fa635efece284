#include "auth/dkim/key_record.hpp"

#include "auth/abnf.hpp"
#include "auth/base64.hpp"
#include "auth/tag_list.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::dkim {
namespace {

bool contains(std::string_view list, std::string_view item) {
    const auto items = split_colon_list(list);
    return std::find(items.begin(), items.end(), item) != items.end();
}

std::optional<crypto::KeyType> key_type_of(std::string_view name) {
    if (name == "rsa") return crypto::KeyType::rsa;
    if (name == "ed25519") return crypto::KeyType::ed25519;
    return std::nullopt;
}

// Why no signature is verified with a key of that size, whatever the options; empty: it is taken. Such keys
// are not even loaded: four of 16 bits would take 6 KiB beside an answer of 100 octets.
Reason why_refused(const crypto::RsaSize& size) {
    if (size.bits < crypto::minimum_rsa_bits)
        return Reason("RSA key of ")
            .then(size.bits)
            .then(" bits, below ")
            .then(crypto::minimum_rsa_bits)
            .then(" (RFC 8301)");
    if (size.bits > crypto::maximum_rsa_bits)
        return Reason("RSA key of ").then(size.bits).then(" bits, above ").then(crypto::maximum_rsa_bits);
    if (size.exponent_bits > crypto::maximum_rsa_exponent_bits)
        return Reason("RSA exponent of ")
            .then(size.exponent_bits)
            .then(" bits, above ")
            .then(crypto::maximum_rsa_exponent_bits);
    return {};
}

void load(std::string_view octets, LoadedKey& loaded) {
    const bool rsa = *loaded.record.type == crypto::KeyType::rsa;
    if (const auto size = rsa ? crypto::rsa_size(octets) : std::nullopt) {
        loaded.fault = why_refused(*size);
        loaded.is_refused = !loaded.fault.empty();
        if (loaded.is_refused) {
            loaded.bits = size->bits;
            return;
        }
    }
    auto key = rsa ? crypto::PublicKey::rsa(octets) : crypto::PublicKey::ed25519(octets);
    if (!key) {
        loaded.fault = Reason("key: ").then(key.error().reason());
        return;
    }
    loaded.bits = key->bits();
    loaded.key = std::move(*key);
}

}  // namespace

Parsed<KeyRecord> parse_key_record(std::string_view text) {
    if (text.size() > maximum_key_record_octets) return ParseError("key record too long");
    const auto tags = TagList::parse(text);
    if (!tags) return ParseError(Reason("key record: ").then(tags.error().reason()));
    // RFC 6376 §3.6.1: v= is DKIM1 and first, where it is there at all.
    if (const Tag* version = tags->find("v")) {
        if (version->value != "DKIM1") return ParseError("key record of another version");
        if (version != &tags->tags().front()) return ParseError("key record: v= is not the first tag");
    }
    KeyRecord record;
    if (const auto type = tags->value("k")) record.type = key_type_of(*type);
    if (const auto hashes = tags->value("h")) record.sha256_allowed = contains(*hashes, "sha256");
    if (const auto services = tags->value("s"))
        record.for_email = contains(*services, "*") || contains(*services, "email");
    if (const auto flags = tags->value("t")) {
        record.test_mode = contains(*flags, "y");
        record.strict_identity = contains(*flags, "s");
    }
    const auto data = tags->value("p");
    if (!data) return ParseError("key record without p=");
    auto key = base64_decode(*data, crypto::maximum_key_octets);
    if (!key) return ParseError("key record: p= is no base64, or too long");
    record.key = std::move(*key);
    return record;
}

LoadedKey load_key(std::string_view text) {
    LoadedKey loaded;
    auto record = parse_key_record(text);
    if (!record) {
        loaded.fault = record.error().reason();
        return loaded;
    }
    loaded.record = std::move(*record);
    const std::string octets = std::exchange(loaded.record.key, {});
    // RFC 6376 §6.1.2, steps 6 to 8; what depends on the signature is judged with the signature.
    if (octets.empty())
        loaded.fault = "key revoked";
    else if (!loaded.record.type)
        loaded.fault = "key of an unknown type";
    else if (!loaded.record.for_email)
        loaded.fault = "key is not for email (s=)";
    else if (!loaded.record.sha256_allowed)
        loaded.fault = "key does not allow sha256 (h=)";
    else
        load(octets, loaded);
    return loaded;
}

}  // namespace gatepost::auth::dkim
