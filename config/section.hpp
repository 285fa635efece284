// One mapping of the configuration while it is read. Making it reports unknown, repeated and unsupported
// keys; each reader takes one key into a typed target, leaves the target as it is where the key is absent,
// and reports what it cannot take. So the defaults are those of the targets.
#pragma once

#include "config/document.hpp"
#include "config/problem.hpp"
#include "config/secret.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::config {

// What all sections of one file share.
struct Context {
    Problems& problems;
    std::filesystem::path folder;  // relative paths start here
    std::vector<NamedFile> files;  // that were read
};

class Section {
  public:
    // `node`: null where the section is absent. `name`: as in keys.hpp, which must know it.
    Section(Context& context, const Node* node, std::string name, Position fallback);

    bool present() const { return node_ != nullptr; }
    Position position() const { return position_; }
    // Of the key's value, or of the section where the key is absent.
    Position position(std::string_view key) const;
    bool has(std::string_view key) const { return find(key) != nullptr; }
    // The key stands there with nothing behind it, or with an empty list.
    bool has_empty(std::string_view key) const;
    bool has_mapping(std::string_view key) const { return has(key) && find(key)->is_mapping(); }

    Section section(std::string_view key) const;
    // The items of a list of mappings.
    std::vector<Section> sections(std::string_view key) const;

    void text(std::string_view key, std::string& target) const;
    void boolean(std::string_view key, bool& target) const;
    void size(std::string_view key, std::size_t& target, std::size_t least, std::size_t most) const;
    void duration(std::string_view key, std::chrono::milliseconds& target, std::chrono::milliseconds least,
                  std::chrono::milliseconds most) const;
    // A file or folder, made absolute; whether it is there is not asked.
    void path(std::string_view key, std::filesystem::path& target) const;
    // Inline text, {file: PATH} or {env: NAME}.
    void secret(std::string_view key, std::string& target) const;
    // For the message that a secret is no key: what was probably meant by an inline one; else empty.
    std::string file_hint(std::string_view key) const;
    // The file that a secret is read from; empty where it stands elsewhere.
    std::filesystem::path secret_file(std::string_view key) const;

    // The whole of a file that `key` names, which is remembered.
    TextResult file(std::string_view key, const std::filesystem::path& path) const;

    struct TextOrFile {
        Position position;
        std::string text;  // inline, or the whole file's
        std::string file;  // its path; empty: inline
    };
    // The items of a list, each a text or {file: PATH}; one such mapping alone counts as a list of one. Files
    // that cannot be read are reported and left out.
    std::vector<TextOrFile> texts_or_files(std::string_view key) const;

    template <typename Number>
    void number(std::string_view key, Number& target, std::size_t least, std::size_t most) const {
        if (const auto value = number_in(key, least, most)) target = static_cast<Number>(*value);
    }

    using Words = std::vector<std::string_view>;
    template <typename Enum>
    using Choices = std::initializer_list<std::pair<std::string_view, Enum>>;

    // One of the words of `choices`. `not_yet`: words that the product documents and this version lacks.
    template <typename Enum>
    void choice(std::string_view key, Enum& target, Choices<Enum> choices, const Words& not_yet = {}) const {
        if (const Node* node = scalar(key))
            if (const auto value = chosen<Enum>(*node, key, choices, not_yet)) target = *value;
    }

    // Each item of a list of such words.
    template <typename Enum, typename Take>
    void choice_list(std::string_view key, Choices<Enum> choices, const Words& not_yet, Take take) const {
        for (const Node* node : scalars(key, false))
            if (const auto value = chosen<Enum>(*node, key, choices, not_yet)) take(*value);
    }

    // `parse`: string_view -> optional-like. `expected` ends the sentence "… is not".
    template <typename Target, typename Parse>
    void value(std::string_view key, Target& target, Parse parse, std::string_view expected) const {
        if (const Node* node = scalar(key)) {
            if (auto parsed = parse(std::string_view(node->scalar)))
                target = std::move(*parsed);
            else
                report_invalid(*node, key, expected);
        }
    }

    // A list of values; one value alone counts as a list of one where `single_allowed` (conditions). Gives
    // the places of the values taken, for problems that concern one of them.
    template <typename Target, typename Parse>
    std::vector<Position> list(std::string_view key, std::vector<Target>& target, Parse parse,
                               std::string_view expected, bool single_allowed = false) const {
        std::vector<Position> positions;
        for (const Node* node : scalars(key, single_allowed)) {
            if (auto parsed = parse(std::string_view(node->scalar))) {
                target.push_back(std::move(*parsed));
                positions.push_back(node->position);
            } else {
                report_invalid(*node, key, expected);
            }
        }
        return positions;
    }

    void require(std::string_view key) const;
    // At the key's value, or at the section where the key is absent.
    void error(std::string_view key, std::string message) const;
    void warn(std::string_view key, std::string message) const;
    void error_at(Position where, std::string_view key, std::string message) const;
    void warn_at(Position where, std::string_view key, std::string message) const;

  private:
    const Node* find(std::string_view key) const;
    const Node* scalar(std::string_view key) const;
    std::vector<const Node*> scalars(std::string_view key, bool single_allowed) const;
    std::optional<std::size_t> number_in(std::string_view key, std::size_t least, std::size_t most) const;
    std::string full_name(std::string_view key) const;
    void check_keys() const;
    void report_type(const Node& node, std::string_view key, std::string_view expected) const;
    void report_invalid(const Node& node, std::string_view key, std::string_view expected) const;

    template <typename Enum>
    std::optional<Enum> chosen(const Node& node, std::string_view key, Choices<Enum> choices,
                               const Words& not_yet) const {
        Words words;
        for (const auto& choice : choices) {
            if (choice.first == node.scalar) return choice.second;
            words.push_back(choice.first);
        }
        report_word(node, key, words, not_yet);
        return std::nullopt;
    }
    void report_word(const Node& node, std::string_view key, const Words& words, const Words& not_yet) const;

    Context* context_;
    const Node* node_;
    std::string name_;
    Position position_;
};

}  // namespace gatepost::config
