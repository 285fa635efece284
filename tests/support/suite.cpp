#include "tests/support/suite.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>

namespace gatepost::tests {
namespace {

[[noreturn]] void broken(const Node& node, std::string_view why) {
    throw std::runtime_error("suite, line " + std::to_string(node.line()) + ": " + std::string(why));
}

// Does the double-quoted scalar that begins at `start` of `source` write an octet above 127 as \xHH? yaml-cpp
// takes \xHH for a code point; the suites mean octets.
bool writes_high_octets(std::string_view source, std::size_t start) {
    if (start >= source.size() || source[start] != '"') return false;
    for (std::size_t i = start + 1; i < source.size() && source[i] != '"'; ++i) {
        if (source[i] != '\\') continue;
        ++i;
        constexpr std::string_view high = "89abcdefABCDEF";
        if (i + 1 < source.size() && source[i] == 'x' && high.find(source[i + 1]) != high.npos) return true;
    }
    return false;
}

// U+0080 to U+00FF, in UTF-8, back to the one octet each.
std::string to_octets(std::string_view utf8) {
    std::string octets;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto lead = static_cast<unsigned char>(utf8[i]);
        if ((lead == 0xc2 || lead == 0xc3) && i + 1 < utf8.size()) {
            const auto rest = static_cast<unsigned char>(utf8[++i]) & 0x3fU;
            octets += static_cast<char>(((lead & 0x03U) << 6U) | rest);
        } else {
            octets += utf8[i];
        }
    }
    return octets;
}

}  // namespace

struct NodeBuilder {
    std::string_view source;

    Node build(const YAML::Node& yaml) const {
        Node node;
        node.line_ = yaml.Mark().line + 1;
        switch (yaml.Type()) {
            case YAML::NodeType::Undefined:
                break;
            case YAML::NodeType::Null:
                node.kind_ = Node::Kind::null;
                break;
            case YAML::NodeType::Scalar:
                node.kind_ = Node::Kind::scalar;
                node.text_ = writes_high_octets(source, static_cast<std::size_t>(yaml.Mark().pos))
                                 ? to_octets(yaml.Scalar())
                                 : yaml.Scalar();
                break;
            case YAML::NodeType::Sequence:
                node.kind_ = Node::Kind::list;
                for (const YAML::Node& item : yaml)
                    node.items_.push_back(build(item));
                break;
            case YAML::NodeType::Map:
                node.kind_ = Node::Kind::map;
                for (const auto& entry : yaml)
                    node.entries_.emplace_back(entry.first.Scalar(), build(entry.second));
                break;
        }
        return node;
    }
};

const Node& Node::operator[](std::string_view key) const {
    static const Node absent;
    for (const auto& [name, value] : entries_)
        if (name == key) return value;
    return absent;
}

const std::string& Node::text() const {
    if (kind_ != Kind::scalar && kind_ != Kind::null) broken(*this, "no text here");
    return text_;
}

std::string Node::text_or(std::string_view fallback) const {
    return kind_ == Kind::absent || kind_ == Kind::null ? std::string(fallback) : text();
}

bool Node::truth_or(bool fallback) const {
    const std::string word = text_or(fallback ? "true" : "false");
    if (word != "true" && word != "false") broken(*this, "neither true nor false");
    return word == "true";
}

std::set<std::string> Node::words() const {
    std::set<std::string> words;
    if (kind_ == Kind::list) {
        for (const Node& item : items_)
            words.insert(item.text());
        return words;
    }
    const std::string& all = text();
    for (std::size_t start = 0; start <= all.size();) {
        const auto end = std::min(all.find('|', start), all.size());
        words.insert(all.substr(start, end - start));
        start = end + 1;
    }
    return words;
}

std::filesystem::path suite_folder(std::string_view name) {
    const auto folder = std::filesystem::path(GATEPOST_SUITES) / name;
    return std::filesystem::is_directory(folder) ? folder : std::filesystem::path();
}

std::string load_octets(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw std::runtime_error("cannot read " + file.string());
    return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

std::vector<Node> load_yaml(const std::filesystem::path& file) {
    const std::string source = load_octets(file);
    const NodeBuilder builder{source};
    std::vector<Node> documents;
    for (const YAML::Node& document : YAML::LoadAll(source))
        documents.push_back(builder.build(document));
    return documents;
}

std::string decode_base64(std::string_view text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (text.ends_with('='))
        text.remove_suffix(1);
    std::string octets;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos) throw std::runtime_error("suite: no base64");
        bits = (bits << 6U) | static_cast<unsigned>(value);
        held += 6;
        if (held < 8) continue;
        held -= 8;
        octets += static_cast<char>((bits >> held) & 0xffU);
    }
    return octets;
}

std::vector<SuiteCase> cases_of(const Node& document, std::string_view key) {
    std::vector<SuiteCase> cases;
    const Node& tests = document[key];
    for (const auto& [id, node] : tests.entries())
        cases.push_back(SuiteCase{id, node});
    for (const Node& node : tests.items())
        cases.push_back(SuiteCase{node["id"].text(), node});
    if (cases.empty()) broken(tests, "no cases below " + std::string(key));
    return cases;
}

Tally::~Tally() {
    std::cout << name_ << ": " << held() << " of " << total() << '\n';
    for (const std::string& id : failed_)
        std::cout << "  " << name_ << " does not hold: " << id << '\n';
}

void Tally::count(const std::string& id, bool holds) {
    ++total_;
    if (!holds) failed_.push_back(id);
}

}  // namespace gatepost::tests
