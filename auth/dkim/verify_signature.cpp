#include "auth/dkim/verify_signature.hpp"

#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/header_hash.hpp"
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
    bool in_budget = false;
    std::size_t key_number = 0;
    std::size_t body_hash_number = 0;
};

struct Judgement {
    Result result = Result::none;
    std::string reason;
};

bool is_related(const dns::DomainName& domain, const dns::DomainName& author_domain) {
    return domain.is_at_or_below(author_domain) || author_domain.is_at_or_below(domain);
}

// Of two reasons why two records of one selector do not verify, the one that got further tells more.
int weight(Result result) {
    switch (result) {
        case Result::pass:
            return 3;
        case Result::fail:
            return 2;
        case Result::policy:
            return 1;
        default:
            return 0;
    }
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
    Impl(HeaderBlockPtr own_header, VerifierOptions own_options)
        : header(std::move(own_header)), options(own_options), index(*header) {}

    void read_fields(std::chrono::system_clock::time_point now);
    void spend_budget(const std::optional<dns::DomainName>& author_domain);
    Signature describe(const Candidate& candidate) const;
    void judge(const Candidate& candidate, Signature& signature) const;
    Judgement judge_body(const Candidate& candidate) const;
    Judgement judge_key(const Candidate& candidate, const LoadedKey& loaded) const;
    Judgement judge_from(const Candidate& candidate) const;

    HeaderBlockPtr header;
    VerifierOptions options;
    FieldIndex index;
    std::vector<Candidate> candidates;
    KeyLookup keys;
    BodyHashes body_hashes;
};

void Verifier::Impl::read_fields(std::chrono::system_clock::time_point now) {
    for (const HeaderField* field : index.named("dkim-signature")) {
        Candidate candidate{field, parse_signature_field(*field, now)};
        // RFC 6376 §3.8: in a header that two readers could read differently, nobody knows what is signed.
        if (candidate.parsed.fault.empty() && header->fault() != HeaderFault::none)
            candidate.parsed.fault = "malformed header: " + std::string(to_string(header->fault()));
        candidates.push_back(std::move(candidate));
    }
}

