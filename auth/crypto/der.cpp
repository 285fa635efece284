#include "auth/crypto/der.hpp"

namespace gatepost::auth::crypto {
namespace {

constexpr unsigned char tag_integer = 0x02;
constexpr unsigned char tag_bit_string = 0x03;
constexpr unsigned char tag_null = 0x05;
constexpr unsigned char tag_object_identifier = 0x06;
constexpr unsigned char tag_sequence = 0x30;

// 1.2.840.113549.1.1.1, RFC 8017 §A.1
constexpr std::string_view rsa_encryption = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";

unsigned char octet(char c) {
    return static_cast<unsigned char>(c);
}

// The length of the contents, taken off the front of `rest`; definite and in its shortest form (X.690 §10.1).
std::optional<std::size_t> take_length(std::string_view& rest) {
    if (rest.empty()) return std::nullopt;
    const unsigned char first = octet(rest.front());
    rest.remove_prefix(1);
    if (first < 0x80) return first;
    const std::size_t count = first & 0x7fU;
    if (count == 0 || count > 2 || rest.size() < count) return std::nullopt;
    std::size_t length = 0;
    for (std::size_t i = 0; i < count; ++i)
        length = (length << 8) | octet(rest[i]);
    rest.remove_prefix(count);
    const bool shortest = count == 1 ? length >= 0x80 : length >= 0x100;
    if (!shortest) return std::nullopt;
    return length;
}

// The contents of the element at the front of `rest`, which must have this tag; takes it off.
std::optional<std::string_view> take(std::string_view& rest, unsigned char tag) {
    if (rest.empty() || octet(rest.front()) != tag) return std::nullopt;
    std::string_view after = rest.substr(1);
    const auto length = take_length(after);
    if (!length || *length > after.size()) return std::nullopt;
    rest = after.substr(*length);
    return after.substr(0, *length);
}

// A positive INTEGER without its sign octet.
std::optional<std::string_view> take_positive(std::string_view& rest) {
    auto number = take(rest, tag_integer);
    if (!number || number->empty() || octet(number->front()) >= 0x80) return std::nullopt;
    if (number->front() != 0) return number;
    number->remove_prefix(1);
    // A zero octet is there only where it keeps the number positive (X.690 §8.3.2); zero itself is no key.
    if (number->empty() || octet(number->front()) < 0x80) return std::nullopt;
    return number;
}

std::optional<RsaNumbers> read_rsa_sequence(std::string_view contents) {
    const auto modulus = take_positive(contents);
    if (!modulus) return std::nullopt;
    const auto exponent = take_positive(contents);
    if (!exponent || !contents.empty()) return std::nullopt;
    return RsaNumbers{*modulus, *exponent};
}

// RSAPublicKey and nothing behind it.
std::optional<RsaNumbers> read_pkcs1(std::string_view der) {
    const auto contents = take(der, tag_sequence);
    if (!contents || !der.empty()) return std::nullopt;
    return read_rsa_sequence(*contents);
}

}  // namespace

std::optional<RsaNumbers> read_rsa_public_key(std::string_view der) {
    std::string_view rest = der;
    auto contents = take(rest, tag_sequence);
    if (!contents || !rest.empty() || contents->empty()) return std::nullopt;
    if (octet(contents->front()) == tag_integer) return read_rsa_sequence(*contents);
    auto algorithm = take(*contents, tag_sequence);
    if (!algorithm) return std::nullopt;
    const auto identifier = take(*algorithm, tag_object_identifier);
    if (!identifier || *identifier != rsa_encryption) return std::nullopt;
    // The parameters are NULL (RFC 8017 §A.1); some encoders leave them out.
    if (!algorithm->empty()) {
        const auto parameters = take(*algorithm, tag_null);
        if (!parameters || !parameters->empty() || !algorithm->empty()) return std::nullopt;
    }
    const auto bits = take(*contents, tag_bit_string);
    if (!bits || bits->empty() || bits->front() != 0 || !contents->empty()) return std::nullopt;
    return read_pkcs1(bits->substr(1));
}

}  // namespace gatepost::auth::crypto
