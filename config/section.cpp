#include "config/section.hpp"

#include "config/hints.hpp"
#include "config/keys.hpp"
#include "config/secret.hpp"
#include "config/units.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <map>

namespace gatepost::config {
namespace {

constexpr std::size_t max_number_digits = 15;  // local: fits 64 bits, and no setting needs more

std::string_view kind_name(const Node& node) {
    switch (node.kind) {
        case Node::Kind::null:
            return "nothing";
        case Node::Kind::scalar:
            return "a single value";
        case Node::Kind::sequence:
            return "a list";
        case Node::Kind::mapping:
            return "a mapping";
    }
    return "something else";
}

// The path's node of {file: PATH}; null where this is something else.
const Node* named_file(const Node& node) {
    const bool named = node.is_mapping() && node.entries.size() == 1 && node.entries[0].key == "file" &&
                       node.entries[0].value.is_scalar();
    return named ? &node.entries[0].value : nullptr;
}

// Units in which a limit reads well in a message.
std::string size_text(std::size_t octets) {
    for (const auto& [unit, shift] : {std::pair{"GiB", 30}, std::pair{"MiB", 20}, std::pair{"KiB", 10}})
        if (octets >> shift && (octets & ((std::size_t{1} << shift) - 1)) == 0)
            return std::to_string(octets >> shift) + unit;
    return std::to_string(octets);
}

std::string duration_text(std::chrono::milliseconds time) {
    const auto count = time.count();
    for (const auto& [unit, factor] :
         {std::pair{"h", 3'600'000}, std::pair{"m", 60'000}, std::pair{"s", 1000}})
        if (count && count % factor == 0) return std::to_string(count / factor) + unit;
    return std::to_string(count) + "ms";
}

std::string joined(const std::vector<std::string_view>& words) {
    std::string text;
    for (const auto word : words)
        text.append(text.empty() ? "" : ", ").append(word);
    return text;
}

// NAME of `${NAME}`, and of `$NAME` in capitals, as a random secret hardly is; else empty.
std::string_view variable_in(std::string_view text) {
    if (!text.starts_with('$')) return {};
    text.remove_prefix(1);
    const bool in_braces = text.starts_with('{') && text.ends_with('}');
    if (in_braces) text = text.substr(1, text.size() - 2);
    if (text.empty() || ascii::is_digit(text.front())) return {};
    const bool is_name = std::all_of(text.begin(), text.end(), [&](char c) {
        return c == '_' || ascii::is_digit(c) || ascii::is_upper(c) || (in_braces && ascii::is_lower(c));
    });
    return is_name ? text : std::string_view();
}

bool contains(const std::vector<std::string_view>& words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

Section::Section(Context& context, const Node* node, std::string name, Position fallback)
    : context_(&context), node_(node), name_(std::move(name)), position_(node ? node->position : fallback) {
    if (!node_) return;
    // A section whose keys are all commented out is an absent one.
    if (node_->is_mapping()) {
        check_keys();
    } else {
        if (!node_->is_null()) {
            const std::string shown = name_.empty() ? "the configuration" : full_name("");
            context_->problems.error(position_,
                                     shown + " must be a mapping, not " + std::string(kind_name(*node_)) +
                                         (node_->is_scalar() ? hint_for_scalar(name_, node_->scalar) : ""));
        }
        node_ = nullptr;
    }
}

void Section::check_keys() const {
    const SectionKeys& known = *find_section(name_);
    std::map<std::string_view, Position> seen;
    std::string_view before;  // the key before, where nothing stands behind it
    for (const auto& entry : node_->entries) {
        const auto [first, is_new] = seen.emplace(entry.key, entry.position);
        if (!is_new) {
            context_->problems.error(entry.position, "duplicate key " + in_quotes(entry.key) +
                                                         ", first at line " +
                                                         std::to_string(first->second.line));
        } else if (contains(known.not_yet, entry.key)) {
            context_->problems.error(entry.position,
                                     full_name(entry.key) + " is not supported by this version");
        } else if (!contains(known.keys, entry.key)) {
            context_->problems.error(entry.position, "unknown key " + in_quotes(entry.key) +
                                                         hint_for_key(name_, entry.key, before));
            continue;  // several keys can have slipped out of one section
        }
        before = entry.value.is_null() ? std::string_view(entry.key) : std::string_view();
    }
}

const Node* Section::find(std::string_view key) const {
    if (!node_) return nullptr;
    for (const auto& entry : node_->entries)
        if (entry.key == key) return &entry.value;
    return nullptr;
}

bool Section::has_empty(std::string_view key) const {
    const Node* node = find(key);
    return node && (node->is_null() || (node->is_sequence() && node->items.empty()));
}

std::string Section::full_name(std::string_view key) const {
    std::string name;
    for (const char c : name_)
        if (c != '[' && c != ']') name += c;
    if (!name.empty() && !key.empty()) name += '.';
    return name.append(key);
}

Position Section::position(std::string_view key) const {
    const Node* node = find(key);
    return node ? node->position : position_;
}

Section Section::section(std::string_view key) const {
    return Section(*context_, find(key), name_.empty() ? std::string(key) : name_ + "." + std::string(key),
                   position_);
}

std::vector<Section> Section::sections(std::string_view key) const {
    std::vector<Section> sections;
    const Node* node = find(key);
    if (!node || node->is_null()) return sections;
    if (!node->is_sequence()) {
        report_type(*node, key, "a list of mappings");
        return sections;
    }
    const std::string name = (name_.empty() ? "" : name_ + ".") + std::string(key) + "[]";
    for (const auto& item : node->items) {
        if (item.is_mapping())
            sections.emplace_back(*context_, &item, name, position_);
        else
            report_type(item, key, "a list of mappings");
    }
    return sections;
}

const Node* Section::scalar(std::string_view key) const {
    const Node* node = find(key);
    if (!node) return nullptr;
    if (node->is_scalar()) return node;
    report_type(*node, key, "a single value");
    return nullptr;
}

std::vector<const Node*> Section::scalars(std::string_view key, bool single_allowed) const {
    std::vector<const Node*> found;
    const Node* node = find(key);
    if (!node || node->is_null()) return found;
    if (node->is_scalar() && single_allowed) return {node};
    if (!node->is_sequence()) {
        report_type(*node, key, "a list");
        return found;
    }
    for (const auto& item : node->items) {
        if (item.is_scalar())
            found.push_back(&item);
        else
            report_type(item, key, "a list of single values");
    }
    return found;
}

void Section::text(std::string_view key, std::string& target) const {
    value(
        key, target,
        [](std::string_view text) {
            return ascii::trim(text).empty() ? std::nullopt : std::optional<std::string>(text);
        },
        "a text");
}

void Section::boolean(std::string_view key, bool& target) const {
    choice<bool>(key, target, {{"true", true}, {"false", false}});
}

std::optional<std::size_t> Section::number_in(std::string_view key, std::size_t least,
                                              std::size_t most) const {
    const Node* node = scalar(key);
    if (!node) return std::nullopt;
    const auto parsed = ascii::parse_decimal<std::size_t>(node->scalar, max_number_digits);
    if (parsed && *parsed >= least && *parsed <= most) return parsed;
    report_invalid(*node, key, "a number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

void Section::size(std::string_view key, std::size_t& target, std::size_t least, std::size_t most) const {
    const auto parse = [&](std::string_view text) {
        const auto parsed = parse_size(text);
        return parsed && *parsed >= least && *parsed <= most ? parsed : std::nullopt;
    };
    value(key, target, parse, "a size (like 50MiB) from " + size_text(least) + " to " + size_text(most));
}

void Section::duration(std::string_view key, std::chrono::milliseconds& target,
                       std::chrono::milliseconds least, std::chrono::milliseconds most) const {
    const auto parse = [&](std::string_view text) {
        const auto parsed = parse_duration(text);
        return parsed && *parsed >= least && *parsed <= most ? parsed : std::nullopt;
    };
    value(key, target, parse,
          "a duration (like 30s, 5m, 1h) from " + duration_text(least) + " to " + duration_text(most));
}

void Section::path(std::string_view key, std::filesystem::path& target) const {
    std::string given;
    const Node* node = find(key);
    if (node && named_file(*node)) return error(key, "is a path in itself; write it without {file: }");
    text(key, given);
    if (!given.empty()) target = (context_->folder / given).lexically_normal();
}

void Section::secret(std::string_view key, std::string& target) const {
    const Node* node = find(key);
    if (!node) return;
    if (node->is_scalar()) {
        // A path that was written without `file:` would itself be the secret. It is not repeated in the
        // message.
        std::error_code ignored;
        const bool one_line = node->scalar.find('\n') == std::string::npos;
        if (one_line && std::filesystem::is_regular_file(context_->folder / node->scalar, ignored))
            return error(key, "is the path of a file; for what the file holds write {file: PATH}");
        if (const auto variable = variable_in(node->scalar); !variable.empty())
            return error(key, "no variable is put in here; write {env: " + std::string(variable) + "}");
        return text(key, target);
    }
    const bool single = node->is_mapping() && node->entries.size() == 1 &&
                        node->entries[0].value.is_scalar() && !node->entries[0].value.scalar.empty();
    const std::string_view source = single ? node->entries[0].key : std::string_view();
    if (source != "file" && source != "env")
        return report_type(*node, key, "a text, {file: PATH} or {env: NAME}");
    const Node& origin = node->entries[0].value;
    const bool is_file = source == "file";
    const auto path = (context_->folder / origin.scalar).lexically_normal();
    auto result = is_file ? read_secret_file(path) : read_secret_variable(origin.scalar);
    if (result && is_file) context_->files.push_back({path, full_name(key), origin.position});
    if (result)
        target = std::move(*result);
    else
        context_->problems.error(origin.position, full_name(key) + ": " + result.error().text);
}

TextResult Section::file(std::string_view key, const std::filesystem::path& path) const {
    auto text = read_file(path);
    if (text) context_->files.push_back({path, full_name(key), position(key)});
    return text;
}

std::string Section::file_hint(std::string_view key) const {
    const Node* node = find(key);
    return node && node->is_scalar() ? "; for a key in a file write {file: PATH}" : "";
}

std::filesystem::path Section::secret_file(std::string_view key) const {
    const Node* node = find(key);
    const Node* named = node ? named_file(*node) : nullptr;
    return named ? (context_->folder / named->scalar).lexically_normal() : std::filesystem::path();
}

std::vector<Section::TextOrFile> Section::texts_or_files(std::string_view key) const {
    std::vector<TextOrFile> found;
    const Node* node = find(key);
    if (!node || node->is_null()) return found;
    const auto take = [&](const Node& item) {
        if (item.is_scalar()) {
            found.push_back({item.position, item.scalar, {}});
            return;
        }
        const Node* named = named_file(item);
        if (!named) return report_type(item, key, "a list of texts and of {file: PATH}");
        const auto path = (context_->folder / named->scalar).lexically_normal();
        auto text = read_file(path);
        if (text) context_->files.push_back({path, full_name(key), named->position});
        if (text)
            found.push_back({named->position, std::move(*text), path.string()});
        else
            context_->problems.error(named->position, full_name(key) + ": " + text.error().text);
    };
    if (node->is_mapping()) {
        take(*node);
    } else if (node->is_sequence()) {
        for (const Node& item : node->items)
            take(item);
    } else {
        report_type(*node, key, "a list");
    }
    return found;
}

void Section::require(std::string_view key) const {
    if (!find(key)) context_->problems.error(position_, "required key \"" + full_name(key) + "\" is missing");
}

void Section::error(std::string_view key, std::string message) const {
    error_at(position(key), key, std::move(message));
}

void Section::warn(std::string_view key, std::string message) const {
    warn_at(position(key), key, std::move(message));
}

void Section::error_at(Position where, std::string_view key, std::string message) const {
    context_->problems.error(where, full_name(key) + ": " + message);
}

void Section::warn_at(Position where, std::string_view key, std::string message) const {
    context_->problems.warn(where, full_name(key) + ": " + message);
}

void Section::report_type(const Node& node, std::string_view key, std::string_view expected) const {
    context_->problems.error(node.position, full_name(key) + " must be " + std::string(expected) + ", not " +
                                                std::string(kind_name(node)));
}

void Section::report_invalid(const Node& node, std::string_view key, std::string_view expected) const {
    context_->problems.error(
        node.position, full_name(key) + ": " + in_quotes(node.scalar) + " is not " + std::string(expected));
}

void Section::report_word(const Node& node, std::string_view key, const Words& words,
                          const Words& not_yet) const {
    if (contains(not_yet, node.scalar))
        return error_at(node.position, key, in_quotes(node.scalar) + " is not supported by this version");
    report_invalid(node, key, "one of: " + joined(words));
}

}  // namespace gatepost::config
