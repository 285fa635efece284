// Macro strings and the values put into them, both of a stranger's choice: the first line is the macro
// string, the second the local part, the third the HELO name.
#include "auth/spf/macro.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

std::string_view next_line(std::string_view& rest) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gatepost;
    using auth::spf::MacroUse;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const std::string_view text = next_line(rest);
    auth::spf::MacroValues values;
    values.client = *dns::IpAddress::parse("2001:db8::1");
    values.local_part = next_line(rest);
    values.helo = next_line(rest);
    values.sender_domain = values.domain = "example.org";
    values.sender = values.local_part + "@example.org";

    const auto explanation = auth::spf::MacroString::parse(text, MacroUse::explanation);
    const auto modifier = auth::spf::MacroString::parse(text, MacroUse::modifier_value);
    const auto domain_spec = auth::spf::MacroString::parse(text, MacroUse::domain_spec);
    // Each use allows what the next one does, and more.
    require(explanation || !modifier);
    require(modifier || !domain_spec);
    if (explanation) require(explanation->expand_to_text(values, 320).size() <= 320);
    if (!domain_spec) return 0;
    const auto name = domain_spec->expand_to_name(values);
    if (!name) return 0;
    require(!name->is_root() && name->text().size() <= 253);
    // The name is the end of the whole expansion.
    std::string whole = domain_spec->expand_to_text(values, std::size_t{1} << 24U);
    if (whole.ends_with('.')) whole.pop_back();
    require(dns::DomainName::parse(whole.substr(whole.size() - name->text().size())) == name);
    return 0;
}
