#include "auth/dmarc/tree_walk.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace gatepost::auth::dmarc {

namespace {

// What an answer holds, kept beside it. RFC 9989 §4.10 steps 2 and 6: several records are as none.
struct Published {
    std::optional<ParsedRecord> record;
    bool several = false;
};

Published read_published(const dns::Answer& answer) {
    Published published;
    for (const dns::RecordData& data : answer.records) {
        const auto* text = std::get_if<std::string>(&data);
        auto parsed = text ? parse_record(*text) : std::nullopt;
        if (!parsed) continue;
        published.several = published.record.has_value();
        published.record = std::move(parsed);
        if (published.several) break;
    }
    if (published.several) published.record.reset();
    return published;
}

RecordLookup read_answer(const dns::DomainName& owner, const dns::Answer& answer) {
    RecordLookup lookup;
    // What the message's own records left no question for counts as absent; the name itself may exist.
    lookup.name_exists = answer.is_message_spent();
    if (answer.is_message_spent()) return lookup;
    if (answer.failed()) {
        lookup.trouble = true;
        lookup.reason = Reason("no answer of the DNS", owner.text() + ": " + answer.detail);
        return lookup;
    }
    // RFC 8020: no name exists below one that does not.
    lookup.name_exists = answer.outcome != dns::Outcome::nx_domain;
    if (!answer.found()) return lookup;
    auto published = answer.derived.get<Published>();
    if (!published) {
        published = std::make_shared<const Published>(read_published(answer));
        // Where there is none, that was told at a glance, and nothing of it pays for what is kept.
        if (published->record || published->several) published = answer.derived.keep(published);
    }
    lookup.record = published->record;
    lookup.several = published->several;
    if (lookup.several) lookup.reason = Reason("several policy records", owner.text());
    return lookup;
}

}  // namespace

boost::asio::awaitable<RecordLookup> lookup_record(dns::DomainName name, dns::Resolver& resolver) {
    const std::optional<dns::DomainName> owner = name.prepend("_dmarc");
    if (!owner) co_return RecordLookup();
    dns::AnswerPtr answer = resolver.known(*owner, dns::RrType::txt);
    if (!answer) answer = co_await resolver.query(*owner, dns::RrType::txt);
    co_return read_answer(*owner, *answer);
}

std::vector<dns::DomainName> walk_targets(const dns::DomainName& start) {
    constexpr std::size_t most_labels = max_walk_queries - 1;
    std::vector<dns::DomainName> targets{start};
    // RFC 9989 §4.10 step 4: below eight labels one goes, from eight labels on seven stay.
    dns::DomainName target = start.label_count() > most_labels ? start.suffix(most_labels) : start.parent();
    for (; !target.is_root(); target = target.parent())
        targets.push_back(target);
    return targets;
}

boost::asio::awaitable<Walk> tree_walk(dns::DomainName start, dns::Resolver& resolver) {
    Walk walk;
    walk.start = start;
    const std::vector<dns::DomainName> targets = walk_targets(start);
    for (const dns::DomainName& target : targets) {
        RecordLookup lookup = co_await lookup_record(target, resolver);
        if (lookup.trouble) {
            walk.trouble = true;
            walk.reason = std::move(lookup.reason);
            break;
        }
        walk.start_exists = walk.start_exists || (target == start && lookup.name_exists);
        if (lookup.several && walk.reason.empty()) walk.reason = std::move(lookup.reason);
        if (!lookup.record) continue;
        const bool last = lookup.record->record.psd.has_value();
        walk.found.push_back({target, std::move(*lookup.record)});
        if (last) break;  // RFC 9989 §4.10 steps 2 and 6: psd=n and psd=y end the walk
    }
    co_return walk;
}

const FoundRecord* Walk::record_at(const dns::DomainName& name) const {
    const auto record = std::find_if(found.begin(), found.end(),
                                     [&](const FoundRecord& candidate) { return candidate.name == name; });
    return record == found.end() ? nullptr : &*record;
}

std::optional<dns::DomainName> Walk::last_before_trouble() const {
    if (!trouble || found.empty()) return std::nullopt;
    return found.back().name;
}

std::optional<dns::DomainName> Walk::organizational_domain() const {
    if (trouble) return std::nullopt;
    if (found.empty()) return start;
    // A walk ends at the first psd=n or psd=y, so that only its last record can have one.
    const FoundRecord& last = found.back();
    const auto& psd = last.parsed.record.psd;
    // RFC 9989 §4.10.2 rule 2: below a public suffix, on the way to where the walk started.
    if (psd && *psd && last.name != start) return start.suffix(last.name.label_count() + 1);
    // Rules 1 and 3: the name of psd=n, else the one with the fewest labels. Here both are the last.
    return last.name;
}

}  // namespace gatepost::auth::dmarc
