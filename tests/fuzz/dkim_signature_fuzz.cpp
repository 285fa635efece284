// DKIM-Signature fields: the first octet chooses between the rest as a field's value, the rest mapped into
// the alphabet of tag lists, which reaches deeper, and the rest behind the tags of a valid field. What is
// taken must keep the promises of signature_field.hpp.
#include "auth/dkim/header_hash.hpp"
#include "auth/dkim/signature_field.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace gatepost::auth;

void require(bool promise) {
    if (!promise) std::abort();
}

void run(std::string_view value) {
    const auto block =
        HeaderBlock::parse("From: a@example.org\r\nDKIM-Signature:" + std::string(value) + "\r\n\r\n");
    const dkim::FieldIndex index(*block);
    for (const HeaderField& field : block->fields()) {
        gatepost::dns::IdnaBudget names;
        const auto parsed = dkim::parse_signature_field(
            field, std::chrono::system_clock::time_point(std::chrono::hours(480'000)), names);
        require(parsed.signed_names.size() <= dkim::maximum_signed_names);
        require(parsed.signature.size() <= dkim::maximum_signature_octets);
        require(parsed.signature_prefix.size() <= 8);
        for (const char c : parsed.identity + parsed.algorithm + parsed.selector)
            require(c != '\r' && c != '\n' && c != '\0');
        if (!parsed.fault.empty()) continue;
        require(parsed.domain && parsed.key_name && parsed.key_type && parsed.identity_domain);
        require(parsed.identity_domain->is_at_or_below(*parsed.domain));
        require(!parsed.signature.empty() && parsed.body_hash.size() == 32);
        const auto fields = dkim::select_fields(index, parsed.signed_names, &field);
        require(fields.size() <= block->fields().size());
        dkim::header_hash(fields, parsed.header_canonicalization, field.raw, parsed.spelled_signature);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view alphabet = "abcdhilqstvxz=;:/@-. \t109+AZ";
    if (size == 0) return 0;
    std::string octets(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (data[0] % 3 == 1)
        for (char& c : octets)
            c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    if (data[0] % 3 != 2) {
        run(octets);
        return 0;
    }
    // Mutations of the seeds soon break a tag that is required; the input's own tags over a valid base do
    // not.
    run(" v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; "
        "b=AAAA;" +
        octets);
    return 0;
}
