#include "auth/message/author_domain.hpp"

#include "auth/message/mbox_line.hpp"
#include "auth/message/unquoted_name.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth {
namespace {

// local: the most UTF-8 that can map to 253 octets of A-labels (four octets a code point). Longer ones are no
// names, and converting them would cost more than it tells.
constexpr std::size_t max_domain_octets = 1012;

// local: beyond what any author writes. Parts of it that are read in one piece take half a millisecond.
constexpr std::size_t max_from_octets = 96 * 1024;

constexpr std::size_t mailboxes_of_a_step = 100;  // local: some 100 us, in U-labels

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
    const std::string_view word(name.begin(), std::find_if(name.begin(), name.end(), ascii::is_wsp));
    if (word.size() < name.size() && ascii::equals_ignoring_case(word, "from"))
        return mbox_line_length(field.raw) < field.raw.size();
    const auto first = std::find_if(name.begin(), name.end(), is_visible);
    const auto last = std::find_if(name.rbegin(), name.rend(), is_visible).base();
    if (first >= last || (first == name.begin() && last == name.end())) return false;
    return ascii::equals_ignoring_case(std::string_view(first, last), "from");
}

// RFC 9989 §5.3.1: U-labels become A-labels before anything else looks at the name.
std::optional<dns::DomainName> domain_of(const Mailbox& mailbox, dns::IdnaBudget& names) {
    if (mailbox.is_literal || mailbox.domain.size() > max_domain_octets || !names.take(mailbox.domain))
        return std::nullopt;
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

bool AuthorReader::read_next(dns::IdnaBudget& names) {
    switch (step_) {
        case Step::find:
            step_ = find_from();
            break;
        case Step::read_addresses:
            step_ = read_addresses();
            break;
        case Step::compare_domains:
            step_ = compare_domains(names);
            break;
        case Step::read_unquoted:
            step_ = read_unquoted();
            break;
        case Step::end:
            break;
    }
    return step_ != Step::end;
}

Author AuthorReader::finish() {
    dns::IdnaBudget names;
    while (read_next(names)) {}
    return std::move(author_);
}

AuthorReader::Step AuthorReader::find_from() {
    if (const HeaderFault grave = grave_fault(header_); grave != HeaderFault::none) {
        author_.fault = AuthorFault::malformed_header;
        author_.header_problem = malformed_header_text(grave, header_.line_of(grave));
        return Step::end;
    }
    author_.fault = AuthorFault::malformed_from;
    const bool has_odd_names = header_.has(HeaderFault::invalid_name);
    const HeaderField* from = nullptr;
    for (const HeaderField& field : header_.fields()) {
        if (has_odd_names && is_disguised_from(field)) return Step::end;
        if (!field.is("From")) continue;  // blanks before its colon are obs-from (RFC 5322 §4.5.2)
        if (from) {
            author_.fault = AuthorFault::several_from;
            return Step::end;
        }
        from = &field;
    }
    if (!from) {
        author_.fault = AuthorFault::no_from;
        return Step::end;
    }
    if (from->value.size() > max_from_octets) return Step::end;
    value_ = unfold(from->value);
    addresses_.emplace(value_);
    return Step::read_addresses;
}

AuthorReader::Step AuthorReader::read_addresses() {
    if (addresses_->read_next()) return Step::read_addresses;
    auto list = addresses_->finish();
    return list ? take_mailboxes(std::move(list->mailboxes)) : Step::read_unquoted;
}

AuthorReader::Step AuthorReader::take_mailboxes(std::vector<Mailbox> mailboxes) {
    mailboxes_ = std::move(mailboxes);
    const auto without_domain = std::count_if(mailboxes_.begin(), mailboxes_.end(),
                                              [](const Mailbox& mailbox) { return mailbox.domain.empty(); });
    if (without_domain == static_cast<std::ptrdiff_t>(mailboxes_.size())) {
        author_.fault = AuthorFault::no_domain;
        return Step::end;
    }
    // A name beside an address is no mailbox: `Doe, Jane <jane@example.com>` lacks its quotes.
    return without_domain > 0 ? Step::read_unquoted : Step::compare_domains;
}

AuthorReader::Step AuthorReader::compare_domains(dns::IdnaBudget& names) {
    const Mailbox& first = mailboxes_.front();
    if (compared_ == 0) {
        author_.domain = domain_of(first, names);
        author_.fault = author_.domain ? AuthorFault::none : AuthorFault::invalid_domain;
        author_.address = address_of(first, author_.domain);
    }
    const std::size_t end = std::min(mailboxes_.size(), compared_ + mailboxes_of_a_step);
    for (; compared_ < end; ++compared_) {
        const Mailbox& mailbox = mailboxes_[compared_];
        if (mailbox.domain == first.domain) continue;
        const auto other = domain_of(mailbox, names);
        if (author_.domain && other && *other == *author_.domain) continue;
        author_.domain.reset();
        author_.fault = AuthorFault::several_domains;
        return Step::end;
    }
    return compared_ < mailboxes_.size() ? Step::compare_domains : Step::end;
}

AuthorReader::Step AuthorReader::read_unquoted() {
    const auto mailbox = read_unquoted_name(value_);
    return mailbox ? take_mailboxes({*mailbox}) : Step::end;
}

Author extract_author(const HeaderBlock& header) {
    return AuthorReader(header).finish();
}

}  // namespace gatepost::auth
