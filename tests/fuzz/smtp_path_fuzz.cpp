// Paths: raw octets, and the same octets mapped into the alphabet of paths. What is taken must be safe
// between
// '<' and '>' and read the same again.
#include "server/smtp/path.hpp"

#include "dns/idna.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace smtp = gatepost::server::smtp;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check(std::string_view text, smtp::PathResult (*parse)(std::string_view)) {
    const auto result = parse(text);
    if (!result.path) return;
    const auto& path = *result.path;
    const auto& mailbox = path.mailbox();
    require(text.find(mailbox) != std::string_view::npos && text.ends_with(result.rest));
    require(std::none_of(mailbox.begin(), mailbox.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
    require(path.is_null() || path.is_postmaster_alone() ||
            path.domain().has_value() != path.address_literal().has_value());
    require(path.unquoted_local_part().size() <= path.local_part().size());
    // Nothing of the domain has to be mapped.
    if (path.domain()) {
        const std::string_view came = std::string_view(mailbox).substr(path.local_part().size() + 1);
        const auto mapped = gatepost::dns::to_ascii(came);
        require(!mapped || *mapped == *path.domain());
    }
    const std::string again = '<' + mailbox + '>';
    const auto second = parse(again);
    require(second.path && *second.path == path && second.rest.empty());
}

// What hosts of old write is read as it would be with what they left out.
void check_of_old(std::string_view text) {
    const auto result = smtp::parse_path_of_old(text);
    if (!result.path) return;
    require(!result.bare || result.rest.empty() || result.rest.starts_with(' '));
    const bool unqualified = result.path->is_unqualified();
    const auto path =
        unqualified ? result.path->at(*gatepost::dns::DomainName::parse("b.example")) : *result.path;
    const std::string whole = '<' + path.mailbox() + '>';
    const auto second = smtp::parse_reverse_path(whole);
    require(second.path && *second.path == path && second.rest.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view alphabet =
        "<>@,:.\"\\[]ab0-_ IPv6:\xc3\xbc=%!postmaster\xe3\x80\x82\xcc\x88xn--";
    std::string mapped = "<";
    for (std::size_t i = 0; i < size; ++i)
        mapped += alphabet[data[i] % alphabet.size()];
    const std::string_view raw(reinterpret_cast<const char*>(data), size);
    for (const auto text : {raw, std::string_view(mapped)}) {
        check(text, smtp::parse_reverse_path);
        check(text, smtp::parse_forward_path);
        check_of_old(text);
        check_of_old(text.substr(text.starts_with('<') ? 1 : 0));
    }
    return 0;
}
