#include "dns/domain_name.hpp"

#include "dns/ascii.hpp"

#include <algorithm>

namespace gatepost::dns {
namespace {

constexpr std::size_t max_label_octets = 63;  // RFC 1035 §2.3.4
constexpr std::size_t max_text_octets =
    253;  // RFC 1035 §2.3.4: 255 on the wire, less the first length and the root

bool is_host_label(std::string_view label, bool underscore_allowed) {
    if (label.front() == '-' || label.back() == '-') return false;
    return std::all_of(label.begin(), label.end(), [&](char c) {
        return ascii::is_alnum(c) || c == '-' || (underscore_allowed && c == '_');
    });
}

}  // namespace

std::optional<DomainName> DomainName::parse(std::string_view text) {
    if (text == ".") return DomainName();
    if (text.ends_with('.')) text.remove_suffix(1);
    if (text.empty() || text.size() > max_text_octets) return std::nullopt;
    for (std::string_view rest = text;;) {
        const auto dot = rest.find('.');
        const std::string_view label = rest.substr(0, dot);
        if (label.empty() || label.size() > max_label_octets) return std::nullopt;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    return DomainName(ascii::to_lower(text));
}

std::size_t DomainName::label_count() const {
    if (is_root()) return 0;
    return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), '.')) + 1;
}

DomainName DomainName::parent() const {
    const auto dot = text_.find('.');
    return dot == std::string::npos ? DomainName() : DomainName(text_.substr(dot + 1));
}

DomainName DomainName::suffix(std::size_t count) const {
    if (count == 0) return DomainName();
    std::size_t start = text_.size();
    for (; count > 0; --count) {
        const auto dot = start == 0 ? std::string::npos : text_.rfind('.', start - 1);
        if (dot == std::string::npos) return *this;
        start = dot;
    }
    return DomainName(text_.substr(start + 1));
}

std::optional<DomainName> DomainName::prepend(std::string_view labels) const {
    if (is_root()) return parse(labels);
    std::string joined(labels);
    joined += '.';
    joined += text_;
    return parse(joined);
}

bool DomainName::is_at_or_below(const DomainName& ancestor) const {
    if (ancestor.is_root()) return true;
    if (!text_.ends_with(ancestor.text_)) return false;
    const std::size_t above = text_.size() - ancestor.text_.size();
    return above == 0 || text_[above - 1] == '.';
}

bool DomainName::is_host_name(bool underscore_allowed) const {
    if (is_root()) return false;
    for (std::string_view rest = text_;;) {
        const auto dot = rest.find('.');
        if (!is_host_label(rest.substr(0, dot), underscore_allowed)) return false;
        if (dot == std::string_view::npos) return true;
        rest.remove_prefix(dot + 1);
    }
}

}  // namespace gatepost::dns
