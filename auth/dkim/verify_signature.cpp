#include "auth/dkim/verify_signature.hpp"

#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/coverage.hpp"
#include "auth/dkim/header_hash.hpp"
#include "auth/dkim/judge_signature.hpp"
#include "auth/dkim/key_lookup.hpp"
#include "auth/dkim/signature_field.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace gatepost::auth::dkim {
namespace {

// One signature field on its way to a result.
struct Candidate {
    const HeaderField* field;
    SignatureField parsed;
    std::size_t key_number = 0;
    std::size_t body_hash_number = 0;
};

bool is_related(const dns::DomainName& domain, const dns::DomainName& author_domain) {
    return domain.is_at_or_below(author_domain) || author_domain.is_at_or_below(domain);
}

}  // namespace

std::string_view to_string(Result result) {
    switch (result) {
        case Result::none:
            return "none";
        case Result::pass:
            return "pass";
        case Result::fail:
            return "fail";
        case Result::policy:
            return "policy";
        case Result::neutral:
            return "neutral";
        case Result::temperror:
            return "temperror";
        case Result::permerror:
            return "permerror";
    }
    return "none";
}

struct Verifier::Impl {
    Impl(HeaderBlockPtr own_header, std::optional<dns::DomainName> author, VerifierOptions own_options,
         std::chrono::system_clock::time_point own_now)
        : header(std::move(own_header)),
          author_domain(std::move(author)),
          options(own_options),
          now(own_now),
          index(*header),
          signature_fields(index.named("dkim-signature")) {}

    bool read_next(dns::IdnaBudget& names);
    void read_rest();
    void spend_budget();
    Signature describe(const Candidate& candidate) const;
    bool judge_next(crypto::VerificationBudget& budget);
    void judge(const Candidate& candidate, Signature& signature, crypto::VerificationBudget& budget) const;

    HeaderBlockPtr header;
    std::optional<dns::DomainName> author_domain;
    VerifierOptions options;
    std::chrono::system_clock::time_point now;
    FieldIndex index;
    FieldIndex::Fields signature_fields;
    bool is_read = false;  // all of them
    std::vector<Candidate> candidates;
    std::vector<std::size_t> to_judge;  // of `candidates`, in the order of their turn
    std::size_t judged = 0;             // of `to_judge`
    std::vector<Signature> signatures;  // one a candidate, from the first judge_next() on
    KeyLookup keys;
    BodyHashes body_hashes;
};

bool Verifier::Impl::read_next(dns::IdnaBudget& names) {
    if (candidates.size() < signature_fields.size()) {
        const HeaderField* const field = signature_fields[candidates.size()];
        Candidate candidate{field, parse_signature_field(*field, now, names)};
        // RFC 6376 §3.8: in a header that two readers could read differently, nobody knows what is signed.
        if (candidate.parsed.fault.empty() && header->fault() != HeaderFault::none)
            candidate.parsed.fault = Reason("malformed header: ").then(Reason(header->fault()));
        candidates.push_back(std::move(candidate));
    }
    if (candidates.size() < signature_fields.size()) return true;
    if (!std::exchange(is_read, true)) spend_budget();
    return false;
}

void Verifier::Impl::read_rest() {
    dns::IdnaBudget names;
    while (!is_read)
        read_next(names);
}

// RFC 6376 §8.4: how much is spent is settled before any key is asked for. Signatures of the author domain's
// kin come first.
void Verifier::Impl::spend_budget() {
    for (const bool related_turn : {true, false}) {
        for (std::size_t i = 0; i < candidates.size(); ++i) {
            Candidate& candidate = candidates[i];
            if (to_judge.size() == options.max_signatures) return;
            if (!candidate.parsed.fault.empty()) continue;
            const bool related = author_domain && is_related(*candidate.parsed.domain, *author_domain);
            if (related != related_turn) continue;
            to_judge.push_back(i);
            candidate.key_number = keys.need(*candidate.parsed.key_name);
            candidate.body_hash_number =
                body_hashes.need(candidate.parsed.body_canonicalization, candidate.parsed.body_length);
        }
    }
}

