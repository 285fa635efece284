#include "auth/arc/validate_chain.hpp"

#include "auth/arc/arc_set.hpp"
#include "auth/crypto/digest.hpp"
#include "auth/dkim/body_hash.hpp"
#include "auth/dkim/coverage.hpp"
#include "auth/dkim/header_hash.hpp"
#include "auth/dkim/judge_signature.hpp"
#include "auth/dkim/key_lookup.hpp"
#include "auth/dkim/signature_field.hpp"
#include "auth/dkim/verify_signature.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gatepost::auth::arc {
namespace {

// One signature of the chain on its way to a judgement.
struct Signer {
    dkim::SignatureField parsed;
    std::size_t key_number = 0;
};

Reason of_seal(const ArcSet& set, const Reason& reason) {
    return Reason("ARC-Seal i=").then(set.instance).then(": ").then(reason);
}

Reason of_signature(const ArcSet& set, const Reason& reason) {
    return Reason("ARC-Message-Signature i=").then(set.instance).then(": ").then(reason);
}

// RFC 8617 §5.1.1: every seal signs all sets up to its own, so that one pass over the header gives the hashes
// of all.
std::vector<std::string> seal_hashes(const std::vector<ArcSet>& sets, const std::vector<Signer>& seals) {
    std::vector<std::string> hashes;
    crypto::Sha256 all;
    std::string canonical;
    const auto add = [&](const HeaderField& field) {
        canonical.clear();
        canonicalize_header_field(dkim::Canonicalization::relaxed, field.raw, canonical);
        all.update(canonical);
    };
    for (std::size_t i = 0; i < sets.size(); ++i) {
        add(*sets[i].authentication_results);
        add(*sets[i].message_signature);
        crypto::Sha256 own = all.fork();
        own.update(canonical_signature_field(dkim::Canonicalization::relaxed, sets[i].seal->raw,
                                             seals[i].parsed.spelled_signature));
        hashes.push_back(own.finish());
        add(*sets[i].seal);
    }
    return hashes;
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
    }
    return "none";
}

struct Validator::Impl {
    Impl(HeaderBlockPtr own_header, ValidatorOptions own_options,
         std::chrono::system_clock::time_point own_now)
        : header(std::move(own_header)), options(own_options), now(own_now), reader(*header) {}

    bool read_next(dns::IdnaBudget& names);
    void read_rest();
    void read_seal(dns::IdnaBudget& names);
    void judge_fields(dns::IdnaBudget& names);
    void ask_for_keys();
    void fail(Reason reason);
    std::size_t units() const;
    bool judge_next(crypto::VerificationBudget& budget);
    bool judge_first(crypto::VerificationBudget& budget);
    bool judge_seal();
    dkim::Judgement judge_message_signature();
    bool count(const dkim::Judgement& judgement, Reason why);

    HeaderBlockPtr header;
    ValidatorOptions options;
    std::chrono::system_clock::time_point now;
    SetReader reader;
    enum class Reading { sets, seals, end } reading = Reading::sets;
    ArcSets found;
    Chain chain;
    bool decided = false;     // by the header alone
    Reason uncovered_fields;  // dkim::uncovered_repetition() of the newest message signature
    Signer message_signature;
    std::vector<Signer> seals;  // one a set
    dkim::KeyLookup keys;
    dkim::BodyHashes body_hashes;
    std::size_t body_hash_number = 0;
    bool judging = false;             // the first judge_next() has come
    std::vector<std::string> hashes;  // of the seals
    std::size_t seals_left = 0;       // to judge, from the newest down
};

void Validator::Impl::fail(Reason reason) {
    chain.result = Result::fail;
    chain.reason = std::move(reason);
    decided = true;
}

