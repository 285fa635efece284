#include "server/smtp/reply.hpp"

#include "server/smtp/limits.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <stdexcept>

namespace gatepost::server::smtp {
namespace {

// A line's text: what "550-", "5.123.123 " and CRLF leave of it.
constexpr std::size_t max_text_octets = max_reply_line_octets - 4 - 10 - 2;

constexpr std::size_t usual_line_octets = 80;  // local

std::string printable(std::string_view text) {
    std::string clean(text);
    for (char& c : clean) {
        if (c == '\r' || c == '\n' || c == '\t') c = ' ';
        if (!ascii::is_printable(c)) c = '?';
    }
    return clean;
}

// Appends `whole` as one or more lines, broken at spaces where there are any.
void append_lines(std::string whole, std::vector<std::string>& lines) {
    std::string_view text = whole;
    while (text.size() > max_text_octets && lines.size() + 1 < max_reply_lines) {
        const auto space = text.rfind(' ', max_text_octets);
        const bool has_space = space != std::string_view::npos && space > 0;
        const auto cut = has_space ? space : max_text_octets;
        lines.emplace_back(text.substr(0, cut));
        text.remove_prefix(has_space ? cut + 1 : cut);
    }
    if (lines.size() == max_reply_lines) return;
    if (text.size() == whole.size() && text.size() <= max_text_octets)
        lines.push_back(std::move(whole));
    else
        lines.emplace_back(text.substr(0, max_text_octets));
}

std::optional<EnhancedCode> matching(int code, std::string_view enhanced) {
    auto parsed = EnhancedCode::parse(enhanced);
    if (parsed && parsed->status_class != code / 100) return std::nullopt;
    return parsed;
}

}  // namespace

std::optional<EnhancedCode> EnhancedCode::parse(std::string_view text) {
    const auto first = text.find('.');
    const auto second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    const auto status_class = ascii::parse_decimal<int>(text.substr(0, first), 1);
    const auto subject = ascii::parse_decimal<int>(text.substr(first + 1, second - first - 1), 3);
    const auto detail = ascii::parse_decimal<int>(text.substr(second + 1), 3);
    if (!status_class || !subject || !detail) return std::nullopt;
    // RFC 3463 §3: success, persistent transient failure, permanent failure.
    if (*status_class != 2 && *status_class != 4 && *status_class != 5) return std::nullopt;
    return EnhancedCode{*status_class, *subject, *detail};
}

std::string EnhancedCode::text() const {
    return std::to_string(status_class) + '.' + std::to_string(subject) + '.' + std::to_string(detail);
}

Reply::Reply(int code, std::string_view enhanced) : code_(code), enhanced_(matching(code, enhanced)) {
    if (code < 200 || code > 599) throw std::invalid_argument("a reply code is 200 to 599");
}

Reply::Reply(int code, std::string_view enhanced, std::string_view text) : Reply(code, enhanced) {
    append_lines(printable(text), lines_);
}

Reply::Reply(int code, std::string_view enhanced, const std::vector<std::string>& lines)
    : Reply(code, enhanced) {
    for (const auto& line : lines)
        append_lines(printable(line), lines_);
    if (lines_.empty()) lines_.emplace_back();
}

std::string Reply::text() const {
    std::string joined;
    for (const auto& line : lines_) {
        if (!joined.empty()) joined += ' ';
        joined += line;
    }
    return joined;
}

Reply Reply::signed_by(std::string_view hostname, std::string_view id) const {
    std::vector<std::string> lines = lines_;
    lines.back().append(" (").append(hostname).append(" ").append(id).append(")");
    Reply reply(code_, enhanced_ ? enhanced_->text() : "", lines);
    reply.is_signed_ = true;
    return reply;
}

std::string Reply::wire() const {
    const std::string code = std::to_string(code_);
    const std::string enhanced = enhanced_ ? enhanced_->text() + ' ' : std::string();
    std::string wire;
    wire.reserve(lines_.size() * usual_line_octets);
    for (std::size_t i = 0; i < lines_.size(); ++i) {
        wire += code;
        wire += i + 1 == lines_.size() ? ' ' : '-';
        wire += enhanced;
        wire += lines_[i];
        wire += "\r\n";
    }
    return wire;
}

}  // namespace gatepost::server::smtp
