#include "server/smtp/data_decoder.hpp"

#include <cstddef>

namespace gatepost::server::smtp {

// Looks for line starts alone; runs of content between two dots that go are handed on whole.
bool DataDecoder::decode(std::string_view& input, std::string& content) {
    std::size_t run = 0;  // where the run began that has not been handed on
    std::size_t at = 0;
    const auto hand_on = [&](std::size_t end, std::size_t next) {
        framing_.take(input.substr(run, end - run), content);
        run = next;
    };
    for (; at < input.size() && state_ != State::done; ++at) {
        if (state_ == State::inside) at = input.find('\r', at);
        if (at == std::string_view::npos) break;
        const char octet = input[at];
        switch (state_) {
            case State::line_start:
                if (octet != '.') break;
                hand_on(at, at + 1);  // the dot was stuffed, or is the end: it goes either way
                state_ = State::after_dot;
                continue;
            case State::after_dot:
                if (octet != '\r') break;
                run = at + 1;
                state_ = State::after_dot_cr;
                continue;
            case State::after_dot_cr:
                if (octet == '\n') {
                    run = at + 1;
                    state_ = State::done;
                    continue;
                }
                framing_.take("\r", content);  // the CR was content after all, and a bare one
                break;
            case State::after_cr:
                if (octet != '\n') break;
                state_ = State::line_start;
                continue;
            case State::inside:
            case State::done:
                break;
        }
        state_ = octet == '\r' ? State::after_cr : State::inside;
    }
    const std::size_t end = state_ == State::done ? run : input.size();
    hand_on(end, end);
    input.remove_prefix(end);
    return state_ == State::done;
}

}  // namespace gatepost::server::smtp
