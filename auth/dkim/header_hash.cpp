#include "auth/dkim/header_hash.hpp"

#include "auth/crypto/digest.hpp"

#include "dns/ascii.hpp"

namespace gatepost::auth::dkim {

FieldIndex::FieldIndex(const HeaderBlock& header) {
    for (const HeaderField& field : header.fields())
        by_name_[ascii::to_lower(field.name)].push_back(&field);
}

const std::vector<const HeaderField*>& FieldIndex::named(const std::string& lower_name) const {
    static const std::vector<const HeaderField*> none;
    const auto found = by_name_.find(lower_name);
    return found == by_name_.end() ? none : found->second;
}

std::vector<const HeaderField*> select_fields(const FieldIndex& index,
                                              const std::vector<std::string>& lower_names,
                                              const HeaderField* own) {
    std::vector<const HeaderField*> selected;
    std::map<std::string_view, std::size_t> left;  // how many of the name are still to be selected
    for (const std::string& name : lower_names) {
        const auto& fields = index.named(name);
        std::size_t& rest = left.try_emplace(name, fields.size()).first->second;
        if (rest > 0 && fields[rest - 1] == own) --rest;
        if (rest == 0) continue;
        selected.push_back(fields[--rest]);
    }
    return selected;
}

std::string canonical_signature_field(Canonicalization canonicalization, std::string_view signature_field,
                                      std::string_view spelled_signature) {
    const auto before = static_cast<std::size_t>(spelled_signature.data() - signature_field.data());
    std::string without_signature(signature_field.substr(0, before));
    without_signature += signature_field.substr(before + spelled_signature.size());
    std::string canonical;
    canonicalize_header_field(canonicalization, without_signature, canonical);
    canonical.resize(canonical.size() - 2);  // RFC 6376 §3.7: without a trailing CRLF
    return canonical;
}

std::string header_hash(const std::vector<const HeaderField*>& fields, Canonicalization canonicalization,
                        std::string_view signature_field, std::string_view spelled_signature) {
    crypto::Sha256 digest;
    std::string canonical;
    for (const HeaderField* field : fields) {
        canonical.clear();
        canonicalize_header_field(canonicalization, field->raw, canonical);
        digest.update(canonical);
    }
    digest.update(canonical_signature_field(canonicalization, signature_field, spelled_signature));
    return digest.finish();
}

}  // namespace gatepost::auth::dkim
