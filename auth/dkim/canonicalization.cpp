#include "auth/dkim/canonicalization.hpp"

#include "dns/ascii.hpp"

#include <utility>

namespace gatepost::auth::dkim {
namespace {

constexpr std::string_view crlf = "\r\n";
constexpr std::size_t buffer_octets = 4096;  // local: the digest is called once for so many

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
    bool any = false;
    bool blank = false;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        const bool fold =
            c == '\r' && i + 2 < value.size() && value[i + 1] == '\n' && ascii::is_wsp(value[i + 2]);
        if (fold) {
            ++i;
            continue;
        }
        if (ascii::is_wsp(c)) {
            blank = true;
            continue;
        }
        if (blank && any) out += ' ';
        blank = false;
        any = true;
        out += c;
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

void BodyCanonicalizer::update(std::string_view chunk) {
    if (canonicalization_ == Canonicalization::simple)
        update_simple(chunk);
    else
        update_relaxed(chunk);
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

void BodyCanonicalizer::update_simple(std::string_view chunk) {
    std::size_t at = take_pending_cr(chunk);
    while (at < chunk.size()) {
        const std::size_t cr = chunk.find('\r', at);
        if (cr != at) write_text(chunk.substr(at, cr - at));
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

void BodyCanonicalizer::update_relaxed(std::string_view chunk) {
    std::size_t at = take_pending_cr(chunk);
    while (at < chunk.size()) {
        const std::size_t special = chunk.find_first_of(" \t\r", at);
        if (special != at) write_text(chunk.substr(at, special - at));
        if (special == std::string_view::npos) return;
        at = special + 1;
        if (chunk[special] != '\r') {
            held_blank_ = true;
        } else if (at == chunk.size()) {
            held_cr_ = true;
        } else if (chunk[at] == '\n') {
            end_line();
            ++at;
        } else {
            write_text("\r");
        }
    }
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
