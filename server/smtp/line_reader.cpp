#include "server/smtp/line_reader.hpp"

#include "server/smtp/limits.hpp"

#include <algorithm>

namespace gatepost::server::smtp {

LineReader::Status LineReader::read(std::string_view& input) {
    if (ended_) reset();
    for (std::size_t i = 0; i < input.size(); ++i) {
        const char octet = input[i];
        ++octets_;
        if (octet != '\n' || !after_cr_) note_fault(octet);
        if (octet != '\n') continue;
        const auto part = input.substr(0, i + 1);
        input.remove_prefix(i + 1);
        return end_line(part);
    }
    keep(input);
    input = {};
    return Status::need_more;
}

// The fault of a CR shows one octet later, when no LF follows it. A bare LF outweighs what was wrong before.
void LineReader::note_fault(char octet) {
    LineFault found = LineFault::none;
    if (after_cr_) found = LineFault::bare_cr;
    if (octet == '\0') found = LineFault::nul;
    if (fault_ == LineFault::none) fault_ = found;
    if (octet == '\n') fault_ = LineFault::bare_lf;
    after_cr_ = octet == '\r';
}

void LineReader::keep(std::string_view part) {
    partial_ += part.substr(0, max_command_line_octets - partial_.size());
}

LineReader::Status LineReader::end_line(std::string_view last_part) {
    ended_ = true;
    line_ = last_part;
    if (!partial_.empty()) {
        keep(last_part);
        line_ = partial_;
    }
    const bool bare_lf = fault_ == LineFault::bare_lf;
    line_ = line_.substr(0, max_command_line_octets);
    if (octets_ > max_command_line_octets) return bare_lf ? Status::bad : Status::too_long;
    line_.remove_suffix(bare_lf ? 1 : 2);
    return fault_ == LineFault::none ? Status::line : Status::bad;
}

void LineReader::reset() {
    partial_.clear();
    line_ = {};
    octets_ = 0;
    after_cr_ = false;
    fault_ = LineFault::none;
    ended_ = false;
}

}  // namespace gatepost::server::smtp
