// Who a message says wrote it: the one author domain of its From field (RFC 9989 §3.2.2, §11.5), by the whole
// grammar of RFC 5322 §3.4 and §4.4, groups (RFC 6854) and UTF-8 (RFC 6532) included. What can be read in two
// ways has no author domain.
#pragma once

#include "auth/mail_address.hpp"
#include "auth/message/header_block.hpp"

#include "dns/domain_name.hpp"
#include "dns/idna.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth {

enum class AuthorFault {
    none,              // exactly one From field with exactly one author domain
    malformed_header,  // the header has a HeaderFault that could hide or split a From field
    no_from,           // no From field
    several_from,      // more than one From field
    malformed_from,    // the field is not in the grammar, or can be read in more than one way
    no_domain,         // mailboxes, but without any domain: `From: root (Cron Daemon)`, or an empty group
    several_domains,   // mailboxes of more than one domain
    invalid_domain,    // a domain literal, or a name that is no host name in A-labels
};

std::string_view to_string(AuthorFault fault);

struct Author {
    std::optional<dns::DomainName> domain;  // set exactly where fault is none
    AuthorFault fault = AuthorFault::no_from;
    std::string address;  // the first mailbox as local-part@domain, for people and for rules; empty where
                          // there is none
    std::string header_problem = {};  // of malformed_header: what is wrong, and in which line
};

// Reads the From field step by step, for callers that give turns in between. Never fails: a block that has a
// HeaderFault which could hide or split a From field gives malformed_header.
class AuthorReader {
  public:
    // `header` must outlive this.
    explicit AuthorReader(const HeaderBlock& header) : header_(header) {}
    AuthorReader(const AuthorReader&) = delete;
    AuthorReader& operator=(const AuthorReader&) = delete;

    // Reads some hundred addresses. False: the end. What `names` has no room for is no domain name.
    bool read_next(dns::IdnaBudget& names);
    // Once; reads first what is left.
    Author finish();

  private:
    enum class Step { find, read_addresses, compare_domains, read_unquoted, end };

    Step find_from();
    Step read_addresses();
    Step take_mailboxes(std::vector<Mailbox> mailboxes);
    Step compare_domains(dns::IdnaBudget& names);
    Step read_unquoted();

    const HeaderBlock& header_;
    Step step_ = Step::find;
    std::string value_;                           // of From, its folds undone
    std::optional<AddressListReader> addresses_;  // of it
    std::vector<Mailbox> mailboxes_;              // that were read
    std::size_t compared_ = 0;                    // of them
    Author author_;
};

// All of it at once.
Author extract_author(const HeaderBlock& header);

}  // namespace gatepost::auth
