// Header blocks: every field is a part of the octets, in order, and without a fault the fields are all of
// them. What is found is also canonicalized, and the body behind it in chunks of any size.
#include "auth/dkim/canonicalization.hpp"
#include "auth/message/header_block.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace gatepost::auth;

void require(bool promise) {
    if (!promise) std::abort();
}

void check_fields(const HeaderBlock& block) {
    const std::string_view all = block.octets();
    const char* at = all.data();
    std::string joined;
    for (const HeaderField& field : block.fields()) {
        require(field.raw.data() >= at && field.raw.data() + field.raw.size() <= all.data() + all.size());
        at = field.raw.data() + field.raw.size();
        joined += field.raw;
        const std::string value = unfold(field.value);
        require(block.fault() != HeaderFault::none || value.find_first_of("\r\n") == std::string::npos);
        std::string simple, relaxed, again;
        dkim::canonicalize_header_field(dkim::Canonicalization::simple, field.raw, simple);
        dkim::canonicalize_header_field(dkim::Canonicalization::relaxed, field.raw, relaxed);
        require(simple.ends_with("\r\n") && relaxed.ends_with("\r\n"));
        dkim::canonicalize_header_field(dkim::Canonicalization::relaxed, relaxed, again);
        require(block.fault() != HeaderFault::none || again == relaxed);
    }
    const char* after = all.data();
    for (const HeaderField& stray : block.strays()) {
        require(stray.raw.data() >= after && stray.raw.data() + stray.raw.size() <= all.data() + all.size());
        after = stray.raw.data() + stray.raw.size();
    }
    require(block.strays().empty() || block.fault() != HeaderFault::none);
    if (block.fault() == HeaderFault::none) require(all.starts_with(joined));
}

std::string canonical(dkim::Canonicalization canonicalization, std::string_view body, std::size_t step) {
    std::string out;
    dkim::BodyCanonicalizer canonicalizer(canonicalization, [&](std::string_view octets) { out += octets; });
    for (std::size_t i = 0; i < body.size(); i += step)
        canonicalizer.update(body.substr(i, step));
    canonicalizer.finish();
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view alphabet = "aB: \t\r\n";
    const std::string octets(reinterpret_cast<const char*>(data), size);
    std::string mapped;
    for (const char c : octets)
        mapped += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    for (const std::string& text : {octets, mapped}) {
        check_fields(*HeaderBlock::parse(text));
        check_fields(*HeaderBlock::parse(text, 3));
        const std::size_t step = 1 + size % 5;
        for (const auto canonicalization : {dkim::Canonicalization::simple, dkim::Canonicalization::relaxed})
            require(canonical(canonicalization, text, step) == canonical(canonicalization, text, size + 1));
    }
    return 0;
}
