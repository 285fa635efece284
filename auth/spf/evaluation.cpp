#include "auth/spf/evaluation.hpp"

#include "auth/spf/explanation.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::auth::spf {
namespace {

// Its own records made the check so long, and make it so at each retry: a permanent error, like the other
// limits of RFC 7208 §4.6.4.
Reason beyond_the_message(const dns::Answer& answer) {
    return Reason("more lookups than a message may cost", answer.detail);
}

}  // namespace

Evaluation::Evaluation(dns::IpAddress client, MacroValues values, dns::Resolver& resolver, Limits limits)
    : client_(client),
      values_(std::move(values)),
      resolver_(resolver),
      limits_(limits),
      client_names_(client, resolver, limits.ptr_names),
      local_part_is_ascii_(
          std::none_of(values_.local_part.begin(), values_.local_part.end(), ascii::is_8bit)) {}

boost::asio::awaitable<void> Evaluation::run(dns::DomainName domain) {
    verdict_ = co_await check(domain, Origin::identity);
    settle_doubts();
    co_await explain_fail();
}

// RFC 7208 §4.3 to §4.7 and, for redirect, §6.1.
boost::asio::awaitable<Evaluation::Verdict> Evaluation::check(dns::DomainName domain, Origin origin) {
    Verdict verdict;
    for (bool redirected = false;; redirected = true) {
        std::variant<RecordPtr, Result> fetched = Result::none;
        if (domain.label_count() < 2) {  // RFC 7208 §4.3
            reason_ = Reason("a name that is not of several labels", domain.text());
        } else {
            dns::AnswerPtr answer = resolver_.known(domain, dns::RrType::txt);
            if (!answer) answer = co_await resolver_.query(domain, dns::RrType::txt);
            fetched = read_record(domain, *answer);
        }
        if (const auto* failure = std::get_if<Result>(&fetched)) {
            // RFC 7208 §6.1: no record at a redirect's target is a permerror.
            verdict.result = redirected && *failure == Result::none ? Result::permerror : *failure;
            co_return verdict;
        }
        const Record& record = *std::get<RecordPtr>(fetched);
        std::optional<Verdict> decided = co_await check_record(record, domain, origin);
        if (decided) co_return std::move(*decided);
        const std::optional<MacroString> redirect = record.redirect();
        if (!redirect) {
            verdict.result = Result::neutral;  // RFC 7208 §4.7
            co_return verdict;
        }
        verdict.result = Result::permerror;
        if (!begin_term()) co_return verdict;
        Target target = co_await target_of(*redirect, domain);
        if (!target.name) {
            if (!target.over_limit)
                reason_ = Reason("a redirect that leads to no domain name", domain.text());
            co_return verdict;
        }
        domain = std::move(*target.name);
    }
}

// RFC 7208 §4.4 to §4.6. Result: none, temperror or permerror.
std::variant<Evaluation::RecordPtr, Result> Evaluation::read_record(const dns::DomainName& domain,
                                                                    const dns::Answer& answer) {
    if (answer.failed()) {
        reason_ = Reason("no answer of the DNS", "TXT " + domain.text() + ": " + answer.detail);
        if (!answer.is_message_spent()) return Result::temperror;
        reason_ = beyond_the_message(answer);
        return Result::permerror;
    }
    // Nothing is kept beside an answer whose texts are another's.
    const std::string* text = find_spf(answer);
    if (!text) {
        reason_ = Reason("no SPF record", domain.text());
        return Result::none;
    }
    record_octets_ += text->size();
    if (record_octets_ > max_check_octets) {
        reason_ =
            Reason("SPF records of more than ", domain.text()).then(max_check_octets).then(" octets in all");
        return Result::permerror;
    }
    const auto published = dns::derive<Published>(answer, read_published);
    if (const auto* record = std::get_if<Record>(published.get())) return RecordPtr(published, record);
    if (const auto* error = std::get_if<SyntaxError>(published.get()))
        reason_ = Reason().about(domain.text()).then(error->reason);
    else
        reason_ = Reason("more than one SPF record", domain.text());
    return Result::permerror;
}

boost::asio::awaitable<std::optional<Evaluation::Verdict>> Evaluation::check_record(const Record& record,
                                                                                    dns::DomainName domain,
                                                                                    Origin origin) {
    Record::Position position;
    while (const std::optional<Directive> directive = record.next_for(client_, position)) {
        Match matched = Match::yes;  // all (RFC 7208 §5.1), ip4 and ip6 (§5.6): next_for() gives no other
        if (needs_dns(directive->mechanism)) matched = co_await match(*directive, domain, origin);
        if (matched == Match::no) continue;
        Verdict verdict;
        verdict.domain = domain;
        if (matched != Match::yes) {
            verdict.result = matched == Match::temperror ? Result::temperror : Result::permerror;
            co_return verdict;
        }
        verdict.result = directive->qualifier;
        verdict.mechanism = directive->text;
        verdict.explanation = record.explanation();
        co_return verdict;
    }
    co_return std::nullopt;
}

