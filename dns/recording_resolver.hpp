// Remembers the answers that a decision was made on, for its trace and for replay.
#pragma once

#include "dns/resolver.hpp"

#include <vector>

namespace gatepost::dns {

struct RecordedAnswer {
    DomainName name;
    RrType type;
    AnswerPtr answer;
};

class RecordingResolver final : public Resolver {
  public:
    // `upstream` and this object outlive every query.
    explicit RecordingResolver(Resolver& upstream);

    AnswerPtr known(const DomainName& name, RrType type) override;
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;

    // In the order in which they came; a question that was asked again with the same answer stands once.
    const std::vector<RecordedAnswer>& answers() const { return answers_; }

  private:
    void record(const DomainName& name, RrType type, const AnswerPtr& answer);

    Resolver& upstream_;
    std::vector<RecordedAnswer> answers_;
};

}  // namespace gatepost::dns
