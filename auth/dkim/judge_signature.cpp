#include "auth/dkim/judge_signature.hpp"

#include <optional>
#include <utility>

namespace gatepost::auth::dkim {
namespace {

Judgement judgement(Result result, Reason reason = {}) {
    Judgement judgement;
    judgement.result = result;
    judgement.reason = std::move(reason);
    return judgement;
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

// RFC 8301 §3.2
bool is_too_weak(const LoadedKey& loaded, unsigned minimum_rsa_bits) {
    return loaded.record.type == crypto::KeyType::rsa && loaded.bits < minimum_rsa_bits;
}

Judgement judge_with(const LoadedKey& loaded, const SignatureField& parsed, unsigned minimum_rsa_bits,
                     const Judgement& body, const std::function<const std::string&()>& header_hash) {
    if (!loaded.key && !loaded.is_refused) return judgement(Result::permerror, loaded.fault);
    // RFC 6376 §6.1.2 step 8
    if (loaded.record.type != parsed.key_type)
        return judgement(Result::permerror,
                         Reason("key of another type than the algorithm's",
                                std::string(to_string(*loaded.record.type)) + " for " + parsed.algorithm));
    // RFC 6376 §3.6.1 t=s
    if (loaded.record.strict_identity && parsed.identity_domain && parsed.identity_domain != parsed.domain)
        return judgement(Result::permerror, Reason("i= is below d=, which the key forbids (t=s)"));
    if (is_too_weak(loaded, minimum_rsa_bits))
        return judgement(Result::policy, Reason("RSA key of ")
                                             .then(loaded.bits)
                                             .then(" bits, below ")
                                             .then(minimum_rsa_bits)
                                             .then(" (RFC 8301)"));
    if (loaded.is_refused) return judgement(Result::policy, loaded.fault);
    if (body.result != Result::pass) return body;
    if (!loaded.key->verify_sha256(header_hash(), parsed.signature))
        return judgement(Result::fail, Reason("signature did not verify"));
    return judgement(Result::pass);
}

Judgement without_key(const SignatureField& parsed, const FoundKeys& found) {
    switch (found.outcome) {
        case FoundKeys::Outcome::not_asked:
            return judgement(Result::temperror, Reason("the key was not asked for in time"));
        case FoundKeys::Outcome::temp_error:
            return judgement(Result::temperror, Reason("no answer about the key", found.detail));
        case FoundKeys::Outcome::beyond:
            return judgement(Result::policy, Reason("more lookups than a message may cost", found.detail));
        case FoundKeys::Outcome::absent: {
            Judgement absent = judgement(Result::permerror, Reason("no key", parsed.key_name->text()));
            absent.key_absent = true;
            return absent;
        }
        case FoundKeys::Outcome::found:
            break;
    }
    return {};
}

}  // namespace

Judgement judge_body(const SignatureField& parsed, const BodyHashes::Hash& body) {
    // RFC 6376 §3.5 l=: it must not be larger than the canonicalized body.
    if (parsed.body_length && *parsed.body_length > body.canonical_octets)
        return judgement(Result::permerror, Reason("l= is larger than the body"));
    if (parsed.body_hash != body.octets) return judgement(Result::fail, Reason("body hash did not verify"));
    return judgement(Result::pass);
}

std::size_t verification_units(const SignatureField& parsed, const FoundKeys& found,
                               unsigned minimum_rsa_bits) {
    std::size_t units = 0;
    for (const LoadedKey& loaded : found.keys())
        if (loaded.key && loaded.record.type == parsed.key_type && !is_too_weak(loaded, minimum_rsa_bits))
            units += loaded.key->units();
    return units;
}

Judgement judge_signature(const SignatureField& parsed, const FoundKeys& found, unsigned minimum_rsa_bits,
                          const Judgement& body, const std::function<std::string()>& header_hash) {
    Judgement best = without_key(parsed, found);
    std::optional<std::string> hashed;
    const auto hash_once = [&]() -> const std::string& {
        if (!hashed) hashed = header_hash();
        return *hashed;
    };
    for (const LoadedKey& loaded : found.keys()) {
        Judgement with_key = judge_with(loaded, parsed, minimum_rsa_bits, body, hash_once);
        if (best.result != Result::none && weight(with_key.result) <= weight(best.result)) continue;
        best = std::move(with_key);
        best.key_bits = loaded.bits;
        best.key_in_test_mode = loaded.record.test_mode;
        if (best.result == Result::pass) break;
    }
    return best;
}

}  // namespace gatepost::auth::dkim