bool Validator::Impl::read_next(dns::IdnaBudget& names) {
    switch (reading) {
        case Reading::sets:
            if (reader.read_next()) return true;
            found = reader.finish();
            chain.newest_says_fail = found.newest_says_fail;
            reading = Reading::seals;
            return true;
        case Reading::seals:
            if (seals.size() < found.sets.size()) {
                read_seal(names);
                return true;
            }
            judge_fields(names);
            reading = Reading::end;
            break;
        case Reading::end:
            break;
    }
    return false;
}

void Validator::Impl::read_rest() {
    dns::IdnaBudget names;
    while (read_next(names)) {}
}

void Validator::Impl::read_seal(dns::IdnaBudget& names) {
    const ArcSet& set = found.sets[seals.size()];
    chain.instance = set.instance;
    Signer& seal = seals.emplace_back();
    if (!set.seal) return;
    seal.parsed = dkim::parse_signature_tags(set.seal_tags, dkim::SignatureSyntax::arc_seal, now, names);
    Sealer& sealer = chain.sealers.emplace_back();
    sealer.instance = set.instance;
    sealer.domain = seal.parsed.domain;
    sealer.selector = seal.parsed.selector;
}

// RFC 8617 §5.2 steps 1 to 3, and all that can be said of the signatures without a key.
void Validator::Impl::judge_fields(dns::IdnaBudget& names) {
    decided = !found.any;
    if (!found.any) return;
    if (!found.fault.empty()) return fail(found.fault);
    // In a header that two readers could read differently, nobody knows what is signed.
    if (header->fault() != HeaderFault::none)
        return fail(Reason("malformed header: ").then(Reason(header->fault())));
    const ArcSet& newest = found.sets.back();
    message_signature.parsed = dkim::parse_signature_tags(
        newest.message_signature_tags, dkim::SignatureSyntax::arc_message_signature, now, names);
    if (!message_signature.parsed.fault.empty())
        return fail(of_signature(newest, message_signature.parsed.fault));
    for (std::size_t i = seals.size(); i-- > 0;)
        if (!seals[i].parsed.fault.empty()) return fail(of_seal(found.sets[i], seals[i].parsed.fault));
    ask_for_keys();
}

void Validator::Impl::ask_for_keys() {
    const dkim::SignatureField& newest = message_signature.parsed;
    message_signature.key_number = keys.need(*newest.key_name);
    body_hash_number = body_hashes.need(newest.body_canonicalization, newest.body_length);
    for (Signer& seal : seals)
        seal.key_number = keys.need(*seal.parsed.key_name);
}

dkim::Judgement Validator::Impl::judge_message_signature() {
    const dkim::SignatureField& parsed = message_signature.parsed;
    const HeaderField& field = *found.sets.back().message_signature;
    const dkim::FieldIndex index(*header);
    const dkim::BodyHashes::Hash& body = body_hashes.hash(body_hash_number);
    const auto hash = [&] {
        return header_hash(select_fields(index, parsed.signed_names, &field), parsed.header_canonicalization,
                           field.raw, parsed.spelled_signature);
    };
    chain.covers_from = uncovered_from(parsed, index).empty();
    uncovered_fields = uncovered_repetition(parsed, index);
    chain.covers_repeated_fields = uncovered_fields.empty();
    chain.covers_whole_body = uncovered_body(body).empty();
    dkim::Judgement of_body = judge_body(parsed, body);
    dkim::Judgement judgement = judge_signature(parsed, keys.found(message_signature.key_number),
                                                options.minimum_rsa_bits, of_body, hash);
    // No key could mend a body that is not the signed one.
    const bool proven = judgement.result == dkim::Result::temperror && of_body.result != dkim::Result::pass;
    return proven ? of_body : judgement;
}

// False: the chain has failed for good. A key that the DNS could not give leaves the others to be looked at,
// since one of them may prove the failure.
bool Validator::Impl::count(const dkim::Judgement& judgement, Reason why) {
    if (judgement.result == dkim::Result::pass) return true;
    const bool temporary = judgement.result == dkim::Result::temperror;
    if (temporary && chain.temporary) return true;
    chain.temporary = temporary;
    fail(std::move(why));
    return temporary;
}

