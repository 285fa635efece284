// The author domain of any header section: no crash, and a domain exactly where there is no fault.
#include "auth/mail_address.hpp"
#include "auth/message/author_domain.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace gatepost::auth;
    const std::string octets(reinterpret_cast<const char*>(data), size);
    const Author author = extract_author(*HeaderBlock::parse(octets));
    if (author.domain.has_value() != (author.fault == AuthorFault::none)) std::abort();
    if (author.domain && !author.domain->is_host_name(true)) std::abort();
    // An mbox line is never part of what is read.
    const auto header = HeaderBlock::parse(octets);
    if (!octets.ends_with(header->octets())) std::abort();
    if (header->octets().size() < octets.size() && octets.find("From ") > 1) std::abort();
    // The same octets as a value alone, which reaches the grammar at once. What is read can be read again.
    const auto list = parse_address_list(octets);
    if (!list) return 0;
    for (const Mailbox& mailbox : list->mailboxes) {
        if (mailbox.domain.empty()) continue;
        const auto again = parse_address_list(mailbox.text());
        if (!again || again->mailboxes.size() != 1 ||
            again->mailboxes.front().local_part != mailbox.local_part ||
            again->mailboxes.front().domain != mailbox.domain)
            std::abort();
    }
    return 0;
}
