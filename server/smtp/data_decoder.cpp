#include "server/smtp/data_decoder.hpp"

#include <algorithm>

namespace gatepost::server::smtp {

bool DataDecoder::decode(std::string_view& input, std::string& content) {
    while (!input.empty() && state_ != State::done) {
        if (state_ == State::inside) store_run(input, content);
        if (input.empty()) break;
        const char octet = input.front();
        input.remove_prefix(1);
        step(octet, content);
    }
    return state_ == State::done;
}

// Most of a message: everything up to the next octet that means something.
void DataDecoder::store_run(std::string_view& input, std::string& content) {
    const auto end = std::min(input.find_first_of(std::string_view("\r\n\0", 3)), input.size());
    store(input.substr(0, end), content);
    input.remove_prefix(end);
}

void DataDecoder::step(char octet, std::string& content) {
    switch (state_) {
        case State::line_start:
            if (octet == '.') {
                state_ = State::after_dot;  // stuffed, or the end: it goes either way
                return;
            }
            break;
        case State::after_dot:
            if (octet == '\r') {
                state_ = State::after_dot_cr;
                return;
            }
            break;
        case State::after_dot_cr:
            if (octet == '\n') {
                state_ = State::done;
                return;
            }
            // The CR was content after all, and a bare one: the dot before it was stuffed.
            store("\r", content);
            note(DataFault::Kind::bare_cr);
            break;
        case State::after_cr:
            if (octet == '\n') {
                store("\n", content);
                ++line_;
                state_ = State::line_start;
                return;
            }
            note(DataFault::Kind::bare_cr);
            break;
        case State::inside:
        case State::done:
            break;
    }
    if (octet == '\n') note(DataFault::Kind::bare_lf);
    if (octet == '\0') note(DataFault::Kind::nul);
    store(std::string_view(&octet, 1), content);
    state_ = octet == '\r' ? State::after_cr : State::inside;
}

void DataDecoder::store(std::string_view octets, std::string& content) {
    const auto room = size_limit_ - std::min(size_, size_limit_);
    content.append(octets.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, octets.size()))));
    size_ += octets.size();
}

void DataDecoder::note(DataFault::Kind kind) {
    if (!fault_) fault_ = DataFault{kind, line_};
}

}  // namespace gatepost::server::smtp
