#include "dns/known_answers.hpp"

namespace gatepost::dns {

AnswerPtr KnownAnswers::known(const DomainName& name, RrType type) {
    if (missed_) return nullptr;
    AnswerPtr answer = stage_.known(name, type);
    if (answer) ++given_;
    return answer;
}

boost::asio::awaitable<AnswerPtr> KnownAnswers::query(DomainName name, RrType type) {
    AnswerPtr answer = known(name, type);
    if (answer) co_return answer;
    missed_ = true;
    co_return failed_answer(Trouble::cancelled, "not at hand");
}

}  // namespace gatepost::dns
