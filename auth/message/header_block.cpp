#include "auth/message/header_block.hpp"

#include "auth/message/mbox_line.hpp"

#include "dns/ascii.hpp"

#include <algorithm>

namespace gatepost::auth {

bool HeaderField::is(std::string_view field_name) const {
    return ascii::equals_ignoring_case(name, field_name);
}

bool HeaderField::reads_as(std::string_view field_name) const {
    if (is(field_name)) return true;
    std::size_t matched = 0;
    for (const char c : name) {
        if (!ascii::is_visible(c)) continue;
        if (matched == field_name.size() ||
            !ascii::equals_ignoring_case(std::string_view(&c, 1), field_name.substr(matched, 1)))
            return false;
        ++matched;
    }
    return matched == field_name.size();
}

std::string malformed_header_text(HeaderFault fault, std::size_t line) {
    return "malformed header: " + std::string(to_string(fault)) + " (line " + std::to_string(line) +
           " of the message)";
}

std::string_view to_string(HeaderFault fault) {
    switch (fault) {
        case HeaderFault::none:
            return "none";
        case HeaderFault::line_without_colon:
            return "a line without a colon";
        case HeaderFault::leading_continuation:
            return "the first line is a continuation";
        case HeaderFault::empty_name:
            return "a field without a name";
        case HeaderFault::invalid_name:
            return "a field name with invalid characters";
        case HeaderFault::nul:
            return "a NUL octet";
        case HeaderFault::bare_cr_or_lf:
            return "a bare CR or LF";
        case HeaderFault::too_many_fields:
            return "too many fields";
    }
    return "unknown";
}

std::shared_ptr<const HeaderBlock> HeaderBlock::parse(std::string octets, std::size_t max_fields) {
    const std::shared_ptr<HeaderBlock> block(new HeaderBlock(std::move(octets)));
    block->parse_fields(max_fields);
    return block;
}

std::size_t HeaderBlock::count(std::string_view name) const {
    return static_cast<std::size_t>(std::count_if(fields_.begin(), fields_.end(),
                                                  [&](const HeaderField& field) { return field.is(name); }));
}

const HeaderField* HeaderBlock::find(std::string_view name) const {
    const auto found = std::find_if(fields_.begin(), fields_.end(),
                                    [&](const HeaderField& field) { return field.is(name); });
    return found == fields_.end() ? nullptr : &*found;
}

std::size_t HeaderBlock::line_of(HeaderFault fault) const {
    if (!has(fault)) return 0;
    const std::string_view before =
        std::string_view(octets_).substr(0, first_at_[static_cast<std::size_t>(fault)]);
    return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

void HeaderBlock::note(HeaderFault fault, std::size_t at) {
    if (fault_ == HeaderFault::none) fault_ = fault;
    if (has(fault)) return;
    faults_ |= 1U << static_cast<unsigned>(fault);
    first_at_[static_cast<std::size_t>(fault)] = at;
}

namespace {

// The length of the line at the start of `text`, its line end included. A bare LF ends a line too: what some
// reader could take for a line end is no place to hide a field, and the fault tells of it.
std::size_t line_length(std::string_view text) {
    const auto lf = text.find('\n');
    return lf == std::string_view::npos ? text.size() : lf + 1;
}

std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

// Where the first CR or LF that stands alone is, or npos. Octet by octet: a search for each of 170,000 folds
// takes longer.
std::size_t find_bare_cr_or_lf(std::string_view text) {
    bool after_cr = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (after_cr != (c == '\n')) return after_cr ? at - 1 : at;
        after_cr = c == '\r';
    }
    return after_cr ? text.size() - 1 : std::string_view::npos;
}

// The length of the field at the start of `text`, whose first line has `first` octets. RFC 5322 §2.2.3: lines
// that begin with a blank belong to the field before them.
std::size_t field_length(std::string_view text, std::size_t first) {
    std::size_t at = first;
    while (at < text.size() && (text[at - 1] != '\n' || ascii::is_wsp(text[at])))
        ++at;
    return at;
}

HeaderField field_of(std::string_view raw, std::size_t colon) {
    const std::string_view written = raw.substr(0, colon);
    const std::string_view name = written.substr(0, written.find_last_not_of(" \t") + 1);
    return {raw, name, without_line_end(raw.substr(colon + 1))};
}

}  // namespace

void HeaderBlock::parse_fields(std::size_t max_fields) {
    const std::string_view all = octets_;
    if (const auto nul = all.find('\0'); nul != std::string_view::npos) note(HeaderFault::nul, nul);
    if (const auto bare = find_bare_cr_or_lf(all); bare != std::string_view::npos)
        note(HeaderFault::bare_cr_or_lf, bare);
    mbox_line_octets_ = mbox_line_length(all);
    std::size_t next = mbox_line_octets_;
    while (next < all.size()) {
        const std::size_t at = next;
        const std::size_t first_length = line_length(all.substr(at));
        const std::string_view first = without_line_end(all.substr(at, first_length));
        if (first.empty()) break;  // the empty line
        const std::string_view raw = all.substr(at, field_length(all.substr(at), first_length));
        next += raw.size();
        const auto colon = raw.find(':');
        const bool continues_nothing = ascii::is_wsp(first.front());
        const bool is_field = !continues_nothing && colon < first.size();
        if (continues_nothing)
            note(HeaderFault::leading_continuation, at);
        else if (!is_field)
            note(HeaderFault::line_without_colon, at);
        if (colon == std::string_view::npos) continue;
        if (fields_.size() + strays_.size() == max_fields) return note(HeaderFault::too_many_fields, at);
        const HeaderField field = field_of(raw, colon);
        if (!is_field) {
            strays_.push_back(field);
            continue;
        }
        if (field.name.empty()) note(HeaderFault::empty_name, at);
        if (!std::all_of(field.name.begin(), field.name.end(), ascii::is_visible))
            note(HeaderFault::invalid_name, at);
        fields_.push_back(field);
    }
}

std::string unfold(std::string_view value) {
    std::string line;
    line.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool fold =
            value[i] == '\r' && i + 2 < value.size() && value[i + 1] == '\n' && ascii::is_wsp(value[i + 2]);
        if (fold)
            ++i;
        else
            line += value[i];
    }
    return std::string(ascii::trim(line));
}

}  // namespace gatepost::auth
