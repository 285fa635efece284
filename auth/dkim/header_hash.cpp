#include "auth/dkim/header_hash.hpp"

#include "auth/crypto/digest.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::dkim {
namespace {

// Names of one length are seldom many: few are compared octet by octet.
bool is_shorter_or_before(std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

FieldIndex::FieldIndex(const HeaderBlock& header) {
    const std::vector<HeaderField>& fields = header.fields();
    std::size_t octets = 0;
    for (const HeaderField& field : fields)
        octets += field.name.size();
    lower_.reserve(octets);  // never moves again
    std::vector<std::pair<std::string_view, const HeaderField*>> named;
    named.reserve(fields.size());
    for (const HeaderField& field : fields) {
        const std::size_t begin = lower_.size();
        for (const char c : field.name)
            lower_.push_back(ascii::to_lower(c));
        named.emplace_back(std::string_view(lower_.data() + begin, field.name.size()), &field);
    }
    // The fields of a name by where they stand.
    std::sort(named.begin(), named.end(), [](const auto& a, const auto& b) {
        return a.first == b.first ? a.second < b.second : is_shorter_or_before(a.first, b.first);
    });
    names_.reserve(named.size());
    fields_.reserve(named.size());
    for (const auto& [name, field] : named) {
        names_.push_back(name);
        fields_.push_back(field);
    }
}

FieldIndex::Fields FieldIndex::named(std::string_view lower_name) const {
    const auto [first, last] =
        std::equal_range(names_.begin(), names_.end(), lower_name, is_shorter_or_before);
    return all().subspan(static_cast<std::size_t>(first - names_.begin()),
                         static_cast<std::size_t>(last - first));
}

std::vector<const HeaderField*> select_fields(const FieldIndex& index,
                                              const std::vector<std::string>& lower_names,
                                              const HeaderField* own) {
    std::vector<const HeaderField*> selected;
    selected.reserve(lower_names.size());
    std::vector<std::size_t> taken(index.all().size());  // of a name, where its first field is
    for (const std::string& name : lower_names) {
        const FieldIndex::Fields fields = index.named(name);
        if (fields.empty()) continue;
        std::size_t& gone = taken[static_cast<std::size_t>(fields.data() - index.all().data())];
        if (gone < fields.size() && fields[fields.size() - gone - 1] == own) ++gone;
        if (gone == fields.size()) continue;
        selected.push_back(fields[fields.size() - ++gone]);
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
