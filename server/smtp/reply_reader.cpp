#include "server/smtp/reply_reader.hpp"

#include "server/smtp/limits.hpp"

#include "dns/ascii.hpp"

#include <utility>

namespace gatepost::server::smtp {
namespace {

// RFC 5321 §4.2: Reply-code = %x32-35 %x30-35 %x30-39.
bool is_reply_code(std::string_view text) {
    return text.size() == 3 && text[0] >= '2' && text[0] <= '5' && text[1] >= '0' && text[1] <= '5' &&
           ascii::is_digit(text[2]);
}

std::string_view first_word(std::string_view line) {
    return line.substr(0, line.find(' '));
}

}  // namespace

ReplyReader::Status ReplyReader::read(std::string_view& input) {
    while (!malformed_ && !input.empty()) {
        const auto end = input.find('\n');
        const auto part = input.substr(0, end == std::string_view::npos ? end : end + 1);
        if (partial_.size() + part.size() > max_read_reply_line_octets) {
            malformed_ = true;
            break;
        }
        partial_ += part;
        input.remove_prefix(part.size());
        if (end == std::string_view::npos) break;
        bool last = false;
        malformed_ = !take_line(partial_, last);
        partial_.clear();
        if (malformed_ || !last) continue;
        complete();
        return Status::reply;
    }
    return malformed_ ? Status::malformed : Status::need_more;
}

// `line` with its LF. RFC 5321 §4.2.1: the code alone may stand for a whole line; only CRLF ends one.
bool ReplyReader::take_line(std::string_view line, bool& last) {
    if (!line.ends_with("\r\n")) return false;
    line.remove_suffix(2);
    if (!is_reply_code(line.substr(0, 3)) || line.find('\r') != std::string_view::npos) return false;
    if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return false;
    const int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    // RFC 5321 §4.2.1: in a multiline reply, the reply code on each of the lines MUST be the same.
    if (!lines_.empty() && code != code_) return false;
    if (lines_.size() == max_reply_lines) return false;
    code_ = code;
    last = line.size() == 3 || line[3] == ' ';
    lines_.emplace_back(line.size() > 4 ? line.substr(4) : std::string_view());
    return true;
}

// Takes the enhanced code out of the text (RFC 2034 §4: it stands first in each line).
void ReplyReader::complete() {
    const std::string enhanced(first_word(lines_.front()));
    const auto parsed = EnhancedCode::parse(enhanced);
    if (parsed && parsed->status_class == code_ / 100) {
        for (auto& line : lines_) {
            if (first_word(line) != enhanced) continue;
            line.erase(0, enhanced.size() + 1);
        }
    }
    reply_.emplace(code_, enhanced, lines_);
    lines_.clear();
}

}  // namespace gatepost::server::smtp