boost::asio::awaitable<Evaluation::Target> Evaluation::target_of(const MacroString& spec,
                                                                 dns::DomainName domain) {
    Target target;
    if (uses_unmatchable_local_part(spec)) {
        target.unmatchable = true;
        co_return target;
    }
    values_.domain = domain.text();
    if (spec.uses('p')) {
        // RFC 7208 §4.6.4: the PTR query of %{p} is included in the overall limit.
        const bool asks = !client_names_.asked();
        if (asks && !count_lookup()) {
            target.over_limit = true;
            co_return target;
        }
        ClientNames::Name name = co_await client_names_.best_for(domain);
        values_.client_name = std::move(name.text);
        if (!name.certain) doubt(Result::temperror);
        if (name.is_void && !count_void()) {
            target.over_limit = true;
            co_return target;
        }
    }
    target.name = spec.expand_to_name(values_);
    co_return target;
}

// RFC 8616 §4: terms that include %{s} or %{l} do not match anything where the local part is not ASCII.
bool Evaluation::uses_unmatchable_local_part(const MacroString& spec) const {
    return !local_part_is_ascii_ && (spec.uses('s') || spec.uses('l'));
}

// RFC 7208 §6.2. Asked for once the result is certain, outside the limits of evaluation (§4.6.4); whatever is
// wrong with it leaves the result alone.
boost::asio::awaitable<void> Evaluation::explain_fail() {
    if (verdict_.result != Result::fail || !verdict_.explanation) co_return;
    const MacroString& spec = *verdict_.explanation;
    if (uses_unmatchable_local_part(spec)) co_return;
    values_.domain = verdict_.domain.text();
    if (spec.uses('p')) {
        ClientNames::Name name = co_await client_names_.best_for(verdict_.domain);
        values_.client_name = std::move(name.text);
    }
    const std::optional<dns::DomainName> target = spec.expand_to_name(values_);
    if (!target) co_return;
    const std::optional<MacroString> text = co_await fetch_explain_string(*target, resolver_);
    if (!text) co_return;
    if (text->uses('p')) {
        ClientNames::Name name = co_await client_names_.best_for(verdict_.domain);
        values_.client_name = std::move(name.text);
    }
    explanation_ = explain(*text, values_);
}

// RFC 7208 §4.6.4: include, a, mx, ptr, exists and redirect, all evaluations together.
bool Evaluation::begin_term() {
    term_was_void_ = false;
    term_is_open_ = false;
    return count_lookup();
}

bool Evaluation::count_lookup() {
    if (++lookups_ <= limits_.lookup_terms) return true;
    reason_ = Reason("more than ").then(limits_.lookup_terms).then(" terms that need the DNS");
    return false;
}

std::optional<Evaluation::Match> Evaluation::trouble(const dns::DomainName& name, dns::RrType type,
                                                     const dns::Answer& answer) {
    if (answer.failed()) {
        reason_ = Reason("no answer of the DNS",
                         std::string(dns::to_string(type)) + ' ' + name.text() + ": " + answer.detail);
        if (!answer.is_message_spent()) return Match::temperror;
        reason_ = beyond_the_message(answer);
        return Match::permerror;
    }
    if (!answer.found() && !count_void()) return Match::permerror;
    return std::nullopt;
}

// RFC 7208 §4.6.4 counts the terms with void lookups: a term with several counts once, and one whose answers
// an earlier term has had already counts as well.
bool Evaluation::count_void() {
    if (std::exchange(term_was_void_, true)) return true;
    if (std::exchange(term_is_open_, false)) --open_terms_;
    if (++void_lookups_ <= limits_.void_lookups) return true;
    reason_ = Reason("more than ").then(limits_.void_lookups).then(" terms asked for names without records");
    return false;
}

void Evaluation::doubt(Result would_be) {
    doubts_.push_back(would_be);
    if (!term_was_void_ && !std::exchange(term_is_open_, true)) ++open_terms_;
}

// RFC 7208 lets ptr and %{p} go on when their lookups fail. Here a lookup that failed proves nothing: where
// the failed one could have made the result something else, it is temperror. That holds for the results
// between pass and fail, too: DMARC takes each of them for "did not pass".
void Evaluation::settle_doubts() {
    if (verdict_.result == Result::temperror) return;
    const bool same = std::all_of(doubts_.begin(), doubts_.end(),
                                  [&](Result would_be) { return would_be == verdict_.result; });
    // Each term with a lookup that failed could have been one void term more.
    const bool near_limit = open_terms_ > 0 && void_lookups_ + open_terms_ > limits_.void_lookups;
    if (same && !near_limit) return;
    verdict_ = Verdict();
    verdict_.result = Result::temperror;
    reason_ = "a lookup of the client's names failed";
}

}  // namespace gatepost::auth::spf
