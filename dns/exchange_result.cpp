#include "dns/exchange_result.hpp"

namespace gatepost::dns {
namespace {

ExchangeResult result_of(ExchangeResult::Kind kind) {
    ExchangeResult result;
    result.kind = kind;
    return result;
}

}  // namespace

ExchangeResult exchange_replied(Octets message) {
    ExchangeResult result = result_of(ExchangeResult::Kind::replied);
    result.message.assign(message.begin(), message.end());
    return result;
}

ExchangeResult exchange_timed_out() {
    return result_of(ExchangeResult::Kind::timed_out);
}

ExchangeResult exchange_cancelled() {
    return result_of(ExchangeResult::Kind::cancelled);
}

ExchangeResult exchange_failed(Trouble trouble, std::string detail) {
    ExchangeResult result = result_of(ExchangeResult::Kind::failed);
    result.detail = std::move(detail);
    result.trouble = trouble;
    return result;
}

ExchangeResult exchange_failed(const boost::system::error_code& error) {
    return exchange_failed(Trouble::unreachable, error.message());
}

}  // namespace gatepost::dns
