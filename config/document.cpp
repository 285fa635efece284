#include "config/document.hpp"

#include "config/yaml_mistake.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cstddef>
#include <map>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace gatepost::config {
namespace {

constexpr std::size_t max_nodes = 100'000;  // local: aliases of aliases multiply, a configuration does not

Position position_of(const YAML::Mark& mark) {
    if (mark.is_null()) return {};
    return {static_cast<unsigned>(mark.line) + 1, static_cast<unsigned>(mark.column) + 1};
}

struct Refused : std::runtime_error {
    Refused(Position at, const char* why) : std::runtime_error(why), where(at) {}
    Position where;
};

std::size_t count_nodes(const Node& node) {
    std::size_t count = 1;
    for (const auto& item : node.items)
        count += count_nodes(item);
    for (const auto& entry : node.entries)
        count += 1 + count_nodes(entry.value);
    return count;
}

// Builds the tree from yaml-cpp's events. Its own Node is not used: it hides where a null stands.
class Builder final : public YAML::EventHandler {
  public:
    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(made(Node::Kind::null, mark), anchor);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        // A plain scalar has the tag "?", a quoted one "!": only a plain one can be a null.
        const bool null = tag == "?" && (value == "~" || value == "null");
        Node node = made(null ? Node::Kind::null : Node::Kind::scalar, mark);
        if (!null) node.scalar = value;
        add(std::move(node), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) throw Refused(position_of(mark), "an alias inside what it names");
        count(count_nodes(found->second), position_of(mark));
        add(found->second, 0);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open_.push_back({made(Node::Kind::sequence, mark), anchor, std::nullopt});
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open_.push_back({made(Node::Kind::mapping, mark), anchor, std::nullopt});
    }
    void OnMapEnd() override { close(); }

  private:
    struct Open {
        Node node;
        YAML::anchor_t anchor;
        std::optional<Entry> entry;  // a key that waits for its value
    };

    Node made(Node::Kind kind, const YAML::Mark& mark) {
        count(1, position_of(mark));
        Node node;
        node.kind = kind;
        node.position = position_of(mark);
        return node;
    }

    void count(std::size_t more, Position where) {
        nodes_ += more;
        if (nodes_ > max_nodes) throw Refused(where, "more values than a configuration can have");
    }

    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        add(std::move(done.node), done.anchor);
    }

    void add(Node node, YAML::anchor_t anchor) {
        if (anchor) anchors_[anchor] = node;
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.is_sequence()) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.entry) {
            if (!node.is_scalar()) throw Refused(node.position, "a key must be a plain word");
            parent.entry = Entry{std::move(node.scalar), node.position, Node()};
        } else {
            // yaml-cpp places a null at whatever follows it; its key is where the reader looks.
            if (node.is_null()) node.position = parent.entry->position;
            parent.entry->value = std::move(node);
            parent.node.entries.push_back(std::move(*parent.entry));
            parent.entry.reset();
        }
    }

    Node root_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;
    std::size_t nodes_ = 0;
};

}  // namespace

std::optional<Node> parse_document(std::string_view yaml, Problems& problems) {
    std::istringstream input{std::string(yaml)};
    try {
        YAML::Parser parser(input);
        Builder builder;
        parser.HandleNextDocument(builder);
        Builder second;
        if (parser.HandleNextDocument(second)) {
            problems.error(second.take().position, "a second YAML document; one file holds one");
            return std::nullopt;
        }
        Node document = builder.take();
        if (document.is_null()) document.position = Position();  // yaml-cpp places nothing at the end
        return document;
    } catch (const Refused& refused) {
        problems.error(refused.where, refused.what());
    } catch (const YAML::Exception& e) {
        for (const YamlMistake& mistake : explain_yaml_error(yaml, position_of(e.mark), e.msg))
            problems.error(mistake.where, mistake.text);
    }
    return std::nullopt;
}

}  // namespace gatepost::config
