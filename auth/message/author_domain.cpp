#include "auth/message/author_domain.hpp"

#include "auth/mail_address.hpp"
#include "auth/message/mbox_line.hpp"
#include "auth/message/unquoted_name.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"

#include <algorithm>

namespace gatepost::auth {
namespace {

// local: the most UTF-8 that can map to 253 octets of A-labels (four octets a code point). Longer ones are no
// names, and converting them would cost more than it tells.
constexpr std::size_t max_domain_octets = 1012;

// local: beyond what any author writes; it is read in one piece, of some milliseconds at most.
constexpr std::size_t max_from_octets = 96 * 1024;

// Faults after which readers may disagree about which From fields there are: where the header ends, where a
// line ends, where text ends. Fields with an empty or odd name hide nothing that follows them.
// The topmost one, or none.
HeaderFault grave_fault(const HeaderBlock& header) {
    HeaderFault topmost = HeaderFault::none;
    for (const HeaderFault fault :
         {HeaderFault::line_without_colon, HeaderFault::leading_continuation, HeaderFault::nul,
          HeaderFault::bare_cr_or_lf, HeaderFault::too_many_fields}) {
        const bool is_higher =
            topmost == HeaderFault::none || header.line_of(fault) < header.line_of(topmost);
        if (header.has(fault) && is_higher) topmost = fault;
    }
    return topmost;
}

// A name that is From once invisible octets at its ends are dropped: a byte order mark, a control character.
// Or one of several words, the first of them From (`From alice@bank.example: x`), unless mbox tools wrote it.
// Some reader may take the field for From, so that nobody can say which one is meant.
bool is_disguised_from(const HeaderField& field) {
    const auto is_visible = [](char c) {
        return ascii::is_visible(c);
    };
    const std::string_view name = field.name;
    const std::string_view word = name.substr(0, name.find_first_of(" \t"));
    if (word.size() < name.size() && ascii::equals_ignoring_case(word, "from"))
        return mbox_line_length(field.raw) < field.raw.size();
    const auto first = std::find_if(name.begin(), name.end(), is_visible);
    const auto last = std::find_if(name.rbegin(), name.rend(), is_visible).base();
    if (first >= last || (first == name.begin() && last == name.end())) return false;
    return ascii::equals_ignoring_case(std::string_view(first, last), "from");
}

// RFC 9989 §5.3.1: U-labels become A-labels before anything else looks at the name.
std::optional<dns::DomainName> domain_of(const Mailbox& mailbox) {
    if (mailbox.is_literal || mailbox.domain.size() > max_domain_octets) return std::nullopt;
    auto name = dns::to_ascii(mailbox.domain);
    // Underscores are taken: no host name has them (RFC 1123 §2.1), but some senders do, and the DNS can
    // answer.
    if (!name || !name->is_host_name(true)) return std::nullopt;
    return name;
}

std::string address_of(const Mailbox& mailbox, const std::optional<dns::DomainName>& domain) {
    if (!domain) return mailbox.text();
    return Mailbox{mailbox.local_part, domain->text(), false}.text();
}

Author author_of(const std::vector<Mailbox>& mailboxes) {
    Author author;
    const auto without_domain = std::count_if(mailboxes.begin(), mailboxes.end(),
                                              [](const Mailbox& mailbox) { return mailbox.domain.empty(); });
    if (without_domain == static_cast<std::ptrdiff_t>(mailboxes.size())) {
        author.fault = AuthorFault::no_domain;
        return author;
    }
    // A name beside an address is no mailbox: `Doe, Jane <jane@example.com>` lacks its quotes.
    if (without_domain > 0) {
        author.fault = AuthorFault::malformed_from;
        return author;
    }
    const Mailbox& first = mailboxes.front();
    const auto domain = domain_of(first);
    author.address = address_of(first, domain);
    for (const Mailbox& mailbox : mailboxes) {
        if (mailbox.domain == first.domain) continue;
        const auto other = domain_of(mailbox);
        if (domain && other && *other == *domain) continue;
        author.fault = AuthorFault::several_domains;
        return author;
    }
    author.fault = domain ? AuthorFault::none : AuthorFault::invalid_domain;
    author.domain = domain;
    return author;
}

}  // namespace

std::string_view to_string(AuthorFault fault) {
    switch (fault) {
        case AuthorFault::none:
            return "none";
        case AuthorFault::malformed_header:
            return "a malformed header";
        case AuthorFault::no_from:
            return "no From field";
        case AuthorFault::several_from:
            return "several From fields";
        case AuthorFault::malformed_from:
            return "a From field that cannot be read without doubt";
        case AuthorFault::no_domain:
            return "a From field without a domain";
        case AuthorFault::several_domains:
            return "several author domains";
        case AuthorFault::invalid_domain:
            return "an author domain that is no domain name";
    }
    return "unknown";
}

Author extract_author(const HeaderBlock& header) {
    Author author;
    if (const HeaderFault grave = grave_fault(header); grave != HeaderFault::none) {
        author.fault = AuthorFault::malformed_header;
        author.header_problem = malformed_header_text(grave, header.line_of(grave));
        return author;
    }
    author.fault = AuthorFault::malformed_from;
    const bool has_odd_names = header.has(HeaderFault::invalid_name);
    const HeaderField* from = nullptr;
    for (const HeaderField& field : header.fields()) {
        if (has_odd_names && is_disguised_from(field)) return author;
        if (!field.is("From")) continue;  // blanks before its colon are obs-from (RFC 5322 §4.5.2)
        if (from) {
            author.fault = AuthorFault::several_from;
            return author;
        }
        from = &field;
    }
    if (!from) {
        author.fault = AuthorFault::no_from;
        return author;
    }
    if (from->value.size() > max_from_octets) return author;
    const std::string value = unfold(from->value);
    if (const auto list = parse_address_list(value)) author = author_of(list->mailboxes);
    if (author.fault != AuthorFault::malformed_from) return author;
    const auto mailbox = read_unquoted_name(value);
    return mailbox ? author_of({*mailbox}) : author;
}

}  // namespace gatepost::auth
