#include "config/places.hpp"

#include <cstddef>

namespace gatepost::config {

Places::Places(const Node& document) {
    add(document, "");
}

void Places::add(const Node& node, const std::string& path) {
    places_.emplace(path, node.position);
    for (const Entry& entry : node.entries)
        add(entry.value, path.empty() ? entry.key : path + '.' + entry.key);
    for (std::size_t i = 0; i < node.items.size(); ++i)
        add(node.items[i], path + '[' + std::to_string(i) + ']');
}

Position Places::of(std::string_view path) const {
    while (true) {
        const auto found = places_.find(path);
        if (found != places_.end()) return found->second;
        const std::size_t end = path.find_last_of(".[");
        if (end == std::string_view::npos) break;
        path = path.substr(0, end);
    }
    return Position();
}

}  // namespace gatepost::config
