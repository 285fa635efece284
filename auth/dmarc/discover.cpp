#include "auth/dmarc/evaluate.hpp"
#include "auth/dmarc/public_suffix.hpp"
#include "auth/dmarc/tree_walk.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::dmarc {
namespace {

// A record chosen, before its tags are read.
struct Choice {
    std::optional<FoundRecord> record;
    std::optional<dns::DomainName> organizational_domain;
    std::optional<dns::DomainName> organizational_domain_from;
    bool author_exists = false;  // an answer showed it by the way
    bool trouble = false;
    Reason reason;
};

boost::asio::awaitable<Choice> choose_by_walk(dns::DomainName author_domain, dns::Resolver& resolver) {
    Walk walk = co_await tree_walk(author_domain, resolver);
    Choice choice;
    choice.organizational_domain = walk.organizational_domain();
    choice.organizational_domain_from = walk.last_before_trouble();
    choice.author_exists = walk.start_exists;
    choice.trouble = walk.trouble;
    choice.reason = std::move(walk.reason);
    // RFC 9989 §4.10.1: the Author Domain's record, else the Organizational Domain's, else the PSD's, which
    // is the last one that a walk finds. Records between are passed over.
    const FoundRecord* record = walk.record_at(author_domain);
    if (!record && !walk.trouble && !walk.found.empty()) {
        record = walk.record_at(*choice.organizational_domain);
        if (!record) record = &walk.found.back();
    }
    if (record) choice.record = *record;
    co_return choice;
}

// RFC 7489 §6.6.3 steps 1 to 5.
boost::asio::awaitable<Choice> choose_by_list(dns::DomainName author_domain, dns::Resolver& resolver) {
    Choice choice;
    const dns::DomainName organizational_domain = registrable_domain(author_domain).value_or(author_domain);
    choice.organizational_domain = organizational_domain;
    dns::DomainName name = author_domain;
    RecordLookup lookup = co_await lookup_record(name, resolver);
    choice.author_exists = !lookup.trouble && lookup.name_exists;
    const bool go_on = !lookup.trouble && !lookup.several && !lookup.record;
    if (go_on && organizational_domain != author_domain) {
        name = organizational_domain;
        lookup = co_await lookup_record(name, resolver);
    }
    choice.trouble = lookup.trouble;
    choice.reason = std::move(lookup.reason);
    if (lookup.record) choice.record = FoundRecord{name, std::move(*lookup.record)};
    co_return choice;
}

void set_policy(Discovered& discovered, Policy policy, std::string_view tag) {
    discovered.policy = policy;
    discovered.policy_tag = tag;
}

// RFC 9989 §4.10.1: sp for an Author Domain below the record's, np for one that does not exist. Where the DNS
// cannot tell whether it exists, and that decides, the tag stays empty and the stricter policy stands.
boost::asio::awaitable<void> set_subdomain_policy(Discovered& discovered, dns::DomainName author_domain,
                                                  bool author_exists, dns::Resolver& resolver) {
    const Record& record = *discovered.record;
    set_policy(discovered, record.sp.value_or(record.p), record.sp ? "sp" : "p");
    if (!record.np || author_exists) co_return;
    // RFC 9989 §3.2.13: only NXDOMAIN means that it does not exist. Any type would do: SPF asks for this one
    // too.
    const dns::AnswerPtr answer = co_await resolver.query(author_domain, dns::RrType::txt);
    if (answer->outcome == dns::Outcome::nx_domain) set_policy(discovered, *record.np, "np");
    if (!answer->failed() || answer->is_message_spent() || *record.np == discovered.policy) co_return;
    set_policy(discovered, std::max(*record.np, discovered.policy), "");
    discovered.trouble = Result::temperror;
    discovered.reason = Reason("no answer of the DNS", author_domain.text() + ": " + answer->detail);
}

}  // namespace

boost::asio::awaitable<Discovered> discover(dns::DomainName author_domain, Discovery method,
                                            dns::Resolver& resolver) {
    Choice choice;
    if (method == Discovery::psl)
        choice = co_await choose_by_list(author_domain, resolver);
    else
        choice = co_await choose_by_walk(author_domain, resolver);
    Discovered discovered;
    discovered.organizational_domain = choice.organizational_domain;
    discovered.organizational_domain_from = choice.organizational_domain_from;
    discovered.reason = std::move(choice.reason);
    if (choice.record && !choice.record->parsed.applies) {
        const std::string& owner = choice.record->name.text();
        discovered.reason =
            choice.record->parsed.too_long
                ? Reason("a record of more than ", owner).then(max_record_octets).then(" octets")
                : Reason("a record with no valid policy and no valid rua", owner);
        co_return discovered;
    }
    if (choice.trouble) discovered.trouble = Result::temperror;
    if (!choice.record) co_return discovered;
    discovered.record = std::move(choice.record->parsed.record);
    discovered.record_domain = choice.record->name;
    if (choice.record->name == author_domain)
        set_policy(discovered, discovered.record->p, "p");
    else
        co_await set_subdomain_policy(discovered, author_domain, choice.author_exists, resolver);
    co_return discovered;
}

}  // namespace gatepost::auth::dmarc