// RFC 6376 §8.4: how much is spent is settled before any key is asked for. Signatures of the author domain's
// kin come first.
void Verifier::Impl::spend_budget(const std::optional<dns::DomainName>& author_domain) {
    std::size_t left = options.max_signatures;
    for (const bool related_turn : {true, false}) {
        for (Candidate& candidate : candidates) {
            if (left == 0) return;
            if (!candidate.parsed.fault.empty()) continue;
            const bool related = author_domain && is_related(*candidate.parsed.domain, *author_domain);
            if (related != related_turn) continue;
            candidate.in_budget = true;
            candidate.key_number = keys.need(*candidate.parsed.key_name);
            candidate.body_hash_number =
                body_hashes.need(candidate.parsed.body_canonicalization, candidate.parsed.body_length);
            --left;
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
        signature.result = Result::permerror;
        signature.reason = candidate.parsed.fault;
    } else if (!candidate.in_budget) {
        signature.result = Result::policy;
        signature.reason = "more than " + std::to_string(options.max_signatures) + " signatures";
    } else {
        judge(candidate, signature);
    }
    return signature;
}

// RFC 6376 §6.1.2 and §6.1.3, in their order: the key, the body hash, the signature.
void Verifier::Impl::judge(const Candidate& candidate, Signature& signature) const {
    const FoundKeys& found = keys.found(candidate.key_number);
    const BodyHashes::Hash& body = body_hashes.hash(candidate.body_hash_number);
    signature.covers_whole_body = body.hashed_octets == body.canonical_octets;
    Judgement best;
    switch (found.outcome) {
        case FoundKeys::Outcome::not_asked:
            best = {Result::temperror, "the key was not asked for in time"};
            break;
        case FoundKeys::Outcome::temp_error:
            best = {Result::temperror, "no answer about the key: " + found.detail};
            break;
        case FoundKeys::Outcome::absent:
            best = {Result::permerror, "no key at " + candidate.parsed.key_name->text()};
            break;
        case FoundKeys::Outcome::found:
            break;
    }
    for (const LoadedKey& loaded : found.keys) {
        const Judgement judgement = judge_key(candidate, loaded);
        if (best.result != Result::none && weight(judgement.result) <= weight(best.result)) continue;
        best = judgement;
        signature.key_bits = loaded.key ? loaded.key->bits() : 0;
        signature.key_in_test_mode = loaded.record.test_mode;
        if (best.result == Result::pass) break;
    }
    if (best.result == Result::pass) {
        const Judgement from = judge_from(candidate);
        if (from.result != Result::pass) best = from;
    }
    signature.result = best.result;
    signature.reason = std::move(best.reason);
}

Judgement Verifier::Impl::judge_key(const Candidate& candidate, const LoadedKey& loaded) const {
    const SignatureField& parsed = candidate.parsed;
    if (!loaded.key) return {Result::permerror, loaded.fault};
    // RFC 6376 §6.1.2 step 8
    if (loaded.key->type() != *parsed.key_type)
        return {Result::permerror,
                "key of type " + std::string(to_string(loaded.key->type())) + " for " + parsed.algorithm};
    // RFC 6376 §3.6.1 t=s
    if (loaded.record.strict_identity && parsed.identity_domain != parsed.domain)
        return {Result::permerror, "i= is below d=, which the key forbids (t=s)"};
    if (loaded.key->type() == crypto::KeyType::rsa && loaded.key->bits() < options.minimum_rsa_bits)
        return {Result::policy, "RSA key of " + std::to_string(loaded.key->bits()) + " bits, below " +
                                    std::to_string(options.minimum_rsa_bits) + " (RFC 8301)"};
    Judgement body = judge_body(candidate);
    if (body.result != Result::pass) return body;
    const auto fields = select_fields(index, parsed.signed_names, candidate.field);
    const std::string hash =
        header_hash(fields, parsed.header_canonicalization, candidate.field->raw, parsed.spelled_signature);
    if (!loaded.key->verify_sha256(hash, parsed.signature)) return {Result::fail, "signature did not verify"};
    return {Result::pass, {}};
}

Judgement Verifier::Impl::judge_body(const Candidate& candidate) const {
    const SignatureField& parsed = candidate.parsed;
    const BodyHashes::Hash& body = body_hashes.hash(candidate.body_hash_number);
    // RFC 6376 §3.5 l=: it must not be larger than the canonicalized body.
    if (parsed.body_length && *parsed.body_length > body.canonical_octets)
        return {Result::permerror, "l= is larger than the body"};
    if (parsed.body_hash != body.octets) return {Result::fail, "body hash did not verify"};
    return {Result::pass, {}};
}

// RFC 6376 §8.15: a signature verifies although someone put another From above the signed one, or although
// there is none.
Judgement Verifier::Impl::judge_from(const Candidate& candidate) const {
    const auto& names = candidate.parsed.signed_names;
    const auto signed_count = static_cast<std::size_t>(std::count(names.begin(), names.end(), "from"));
    const std::size_t count = index.named("from").size();
    if (count == 0) return {Result::policy, "the message has no From field"};
    if (count > signed_count) return {Result::policy, "a From field that is not signed"};
    return {Result::pass, {}};
}

Verifier::Verifier(HeaderBlockPtr header, std::optional<dns::DomainName> author_domain,
                   VerifierOptions options, std::chrono::system_clock::time_point now)
    : impl_(std::make_unique<Impl>(std::move(header), options)) {
    impl_->read_fields(now);
    impl_->spend_budget(author_domain);
}

Verifier::~Verifier() = default;

boost::asio::awaitable<void> Verifier::fetch_keys(dns::Resolver& resolver) {
    return impl_->keys.fetch(resolver);
}

void Verifier::body(std::string_view chunk) {
    impl_->body_hashes.update(chunk);
}

std::vector<Signature> Verifier::finish() {
    impl_->body_hashes.finish();
    std::vector<Signature> signatures;
    signatures.reserve(impl_->candidates.size());
    for (const Candidate& candidate : impl_->candidates)
        signatures.push_back(impl_->describe(candidate));
    return signatures;
}

}  // namespace gatepost::auth::dkim