Signature Verifier::Impl::describe(const Candidate& candidate) const {
    Signature signature;
    signature.domain = candidate.parsed.domain;
    signature.selector = candidate.parsed.selector;
    signature.identity = candidate.parsed.identity;
    signature.algorithm = candidate.parsed.algorithm;
    signature.signature_prefix = candidate.parsed.signature_prefix;
    if (!candidate.parsed.fault.empty()) {
        signature.result = candidate.parsed.is_left_unread ? Result::policy : Result::permerror;
        signature.reason = candidate.parsed.fault;
    } else {
        // Until its turn comes.
        signature.result = Result::policy;
        signature.reason = Reason("more than ").then(options.max_signatures).then(" signatures");
    }
    return signature;
}

bool Verifier::Impl::judge_next(crypto::VerificationBudget& budget) {
    read_rest();
    if (signatures.size() < candidates.size()) {
        body_hashes.finish();
        for (const Candidate& candidate : candidates)
            signatures.push_back(describe(candidate));
    }
    if (judged < to_judge.size()) {
        const std::size_t number = to_judge[judged++];
        judge(candidates[number], signatures[number], budget);
    }
    return judged < to_judge.size();
}

void Verifier::Impl::judge(const Candidate& candidate, Signature& signature,
                           crypto::VerificationBudget& budget) const {
    const FoundKeys& found = keys.found(candidate.key_number);
    if (!budget.take(verification_units(candidate.parsed, found, options.minimum_rsa_bits))) {
        signature.reason = "more keys to try than one message may have";
        return;
    }
    const BodyHashes::Hash& body = body_hashes.hash(candidate.body_hash_number);
    const SignatureField& parsed = candidate.parsed;
    const auto hash = [&] {
        const auto fields = select_fields(index, parsed.signed_names, candidate.field);
        return header_hash(fields, parsed.header_canonicalization, candidate.field->raw,
                           parsed.spelled_signature);
    };
    Judgement judgement =
        judge_signature(parsed, found, options.minimum_rsa_bits, judge_body(parsed, body), hash);
    // RFC 6376 §8.2, §8.15, our policy: what is partly signed authenticates nobody.
    Reason open = uncovered(parsed, index, body);
    signature.partly_signed = !open.empty();
    if (judgement.result == Result::pass && signature.partly_signed) {
        judgement.result = Result::policy;
        judgement.reason = std::move(open);
    }
    signature.result = judgement.result;
    signature.reason = std::move(judgement.reason);
    signature.key_bits = judgement.key_bits;
    signature.key_absent = judgement.key_absent;
    signature.key_in_test_mode = judgement.key_in_test_mode;
}

Verifier::Verifier(HeaderBlockPtr header, std::optional<dns::DomainName> author_domain,
                   VerifierOptions options, std::chrono::system_clock::time_point now)
    : impl_(std::make_unique<Impl>(std::move(header), std::move(author_domain), options, now)) {}

Verifier::~Verifier() = default;

bool Verifier::read_next(dns::IdnaBudget& names) {
    return impl_->read_next(names);
}

bool Verifier::find_known_keys(dns::Resolver& resolver) {
    impl_->read_rest();
    return impl_->keys.find_known(resolver);
}

boost::asio::awaitable<void> Verifier::fetch_keys(dns::Resolver& resolver) {
    impl_->read_rest();
    return impl_->keys.fetch(resolver);
}

void Verifier::body(std::string_view chunk) {
    impl_->read_rest();
    impl_->body_hashes.update(chunk);
}

bool Verifier::judge_next(crypto::VerificationBudget& budget) {
    return impl_->judge_next(budget);
}

std::vector<Signature> Verifier::finish(crypto::VerificationBudget& budget) {
    while (impl_->judge_next(budget)) {}
    return std::move(impl_->signatures);
}

std::vector<Signature> Verifier::finish() {
    crypto::VerificationBudget budget(impl_->options.max_signatures);
    return finish(budget);
}

}  // namespace gatepost::auth::dkim
