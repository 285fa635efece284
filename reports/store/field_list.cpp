#include "reports/store/field_list.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <limits>

namespace gatepost::reports::store {

void append_field(std::string& text, std::string_view field) {
    std::array<char, std::numeric_limits<std::size_t>::digits10 + 1> size;
    const char* const end = std::to_chars(size.data(), size.data() + size.size(), field.size()).ptr;
    text.append(size.data(), static_cast<std::size_t>(end - size.data()))
        .append(1, ':')
        .append(field)
        .append(1, ',');
}

std::string write_fields(const std::vector<std::string>& fields) {
    std::string text;
    for (const std::string& field : fields)
        append_field(text, field);
    return text;
}

std::optional<std::vector<std::string>> read_fields(std::string_view text) {
    std::vector<std::string> fields;
    while (!text.empty()) {
        std::size_t size = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
        if (error != std::errc()) return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        // ":" before and "," after; the subtraction cannot wrap, as both are known to be there.
        if (text.size() < 2 || text.front() != ':' || size > text.size() - 2) return std::nullopt;
        if (text[1 + size] != ',') return std::nullopt;
        fields.emplace_back(text.substr(1, size));
        text.remove_prefix(size + 2);
    }
    return fields;
}

}  // namespace gatepost::reports::store
