#include "auth/dkim/canonicalization.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::dkim {
namespace {

constexpr std::string_view crlf = "\r\n";
constexpr std::size_t buffer_octets = 4096;  // local: the digest is called once for so many
constexpr std::size_t block_octets = 16;     // local: what a compiler compares at once

// 1, or 0 for what the relaxed form does not keep as it is: a tab, and a space before white space. Without a
// branch, so that a block of octets is compared at once.
unsigned is_kept(char c, char next) {
    const auto is_not = [](char x, char y) {
        return static_cast<unsigned>(x != y);
    };
    return is_not(c, '\t') & (is_not(c, ' ') | (is_not(next, ' ') & is_not(next, '\t')));
}

bool is_block_kept(const char* text) {
    unsigned kept = 1;
    for (std::size_t i = 0; i < block_octets; ++i)
        kept &= is_kept(text[i], text[i + 1]);
    return kept != 0;
}

// How many octets of `text`, which begins with no white space, the relaxed form keeps as they are: up to
// white space that is to become another, or none.
std::size_t kept_octets(std::string_view text) {
    std::size_t at = 0;
    while (at + block_octets < text.size() && is_block_kept(text.data() + at))
        at += block_octets;
    while (at + 1 < text.size() && is_kept(text[at], text[at + 1]) != 0)
        ++at;
    return at + 1 == text.size() && !ascii::is_wsp(text[at]) ? text.size() : at;
}

// Gives the text of a part of a line to `write`, white space as single spaces and none at the end: `blank`
// says that there was some, before this part on entry and at its end on return.
template <typename Write>
void relax(std::string_view part, bool& blank, Write write) {
    for (;;) {
        for (; !part.empty() && ascii::is_wsp(part.front()); part.remove_prefix(1))
            blank = true;
        if (part.empty()) return;
        const std::size_t kept = kept_octets(part);
        write(part.substr(0, kept));
        blank = false;
        part.remove_prefix(kept);
    }
}

// RFC 6376 §3.4.2
void relax_header_field(std::string_view raw, std::string& out) {
    const std::size_t colon = raw.find(':');
    std::string_view name = raw.substr(0, colon);
    while (!name.empty() && ascii::is_wsp(name.back()))
        name.remove_suffix(1);
    for (const char c : name)
        out += ascii::to_lower(c);
    if (colon == std::string_view::npos) {
        out += crlf;
        return;
    }
    out += ':';
    std::string_view value = raw.substr(colon + 1);
    if (value.ends_with(crlf)) value.remove_suffix(crlf.size());
    const std::size_t begin = out.size();
    bool blank = false;
    const auto write = [&](std::string_view text) {
        if (blank && out.size() > begin) out += ' ';
        out += text;
    };
    while (!value.empty()) {
        // Unfolded: a CRLF before white space is nothing.
        std::size_t fold = value.find(crlf);
        while (fold != std::string_view::npos &&
               (fold + crlf.size() == value.size() || !ascii::is_wsp(value[fold + crlf.size()])))
            fold = value.find(crlf, fold + 1);
        relax(value.substr(0, fold), blank, write);
        if (fold == std::string_view::npos) break;
        value.remove_prefix(fold + crlf.size());
    }
    out += crlf;
}

}  // namespace

std::string_view to_string(Canonicalization canonicalization) {
    return canonicalization == Canonicalization::simple ? "simple" : "relaxed";
}

void canonicalize_header_field(Canonicalization canonicalization, std::string_view raw, std::string& out) {
    if (canonicalization == Canonicalization::relaxed) return relax_header_field(raw, out);
    out += raw;
    // RFC 6376 §3.7: each header field is terminated with a single CRLF.
    if (!raw.ends_with(crlf)) out += crlf;
}

BodyCanonicalizer::BodyCanonicalizer(Canonicalization canonicalization, Sink sink)
    : canonicalization_(canonicalization), sink_(std::move(sink)) {
    buffer_.reserve(buffer_octets);
}

// A CR at the end of the last chunk is half a line end or, without an LF now, text. Gives how many octets of
// `chunk` that used up.
std::size_t BodyCanonicalizer::take_pending_cr(std::string_view chunk) {
    if (!held_cr_ || chunk.empty()) return 0;
    held_cr_ = false;
    if (chunk.front() == '\n') {
        end_line();
        return 1;
    }
    write_text("\r");
    return 0;
}

void BodyCanonicalizer::update(std::string_view chunk) {
    std::size_t at = take_pending_cr(chunk);
    while (at < chunk.size()) {
        const std::size_t cr = chunk.find('\r', at);
        take_line_part(chunk.substr(at, cr - at));
        if (cr == std::string_view::npos) return;
        if (cr + 1 == chunk.size()) {
            held_cr_ = true;
            return;
        }
        const bool line_end = chunk[cr + 1] == '\n';
        if (line_end)
            end_line();
        else
            write_text("\r");
        at = cr + (line_end ? 2 : 1);
    }
}

void BodyCanonicalizer::take_line_part(std::string_view part) {
    if (canonicalization_ == Canonicalization::relaxed)
        relax(part, held_blank_, [this](std::string_view text) { write_text(text); });
    else if (!part.empty())
        write_text(part);
}

void BodyCanonicalizer::end_line() {
    held_blank_ = false;  // RFC 6376 §3.4.4: white space at the end of a line is ignored
    ++held_line_ends_;
}

void BodyCanonicalizer::write_text(std::string_view text) {
    for (; held_line_ends_ > 0; --held_line_ends_)
        write(crlf);
    if (held_blank_) write(" ");
    held_blank_ = false;
    any_text_ = true;
    write(text);
}

void BodyCanonicalizer::write(std::string_view octets) {
    if (buffer_.size() + octets.size() > buffer_octets) flush();
    if (octets.size() >= buffer_octets)
        sink_(octets);
    else
        buffer_ += octets;
}

void BodyCanonicalizer::flush() {
    if (!buffer_.empty()) sink_(buffer_);
    buffer_.clear();
}

void BodyCanonicalizer::finish() {
    if (std::exchange(held_cr_, false)) write_text("\r");
    // RFC 6376 §3.4.3: simple ends every body, even an empty one, with one CRLF. §3.4.4: relaxed does so
    // where there is anything to end.
    if (canonicalization_ == Canonicalization::simple || any_text_) write(crlf);
    flush();
}

}  // namespace gatepost::auth::dkim
