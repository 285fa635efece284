#include "auth/dkim/sign.hpp"

#include "auth/base64.hpp"
#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/folded_field.hpp"
#include "auth/dkim/header_hash.hpp"
#include "auth/dkim/signature_field.hpp"

#include "dns/ascii.hpp"

#include <array>
#include <iterator>

namespace gatepost::auth::dkim {
namespace {

// RFC 6376 §5.4.1. Those that may stand in a message once (RFC 5322 §3.6) are signed once more than they are
// there.
constexpr std::array<std::string_view, 13> once = {"from",
                                                   "to",
                                                   "cc",
                                                   "subject",
                                                   "date",
                                                   "reply-to",
                                                   "message-id",
                                                   "in-reply-to",
                                                   "references",
                                                   "sender",
                                                   "mime-version",
                                                   "content-type",
                                                   "content-transfer-encoding"};
constexpr std::array<std::string_view, 8> also = {
    "list-id",   "list-help",  "list-unsubscribe", "list-subscribe",
    "list-post", "list-owner", "list-archive",     "list-unsubscribe-post"};

std::string seconds_of(std::chrono::system_clock::time_point time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

// RFC 6376 §2.11: what is not a dkim-safe-char is written as "=" and two hex digits.
std::string dkim_quoted_printable(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (ascii::is_visible(c) && c != ';' && c != '=') {
            out += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out += '=';
        out += digits[octet >> 4];
        out += digits[octet & 15U];
    }
    return out;
}

std::string body_hash_of(std::string_view body, const SigningOptions& options) {
    BodyHashes hashes;
    const std::size_t number = hashes.need(options.body_canonicalization, options.body_length);
    hashes.update(body);
    hashes.finish();
    return hashes.hash(number).octets;
}

// The field up to and with "b=".
std::string unsigned_field(std::string_view body, const crypto::SigningKey& key,
                           const SigningOptions& options, const std::vector<std::string>& names) {
    FoldedField field("DKIM-Signature: v=1;");
    field.tag("a=" + std::string(to_string(key.type())) + "-sha256;");
    field.tag("c=" + std::string(to_string(options.header_canonicalization)) + "/" +
              std::string(to_string(options.body_canonicalization)) + ";");
    field.tag("d=" + options.domain.text() + ";");
    field.tag("s=" + options.selector + ";");
    if (!options.identity.empty()) field.tag("i=" + dkim_quoted_printable(options.identity) + ";");
    if (options.timestamp) field.tag("t=" + seconds_of(*options.timestamp) + ";");
    if (options.expiration) field.tag("x=" + seconds_of(*options.expiration) + ";");
    if (options.body_length) field.tag("l=" + std::to_string(*options.body_length) + ";");
    field.tag("h=" + names.front());
    for (auto name = std::next(names.begin()); name != names.end(); ++name)
        field.more(":" + *name);
    field.more(";");
    field.tag("bh=");
    field.base64(base64_encode(body_hash_of(body, options)));
    field.more(";");
    field.tag("b=");
    return field.text();
}

}  // namespace

std::vector<std::string> usual_names(const HeaderBlock& header) {
    std::vector<std::string> names;
    for (const std::string_view name : once)
        names.insert(names.end(), header.count(name) + 1, std::string(name));
    for (const std::string_view name : also)
        names.insert(names.end(), header.count(name), std::string(name));
    return names;
}

Parsed<std::string> sign(const HeaderBlock& header, std::string_view body, const crypto::SigningKey& key,
                         const SigningOptions& options) {
    if (header.fault() != HeaderFault::none)
        return ParseError(Reason("malformed header: ").then(Reason(header.fault())));
    const std::vector<std::string> names = options.names.empty() ? usual_names(header) : options.names;
    const std::string start = unsigned_field(body, key, options, names);
    // The verifier's own reader says whether the field is one: with a stand-in for the signature, and at the
    // time of signing.
    const std::string trial = start + "AAAA\r\n";
    const auto block = HeaderBlock::parse(trial);
    if (block->fault() != HeaderFault::none || block->fields().size() != 1)
        return ParseError("options that make no header field");
    const auto time = options.timestamp.value_or(std::chrono::system_clock::time_point());
    dns::IdnaBudget of_the_field;
    const SignatureField parsed = parse_signature_field(block->fields().front(), time, of_the_field);
    if (!parsed.fault.empty())
        return ParseError(Reason("options that make no valid signature: ").then(parsed.fault));

    const FieldIndex index(header);
    const std::string hashed = start + "\r\n";
    const std::string hash =
        header_hash(select_fields(index, parsed.signed_names, nullptr), options.header_canonicalization,
                    hashed, std::string_view(hashed).substr(start.size(), 0));
    const auto signature = key.sign_sha256(hash);
    if (!signature) return ParseError("the key cannot sign");
    FoldedField field(start);
    field.base64(base64_encode(*signature));
    return field.text() + "\r\n";
}

std::string key_record_of(const crypto::SigningKey& key) {
    return "v=DKIM1; k=" + std::string(to_string(key.type())) +
           "; p=" + base64_encode(key.public_key_octets());
}

}  // namespace gatepost::auth::dkim
