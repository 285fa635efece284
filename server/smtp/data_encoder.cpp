#include "server/smtp/data_encoder.hpp"

namespace gatepost::server::smtp {

// Copies line by line: only what follows a CRLF can need a dot more.
void DataEncoder::encode(std::string_view content, std::string& wire) {
    while (!content.empty()) {
        if (state_ == State::line_start && content.front() == '.') wire += '.';
        if (state_ == State::after_cr && content.front() == '\n') {
            wire += '\n';
            content.remove_prefix(1);
            state_ = State::line_start;
            continue;
        }
        const auto cr = content.find('\r');
        const auto run = cr == std::string_view::npos ? content : content.substr(0, cr + 1);
        wire += run;
        content.remove_prefix(run.size());
        state_ = cr == std::string_view::npos ? State::inside : State::after_cr;
    }
}

void DataEncoder::finish(std::string& wire) const {
    if (state_ != State::line_start) wire += "\r\n";
    wire += ".\r\n";
}

}  // namespace gatepost::server::smtp
