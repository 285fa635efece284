#include "server/smtp/data_encoder.hpp"

#include <algorithm>

namespace gatepost::server::smtp {

using Kind = FramingFault::Kind;

// Line by line, as only what follows a CRLF can need a dot more; copied are all lines up to such a dot at
// once. The searches are memchr, which costs next to nothing beside the copying.
bool DataEncoder::encode(std::string_view content, std::string& wire) {
    if (fault_) return false;
    if (content.find('\0') != std::string_view::npos) return fail(Kind::nul);
    std::size_t copied = 0;
    std::size_t at = 0;
    while (at < content.size()) {
        if (state_ == State::line_start && content[at] == '.') {
            wire.append(content, copied, at - copied) += '.';
            copied = at;
        }
        const std::size_t lf = content.find('\n', at);
        const std::size_t end = std::min(lf, content.size());
        // Where the one CR of the line stands: before its LF, before this content, or last in it.
        const bool split_crlf = state_ == State::after_cr;
        if (split_crlf && lf != at) return fail(Kind::bare_cr);
        const std::size_t cr = std::min(content.substr(at, end - at).find('\r'), end - at) + at;
        if (cr < end && cr + 1 != end) return fail(Kind::bare_cr);
        if (lf == std::string_view::npos) {
            state_ = cr < end ? State::after_cr : State::inside;
            break;
        }
        if (cr == end && !split_crlf) return fail(Kind::bare_lf);
        state_ = State::line_start;
        at = lf + 1;
    }
    wire.append(content, copied);
    return true;
}

bool DataEncoder::finish(std::string& wire) {
    if (state_ == State::after_cr) return fail(Kind::bare_cr);
    if (fault_) return false;
    if (state_ != State::line_start) wire += "\r\n";
    wire += ".\r\n";
    return true;
}

bool DataEncoder::fail(Kind kind) {
    fault_ = kind;
    return false;
}

}  // namespace gatepost::server::smtp
