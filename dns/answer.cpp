#include "dns/answer.hpp"

namespace gatepost::dns {

std::string_view to_string(Trouble trouble) {
    switch (trouble) {
        case Trouble::server_failure:
            return "server_failure";
        case Trouble::refused:
            return "refused";
        case Trouble::malformed:
            return "malformed";
        case Trouble::forged:
            return "forged";
        case Trouble::timeout:
            return "timeout";
        case Trouble::unreachable:
            return "unreachable";
        case Trouble::cancelled:
            return "cancelled";
        case Trouble::message_spent:
            return "message_spent";
        case Trouble::time_spent:
            return "time_spent";
        case Trouble::client_spent:
            return "client_spent";
        case Trouble::no_place:
            return "no_place";
        case Trouble::unspecified:
            break;
    }
    return "unspecified";
}

AnswerPtr failed_answer(Trouble trouble, std::string detail, std::string servers) {
    auto answer = std::make_shared<Answer>();
    answer->trouble = trouble;
    answer->detail = std::move(detail);
    answer->servers = std::move(servers);
    return answer;
}

}  // namespace gatepost::dns
