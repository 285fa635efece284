#include "tests/support/arc_chain.hpp"

#include "auth/abnf.hpp"
#include "auth/arc/arc_set.hpp"
#include "auth/base64.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/header_hash.hpp"

#include "dns/ascii.hpp"

#include <stdexcept>

namespace gatepost::tests {
namespace {

using namespace auth;
using dkim::Canonicalization;

std::string body_hash(Canonicalization canonicalization, std::optional<std::uint64_t> length,
                      const std::string& body) {
    dkim::BodyHashes hashes;
    const std::size_t number = hashes.need(canonicalization, length);
    hashes.update(body);
    hashes.finish();
    return base64_encode(hashes.hash(number).octets);
}

std::string common_tags(const ArcSetToMake& set, const crypto::SigningKey& key) {
    return " i=" + std::to_string(set.instance) + "; a=" + std::string(to_string(key.type())) +
           "-sha256; d=" + set.domain + "; s=" + set.selector + "; t=1749999999;\r\n ";
}

std::string signature(const crypto::SigningKey& key, const std::string& hash) {
    const auto octets = key.sign_sha256(hash);
    if (!octets) throw std::logic_error("the key does not sign");
    return base64_encode(*octets) + "\r\n";
}

std::string message_signature(const ArcSetToMake& set, const HeaderBlock& header, const std::string& body,
                              const crypto::SigningKey& key) {
    const auto canonicalization =
        set.canonicalization == "simple" ? Canonicalization::simple : Canonicalization::relaxed;
    const std::string length = set.body_length ? "l=" + std::to_string(*set.body_length) + "; " : "";
    std::string field = "ARC-Message-Signature:" + common_tags(set, key) + set.message_signature_tags +
                        length + "c=" + set.canonicalization + "/" + set.canonicalization +
                        "; h=" + set.names +
                        ";\r\n bh=" + body_hash(canonicalization, set.body_length, body) + "; b=";
    std::vector<std::string> names;
    for (const std::string_view name : split_colon_list(set.names))
        if (!name.empty()) names.push_back(ascii::to_lower(name));
    const dkim::FieldIndex index(header);
    const auto fields = select_fields(index, names, nullptr);
    const std::string whole = field + "\r\n";
    return field + signature(key, header_hash(fields, canonicalization, whole,
                                              std::string_view(whole).substr(field.size(), 0)));
}

}  // namespace

std::string make_arc_set(const ArcSetToMake& set, const std::string& header, const std::string& body,
                         const crypto::SigningKey& key) {
    const auto block = HeaderBlock::parse(header);
    std::string results =
        "ARC-Authentication-Results: i=" + std::to_string(set.instance) + "; " + set.results + "\r\n";
    std::string signed_message = message_signature(set, *block, body, key);
    const std::string cv = !set.cv.empty() ? set.cv : set.instance == 1 ? "none" : "pass";
    std::string seal = "ARC-Seal:" + common_tags(set, key) + set.seal_tags + "cv=" + cv + "; b=";

    // RFC 8617 §5.1.1, in increasing order.
    std::string hashed;
    const auto add = [&](std::string_view field) {
        canonicalize_header_field(Canonicalization::relaxed, field, hashed);
    };
    for (const arc::ArcSet& before : arc::collect_sets(*block).sets)
        for (const HeaderField* field :
             {before.authentication_results, before.message_signature, before.seal})
            if (field) add(field->raw);
    add(results);
    add(signed_message);
    add(seal);
    hashed.resize(hashed.size() - 2);
    return seal + signature(key, crypto::sha256(hashed)) + signed_message + results;
}

}  // namespace gatepost::tests