// What it takes at most, all keys of all signatures.
std::size_t Validator::Impl::units() const {
    const auto of = [&](const Signer& signer) {
        return verification_units(signer.parsed, keys.found(signer.key_number), options.minimum_rsa_bits);
    };
    std::size_t all = of(message_signature);
    for (const Signer& seal : seals)
        all += of(seal);
    return all;
}

// RFC 8617 §5.2 steps 4 and 6. Step 5 is optional, and nobody here asks for it.
bool Validator::Impl::judge_next(crypto::VerificationBudget& budget) {
    read_rest();
    if (std::exchange(judging, true)) {
        if (seals_left > 0 && !judge_seal()) seals_left = 0;
    } else {
        body_hashes.finish();
        if (!decided && judge_first(budget)) seals_left = seals.size();
    }
    return seals_left > 0;
}

// False: the chain has failed for good.
bool Validator::Impl::judge_first(crypto::VerificationBudget& budget) {
    if (!budget.take(units())) {
        fail(Reason("more keys to try than one message may have"));
        return false;
    }
    chain.result = Result::pass;
    const dkim::Judgement of_message = judge_message_signature();
    if (!count(of_message, of_signature(found.sets.back(), of_message.reason))) return false;
    hashes = seal_hashes(found.sets, seals);
    return true;
}

bool Validator::Impl::judge_seal() {
    const std::size_t i = --seals_left;
    const auto hash = [&] {
        return hashes[i];
    };
    dkim::Judgement no_body;
    no_body.result = dkim::Result::pass;
    const dkim::Judgement judgement = judge_signature(seals[i].parsed, keys.found(seals[i].key_number),
                                                      options.minimum_rsa_bits, no_body, hash);
    return count(judgement, of_seal(found.sets[i], judgement.reason));
}

Validator::Validator(HeaderBlockPtr header, ValidatorOptions options,
                     std::chrono::system_clock::time_point now)
    : impl_(std::make_unique<Impl>(std::move(header), options, now)) {}

Validator::~Validator() = default;

bool Validator::read_next(dns::IdnaBudget& names) {
    return impl_->read_next(names);
}

bool Validator::find_known_keys(dns::Resolver& resolver) {
    impl_->read_rest();
    return impl_->keys.find_known(resolver);
}

boost::asio::awaitable<void> Validator::fetch_keys(dns::Resolver& resolver) {
    impl_->read_rest();
    return impl_->keys.fetch(resolver);
}

void Validator::body(std::string_view chunk) {
    impl_->read_rest();
    impl_->body_hashes.update(chunk);
}

bool Validator::judge_next(crypto::VerificationBudget& budget) {
    return impl_->judge_next(budget);
}

Chain Validator::finish() {
    crypto::VerificationBudget budget(dkim::VerifierOptions().max_signatures);
    return finish(budget);
}

Chain Validator::finish(crypto::VerificationBudget& budget) {
    Impl& impl = *impl_;
    while (impl.judge_next(budget)) {}
    Chain& chain = impl.chain;
    if (chain.result != Result::pass) {
        chain.covers_from = chain.covers_from && chain.temporary;
        chain.covers_repeated_fields = chain.covers_repeated_fields && chain.temporary;
        chain.covers_whole_body = chain.covers_whole_body && chain.temporary;
    } else if (!chain.covers_from) {
        chain.reason = "the newest ARC-Message-Signature does not cover From";
    } else if (!chain.covers_repeated_fields) {
        chain.reason =
            Reason("the newest ARC-Message-Signature leaves a field open: ").then(impl.uncovered_fields);
    } else if (!chain.covers_whole_body) {
        chain.reason = "the newest ARC-Message-Signature does not cover the whole body";
    }
    return std::move(chain);
}

}  // namespace gatepost::auth::arc
