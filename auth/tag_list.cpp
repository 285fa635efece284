#include "auth/tag_list.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <string>

namespace gatepost::auth {
namespace {

// tag-name = ALPHA *ALNUMPUNC
bool is_tag_name(std::string_view name) {
    if (name.empty() || !ascii::is_alpha(name.front())) return false;
    return std::all_of(name.begin(), name.end(), [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

// VALCHAR, WSP, and CRLF before WSP.
bool is_tag_text(std::string_view text) {
    const auto stands_in_tag = [](char c) {
        return ascii::is_visible(c) || ascii::is_wsp(c) || ascii::is_8bit(c);
    };
    for (;;) {
        const auto cr = std::find(text.begin(), text.end(), '\r');
        if (!std::all_of(text.begin(), cr, stands_in_tag)) return false;
        if (cr == text.end()) return true;
        text.remove_prefix(static_cast<std::size_t>(cr - text.begin()));
        if (text.size() < 3 || text[1] != '\n' || !ascii::is_wsp(text[2])) return false;
        text.remove_prefix(2);
    }
}

}  // namespace

Parsed<TagList> TagList::parse(std::string_view text) {
    if (!is_tag_text(text)) return ParseError("control characters or a bad fold in the tag list");
    TagList list;
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t end = std::min(text.find(';', at), text.size());
        const std::string_view spec = text.substr(at, end - at);
        const bool last = end == text.size();
        at = end + 1;
        // One ";" may end the list, white space after it included.
        if (last && !list.tags_.empty() && ascii::trim(spec).empty()) break;
        const std::size_t equals = spec.find('=');
        if (equals == std::string_view::npos) return ParseError("a tag without an equals sign");
        const std::string_view name = ascii::trim(spec.substr(0, equals));
        if (!is_tag_name(name)) return ParseError("an invalid tag name");
        if (list.find(name)) return ParseError(Reason("a tag twice", std::string(name.substr(0, 20))));
        if (list.tags_.size() == max_tags) return ParseError("too many tags");
        const std::string_view spelled = spec.substr(equals + 1);
        list.tags_.push_back({name, ascii::trim(spelled), spelled});
    }
    return list;
}

const Tag* TagList::find(std::string_view name) const {
    const auto found =
        std::find_if(tags_.begin(), tags_.end(), [&](const Tag& tag) { return tag.name == name; });
    return found == tags_.end() ? nullptr : &*found;
}

std::optional<std::string_view> TagList::value(std::string_view name) const {
    const Tag* tag = find(name);
    if (!tag) return std::nullopt;
    return tag->value;
}

}  // namespace gatepost::auth
