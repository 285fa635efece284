// The one loader of the public conformance suites (YAML below the CMake option GATEPOST_SUITES). A suite's
// text becomes Nodes of ours, so that yaml-cpp stays behind this door; zone data becomes a ZoneResolver;
// cases are counted in a Tally that prints one line a suite.
#pragma once

#include "dns/zone_resolver.hpp"

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatepost::tests {

// A part of a YAML document, order kept. In double-quoted scalars that write octets as \x80 to \xff these are
// octets; other scalars are the UTF-8 of the file.
class Node {
  public:
    enum class Kind { absent, null, scalar, list, map };

    Kind kind() const { return kind_; }
    bool present() const { return kind_ != Kind::absent; }
    bool is_null() const { return kind_ == Kind::null; }
    bool is_scalar() const { return kind_ == Kind::scalar; }
    bool is_list() const { return kind_ == Kind::list; }
    bool is_map() const { return kind_ == Kind::map; }

    // The value of `key`; an absent Node where this is no map or has no such key.
    const Node& operator[](std::string_view key) const;
    // Of a list its items, else nothing.
    const std::vector<Node>& items() const { return items_; }
    // Of a map its pairs, else nothing.
    const std::vector<std::pair<std::string, Node>>& entries() const { return entries_; }

    // The text of a scalar; of null the empty text. Anything else is a broken suite: std::runtime_error that
    // names the line.
    const std::string& text() const;
    // As text(), but `fallback` where absent or null.
    std::string text_or(std::string_view fallback) const;
    // "true" or "false"; `fallback` where absent or null.
    bool truth_or(bool fallback) const;
    // One word, several in a list, or several with '|' between them.
    std::set<std::string> words() const;

    int line() const { return line_; }

  private:
    friend struct NodeBuilder;
    Kind kind_ = Kind::absent;
    std::string text_;
    std::vector<Node> items_;
    std::vector<std::pair<std::string, Node>> entries_;
    int line_ = 0;
};

// One case of a suite: its id and what stands below it. `tests:` may be a map from ids, or a list with `id`.
struct SuiteCase {
    std::string id;
    Node node;
};

// The folder of the suite, or an empty path where the suites are not on this machine.
std::filesystem::path suite_folder(std::string_view name);

// All documents of one file; std::runtime_error where it cannot be read or is no YAML.
std::vector<Node> load_yaml(const std::filesystem::path& file);
// All octets of one file; std::runtime_error where it cannot be read.
std::string load_octets(const std::filesystem::path& file);
// Standard base64 without line breaks, as the suites have it; std::runtime_error for anything else.
std::string decode_base64(std::string_view text);

// The cases below `key` of a document, in the file's order.
std::vector<SuiteCase> cases_of(const Node& document, std::string_view key = "tests");

// `zonedata`: TIMEOUT and SERVFAIL bare or as the value of a type; SPF: served as TXT where the name has no
// TXT item; "TXT: NONE" for no TXT; a list as several character-strings. Names that no query can hold are
// left out.
dns::ZoneResolver make_zone(const Node& zonedata);

// Counts cases and prints "NAME: 203 of 203" when it goes, with the ids that did not hold.
class Tally {
  public:
    explicit Tally(std::string name) : name_(std::move(name)) {}
    ~Tally();
    Tally(const Tally&) = delete;
    Tally& operator=(const Tally&) = delete;

    void count(const std::string& id, bool holds);
    std::size_t total() const { return total_; }
    std::size_t held() const { return total_ - failed_.size(); }
    const std::vector<std::string>& failed() const { return failed_; }

  private:
    std::string name_;
    std::size_t total_ = 0;
    std::vector<std::string> failed_;
};

}  // namespace gatepost::tests

// In a test's body: gives the folder of a suite as `folder`, or skips the test loudly where it is absent.
#define GATEPOST_REQUIRE_SUITE(folder, name)                                                               \
    const std::filesystem::path folder = ::gatepost::tests::suite_folder(name);                            \
    if (folder.empty())                                                                                    \
    GTEST_SKIP() << "NOT TESTED: the suite " << name << " is not below " GATEPOST_SUITES " (CMake option " \
                 << "GATEPOST_SUITES)"
