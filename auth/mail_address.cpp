#include "auth/mail_address.hpp"

#include "auth/utf8.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <limits>

namespace gatepost::auth {
namespace {

using Kind = AddressTokenKind;

constexpr std::size_t words_of_a_step = 1'000;  // local: some 10 us

bool is_word(const AddressToken& token) {
    return token.kind == Kind::atom || token.kind == Kind::quoted;
}

// `=?` with another `?` after it, as in `=?utf-8?q?x?=`; an atom may have `=?` alone (RFC 5322 §3.2.3).
bool may_hold_encoded_word(std::string_view text) {
    const std::size_t start = text.find("=?");
    return start != std::string_view::npos && text.find('?', start + 2) != std::string_view::npos;
}

// RFC 5322 §4.4: obs-local-part = word *("." word); the dot-atom and the quoted-string of §3.4.1 are among
// them. Dots may stand in other places, too (`a..b@`, `a.@`): mobile carriers gave millions of such addresses
// away, and no reader finds another domain in them.
//
// RFC 2047 §5: an encoded word MUST NOT stand in an addr-spec or in a quoted string. Readers that decode it
// all the same may find a whole other address in it.
std::optional<std::string> local_part_of(const std::vector<AddressToken>& words) {
    std::string text;
    bool has_word = false;
    bool after_word = false;
    for (const AddressToken& token : words) {
        if (after_word && !token.is('.')) return std::nullopt;
        after_word = is_word(token);
        has_word = has_word || after_word;
        text += token.kind == Kind::quoted ? unquote(token.text) : std::string(token.text);
    }
    if (!has_word || !is_utf8(text) || may_hold_encoded_word(text)) return std::nullopt;
    return text;
}

// No dot, and nothing that some reader maps to one.
bool is_of_plain_label(char c) {
    return c != '.' && !ascii::is_8bit(c);
}

std::string phrase_text(const std::vector<AddressToken>& words) {
    std::string text;
    for (const AddressToken& word : words) {
        if (!text.empty() && !word.is('.')) text += ' ';
        text += word.kind == Kind::quoted ? unquote(word.text) : std::string(word.text);
    }
    return text;
}

}  // namespace

bool AddressListReader::read_next() {
    if (is_read_) return false;
    take_words(words_of_a_step);
    if (is_at_word()) return true;
    if (token_.is(':') && !words_.empty() && is_word(words_.front()) && !is_in_group_) {
        list_.has_group = is_in_group_ = true;
        advance();
    } else {
        is_in_grammar_ = parse_member();
        is_read_ = !is_in_grammar_ || !begin_next_member();
    }
    words_.clear();
    return !is_read_;
}

std::optional<AddressList> AddressListReader::finish() {
    while (read_next()) {}
    if (!is_in_grammar_) return std::nullopt;
    return std::move(list_);
}

bool AddressListReader::is_at_word() const {
    return is_word(token_) || token_.is('.');
}

// Words and dots: what may turn out to be a display name (obs-phrase has dots) or a local-part.
void AddressListReader::take_words(std::size_t most) {
    for (; most > 0 && is_at_word(); --most, advance())
        words_.push_back(token_);
}

// False: there is none, and it is settled whether the list is in the grammar. Empty members are
// obs-mbox-list and obs-addr-list.
bool AddressListReader::begin_next_member() {
    if (is_in_group_ && token_.is(';')) {
        is_in_group_ = false;
        advance();
    } else if (is_in_group_ && !token_.is(',')) {
        is_in_grammar_ = false;
        return false;
    }
    if (token_.is(',')) {
        advance();
        return true;
    }
    is_in_grammar_ = token_.kind == Kind::end;
    return false;
}

bool AddressListReader::parse_member() {
    if (token_.is('@')) return parse_addr_spec();
    if (!words_.empty() && !is_word(words_.front())) return false;  // a phrase begins with a word
    if (token_.is('<')) return parse_angle_addr();
    if (token_.is(':')) return false;
    if (words_.empty()) return true;
    list_.mailboxes.push_back({phrase_text(words_), {}, false});
    return true;
}

bool AddressListReader::parse_addr_spec() {
    const auto local_part = local_part_of(words_);
    if (!local_part) return false;
    advance();
    Mailbox mailbox{*local_part, {}, false};
    if (!parse_domain(mailbox)) return false;
    list_.mailboxes.push_back(std::move(mailbox));
    return true;
}

// RFC 5322 §4.4: obs-domain = atom *("." atom); the dot-atom of §3.4.1 is among them. Blanks and comments
// may stand around the first dot alone: `a@bank.example .shop.example` is bank.example to every reader
// that stops there.
bool AddressListReader::parse_domain(Mailbox& mailbox) {
    if (token_.kind == Kind::literal) {
        mailbox.domain = token_.text;
        mailbox.is_literal = true;
        advance();
        return is_utf8(mailbox.domain);
    }
    while (token_.kind == Kind::atom) {
        mailbox.domain += token_.text;
        bool has_gap = advance_over_gap();
        if (!token_.is('.')) return is_utf8(mailbox.domain);
        has_gap = advance_over_gap() || has_gap;
        if (has_gap && !std::all_of(mailbox.domain.begin(), mailbox.domain.end(), is_of_plain_label))
            return false;
        mailbox.domain += '.';
    }
    return false;
}

// Takes the next token. True: it does not follow at once.
bool AddressListReader::advance_over_gap() {
    const char* const end = token_.text.data() + token_.text.size();
    advance();
    return token_.text.data() != end;
}

// The display name is in words_, and makes room for what stands in the brackets.
bool AddressListReader::parse_angle_addr() {
    advance();
    if ((token_.is('@') || token_.is(',')) && !skip_route()) return false;
    words_.clear();
    take_words(std::numeric_limits<std::size_t>::max());
    if (token_.is('@')) {
        if (!parse_addr_spec()) return false;
    } else {
        if (!words_.empty() && !is_word(words_.front())) return false;
        list_.mailboxes.push_back({phrase_text(words_), {}, false});
    }
    if (!token_.is('>')) return false;
    advance();
    return true;
}

// RFC 5322 §4.4: obs-route, to be ignored. Its domains are never an author's.
bool AddressListReader::skip_route() {
    bool after_domain = false;
    while (!token_.is(':')) {
        if (token_.is(',')) {
            advance();
            continue;
        }
        if (!token_.is('@')) return false;
        advance();
        Mailbox ignored;
        if (!parse_domain(ignored)) return false;
        if (!token_.is(',') && !token_.is(':')) return false;
        after_domain = true;
    }
    advance();
    return after_domain;
}

std::string quote_string(std::string_view text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted += '"';
}

bool is_dot_atom(std::string_view text) {
    bool after_dot = true;
    for (const char c : text) {
        if (c == '.' ? after_dot : !is_atext(c)) return false;
        after_dot = c == '.';
    }
    return !after_dot && is_utf8(text);
}

bool is_dotted_local_part(std::string_view text) {
    const auto is_octet = [](char c) {
        return c == '.' || is_atext(c);
    };
    return std::all_of(text.begin(), text.end(), is_octet) &&
           std::any_of(text.begin(), text.end(), is_atext) && is_utf8(text);
}

std::string Mailbox::text() const {
    if (domain.empty()) return {};
    return (is_dotted_local_part(local_part) ? local_part : quote_string(local_part)) + '@' + domain;
}

std::optional<AddressList> parse_address_list(std::string_view value) {
    return AddressListReader(value).finish();
}

}  // namespace gatepost::auth
