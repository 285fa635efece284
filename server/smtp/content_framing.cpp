#include "server/smtp/content_framing.hpp"

#include <algorithm>

namespace gatepost::server::smtp {

using Kind = FramingFault::Kind;

namespace {

struct Lines {
    std::size_t octets = 0;
    std::uint64_t count = 0;
};

// The whole lines at the start of `octets` that are without fault.
Lines good_lines(std::string_view octets) {
    octets = octets.substr(0, octets.find('\0'));
    Lines good;
    for (;;) {
        const auto lf = octets.find('\n', good.octets);
        const auto cr = octets.find('\r', good.octets);
        if (lf == std::string_view::npos || cr == std::string_view::npos || cr + 1 != lf) return good;
        good.octets = lf + 1;
        ++good.count;
    }
}

}  // namespace

void ContentFraming::take(std::string_view octets, std::string& content) {
    if (bare_newlines_ == BareNewlines::normalised)
        normalise(octets, content);
    else
        judge(octets, content);
}

// Nearly all of a message is lines without fault, and kept at once. Each octet is looked at a fixed number of
// times: what is not such a line is the end of one that began before, is cut off, or is the last one looked
// at.
void ContentFraming::judge(std::string_view octets, std::string& content) {
    while (!octets.empty()) {
        if (fault_) {
            size_ += octets.size();
            return;
        }
        const Lines good = after_cr_ ? Lines() : good_lines(octets);
        if (good.count > 0) {
            keep(octets.substr(0, good.octets), content);
            line_ += good.count;
            at_line_start_ = true;
            octets.remove_prefix(good.octets);
        }
        if (!octets.empty()) octets.remove_prefix(judge_line(octets, content));
    }
}

// Up to and with the next LF, or all there is. Gives the number of octets taken.
std::size_t ContentFraming::judge_line(std::string_view octets, std::string& content) {
    if (after_cr_ && octets.front() != '\n') {
        fail(Kind::bare_cr);
        return 0;
    }
    const auto lf = octets.find('\n');
    const auto line = octets.substr(0, lf == std::string_view::npos ? lf : lf + 1);
    const bool ends = lf != std::string_view::npos;
    const auto cr = std::min(line.find('\r'), line.size());
    const auto nul = std::min(line.substr(0, cr).find('\0'), cr);
    // Where the one CR of a good line stands: before its LF, at the end of the octets, or in the last ones.
    const bool split_crlf = after_cr_;
    const std::size_t text = ends ? line.size() - (split_crlf ? 1 : 2) : line.size() - 1;
    std::optional<FramingFault::Kind> fault;
    std::size_t good = line.size();
    if (nul < cr) {
        fault = Kind::nul;
        good = nul;
    } else if (cr < line.size() && cr != text) {
        fault = Kind::bare_cr;
        good = cr + 1;
    } else if (ends && !split_crlf && cr == line.size()) {
        fault = Kind::bare_lf;
        good = line.size() - 1;
    }
    keep(line.substr(0, good), content);
    if (fault) {
        fail(*fault);
        return good;
    }
    after_cr_ = !ends && cr < line.size();
    at_line_start_ = ends;
    if (ends) ++line_;
    return good;
}

// Octet by octet: for the few clients that an exemption names.
void ContentFraming::normalise(std::string_view octets, std::string& content) {
    for (const char& octet : octets) {
        if (fault_) {
            ++size_;
            continue;
        }
        const bool ends_crlf = after_cr_ && octet == '\n';
        if (after_cr_ && !ends_crlf) end_normalised_line(Kind::bare_cr, content);
        after_cr_ = octet == '\r';
        if (after_cr_) continue;
        if (ends_crlf) {
            keep("\r\n", content);
            at_line_start_ = true;
            ++line_;
        } else if (octet == '\n') {
            end_normalised_line(Kind::bare_lf, content);
        } else if (octet == '\0') {
            fail(Kind::nul);
            ++size_;
        } else {
            keep(std::string_view(&octet, 1), content);
            at_line_start_ = false;
        }
    }
}

void ContentFraming::end_normalised_line(Kind kind, std::string& content) {
    if (!normalised_) normalised_ = FramingFault{kind, line_};
    keep("\r\n", content);
    at_line_start_ = true;
    ++line_;
}

void ContentFraming::end(std::string& content) {
    if (fault_) return;
    if (after_cr_) {
        if (bare_newlines_ == BareNewlines::refused) return fail(Kind::bare_cr);
        end_normalised_line(Kind::bare_cr, content);
    }
    // Not counted: the client did not send it.
    if (!at_line_start_ && !is_over_limit()) content += "\r\n";
    at_line_start_ = true;
}

void ContentFraming::fail(Kind kind) {
    fault_ = FramingFault{kind, line_};
}

void ContentFraming::keep(std::string_view octets, std::string& content) {
    const auto room = size_limit_ - std::min(size_, size_limit_);
    content.append(octets.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room, octets.size()))));
    size_ += octets.size();
}

}  // namespace gatepost::server::smtp
