// A resolver over records in memory: local records of the configuration, and zones of tests. Names compare
// without case; a name with only names below it exists without records (RFC 4592 §2.2.2); CNAMEs are followed
// with a bound.
#pragma once

#include "dns/resolver.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gatepost::dns {

class ZoneResolver final : public Resolver {
  public:
    // One question that was asked, for tests that count.
    struct Question {
        DomainName name;
        RrType type;
        friend bool operator==(const Question&, const Question&) = default;
    };

    void add(DomainName name, RrType type, RecordData data,
             std::chrono::seconds ttl = std::chrono::seconds(300));
    // The name exists, with whatever records it has or none.
    void add_name(DomainName name);
    // Questions for `type` at `name` fail; without a type, those for every type that has no record there.
    void add_failure(DomainName name, std::optional<RrType> type, std::string detail);

    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;

    // What query() gives, without a coroutine and without noting the question.
    AnswerPtr find(const DomainName& name, RrType type) const;
    // Records or failures were added at this very name.
    bool has_name(const DomainName& name) const;

    const std::vector<Question>& questions() const { return questions_; }

  private:
    struct Node {
        std::map<RrType, std::vector<RecordData>> records;
        std::map<RrType, std::string> failures;
        std::optional<std::string> failure;  // for every other type
        std::chrono::seconds ttl{300};
    };
    const Node* node(const DomainName& name) const;

    std::map<DomainName, Node> nodes_;
    std::set<DomainName> existing_;  // every name added, and all names above it
    std::vector<Question> questions_;
};

}  // namespace gatepost::dns
